"""Figures of a comparison in words."""

import math

from transfer_core.compare.compared import Interval
from transfer_core.goals import ACCURACY, words
from transfer_core.types import Goal
from transfer_core.words import signed

SAME = 0.05  # times that differ by a smaller share are the same


def points(share: float) -> str:
    """ "1 point", "0.8 points" """
    value = f"{100 * share:.1f}".removesuffix(".0")
    return f"{value} point" + ("" if value == "1" else "s")


def lead_in_points(lead: Interval) -> str:
    """ "0.8 points (−1.1 to +2.6)"; without bounds where they could not be estimated, from a single group of images."""
    bounds = f" ({signed(100 * lead.low)} to {signed(100 * lead.high)})" if lead.low < lead.high else ""
    return f"{100 * lead.value:.1f} points{bounds}"


def ahead(lead: Interval, goal: Goal = ACCURACY) -> str:
    """ "3.1 points (+1.0 to +5.2) ahead of", "as accurate as", "level in macro-F1 with" """
    if lead.value < 0:
        return f"{lead_in_points(-lead)} behind"
    if lead.value:
        return f"{lead_in_points(lead)} ahead of"
    return "as accurate as" if goal == ACCURACY else f"level in {words(goal)} with"


def dearer(one: float, other: float) -> str:
    """What the one costs against the other, in seconds: "takes 41 times as long"."""
    if math.isinf(one):
        return "what it costs is not known"
    return f"takes {_times(one / max(other, 1e-3))} as long"


def at_cost(one: float, other: float) -> str:
    """The same after a comma or a verb: " at 41 times the cost", " at 3 % of the cost"; '' where it is not known."""
    if math.isinf(one) or math.isinf(other):
        return ""
    ratio = one / max(other, 1e-3)
    if abs(ratio - 1) <= SAME:
        return " at the same cost"
    if ratio > 1:
        return f" at {_times(ratio)} the cost"
    return f" at {100 * ratio:.0f} % of the cost" if ratio >= 0.01 else " at less than 1 % of the cost"


def _times(ratio: float) -> str:
    return f"{ratio:,.0f} times" if ratio >= 9.95 else f"{ratio:.1f} times"
