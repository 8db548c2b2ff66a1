"""Axes of times, sizes and counts: logarithmic where they differ much, with few and round ticks."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10
from typing import Any, Literal

import numpy as np

from transfer_core.words import NARROW, count, size

Kind = Literal["time", "memory", "images"]
LOGARITHMIC = 10  # an axis is, from this ratio of the largest to the smallest
INTERVALS = 5  # at most, between ticks
# Round times in seconds.
TIMES = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30),
    *(60, 120, 300, 600, 1200, 1800, 3600, 7200, 18000, 36000, 86400),
)
UNITS = (("h", 3_600), ("min", 60))
LEAST = {"time": 0.01, "memory": 1.0, "images": 1.0}  # what a logarithm takes


@dataclass(frozen=True, kw_only=True)
class Scale:
    """An axis. `left` and `right` are its ends as Plotly counts them: logarithms where it is logarithmic."""

    kind: Kind
    log: bool
    left: float
    right: float

    def at(self, value: float) -> float:
        """Where a value stands, as Plotly counts it in a range and for an annotation."""
        return log10(max(value, LEAST[self.kind])) if self.log else value

    def share(self, value: float) -> float:
        """Of the axis that lies left of a value."""
        return (self.at(value) - self.left) / (self.right - self.left)

    @property
    def ends(self) -> tuple[float, float]:
        """The values at both ends."""
        return (10**self.left, 10**self.right) if self.log else (self.left, self.right)

    def axis(self, title: str, ticks: Sequence[float] | None = None) -> dict[str, Any]:
        """Plotly's description. `ticks`: where not at round values."""
        low, high = self.ends
        chosen = ticks_of(low, high, self.kind, log=self.log) if ticks is None else ticks
        # One unit for all that lie evenly: that of their distance, so that each is a whole number of it.
        unit = 0.0 if self.log or len(chosen) < 2 else chosen[1] - chosen[0]
        return {
            "title": {"text": title + (", logarithmic" if self.log else "")},
            "type": "log" if self.log else "linear",
            "range": [self.left, self.right],
            "tickvals": list(chosen),
            "ticktext": [written(tick, self.kind, unit) for tick in chosen],
        }


def scale(values: Sequence[float], kind: Kind, *, pad: float = 0.08, ratio: float = LOGARITHMIC) -> Scale:
    """For these values, logarithmic from this ratio of the largest to the smallest on."""
    known = [max(value, LEAST[kind]) for value in values]
    log = max(known) > ratio * min(known)
    left, right = padded([log10(value) for value in known] if log else known, pad)
    return Scale(kind=kind, log=log, left=left if log else max(left, 0.0), right=right)


def written(value: float, kind: Kind, unit: float = 0.0) -> str:
    """A tick; times in the unit that suits `unit` seconds, their own where that is 0."""
    if kind == "time":
        return moment(value, unit)
    return size(value) if kind == "memory" else count(value)


def moment(seconds: float, unit: float = 0.0) -> str:
    """A round time on an axis: 0.5 s, 20 s, 5 min, 2 h; in the unit that suits `unit` seconds where that is given."""
    fits = (
        (name, length) for name, length in UNITS if (unit or seconds) >= length and (unit or _even(seconds, length))
    )
    name, length = next(fits, ("s", 1))
    return f"{round(seconds / length, 2):g}{NARROW}{name}"


def _even(seconds: float, length: int) -> bool:
    """Whether it is so many tenths of the unit."""
    return abs(round(10 * seconds / length) * length / 10 - seconds) < 1e-6 * length


def ticks_of(low: float, high: float, kind: Kind, *, log: bool) -> list[float]:
    """At most six round values between two."""
    rounds = TIMES if kind == "time" else [digit * 10.0**power for power in range(13) for digit in (1, 2, 5)]
    if log:
        inside = [value for value in rounds if low <= value <= high]
        return inside[:: max(1, ceil(len(inside) / (INTERVALS + 1)))]
    step = next((value for value in rounds if (high - low) / value <= INTERVALS), (high - low) / INTERVALS)
    return [step * k for k in range(ceil(low / step), int(high / step) + 1)]


def padded(values: Any, share: float) -> tuple[float, float]:
    """The least and the largest value, with room on both sides."""
    low, high = (float(np.min(values)), float(np.max(values))) if np.size(values) else (0.0, 1.0)
    pad = share * (high - low) or 0.1 * abs(high) or 1.0
    return low - pad, high + pad
