"""A lead of one run over another in words: how large, and whether it is more than luck."""

from components.kit import text
from transfer_core.workspace import Interval, Pair


def luck(pair: Pair, pairs: int) -> str:
    """What is to be held of a lead: "which is more than luck", "which is not proven among 10 pairs of runs" """
    if pair.sure:
        return "which is more than luck"
    return f"which is not proven among {text.count(pairs)} pairs of runs" if pair.sure_alone else "which may be luck"


def points(difference: Interval) -> str:
    """ "+3.5 points (−0.4 to +7.2)": a difference of accuracies"""
    low, value, high = (text.signed(100 * each, 1) for each in (difference.low, difference.value, difference.high))
    return f"{value} points ({low} to {high})"
