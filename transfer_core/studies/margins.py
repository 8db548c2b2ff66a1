"""Whether one classifier is surely better than another on the same few images."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transfer_core.compare.statistics import mcnemar
from transfer_core.types import Ints

DRAWS, BLOCK = 2_000, 100  # of the bootstrap; how many at once, which bounds its memory
LEVEL = 0.05

Right = NDArray[np.bool_]


class Margin(NamedTuple):
    """Accuracy of the first minus that of the second, with its 95 % interval, and an exact p that they are equal."""

    value: float
    low: float
    high: float
    p: float

    @property
    def sure(self) -> bool:
        """Of few images that differ the bootstrap is too sure of itself; the exact test is not."""
        return self.low > 0 and self.p < LEVEL


def margin(first: Right, second: Right, groups: Ints) -> Margin:
    """Paired bootstrap and exact McNemar test of two classifiers' (N,) right answers, by near-duplicate group (N,)."""
    _, members = np.unique(groups, return_inverse=True)
    gains = np.bincount(members, first.astype(float) - second)  # (G,)
    sizes = np.bincount(members)
    rng, drawn = np.random.default_rng(0), []
    even = np.full(len(sizes), 1 / len(sizes))
    for _ in range(DRAWS // BLOCK):
        counts = rng.multinomial(len(sizes), even, BLOCK)  # (BLOCK, G)
        drawn.append(counts @ gains / (counts @ sizes))
    value = float(gains.sum() / sizes.sum())
    low, high = np.percentile(np.concatenate(drawn), (2.5, 97.5))
    return Margin(value, float(min(low, value)), float(max(high, value)), mcnemar(gains > 0, gains < 0))
