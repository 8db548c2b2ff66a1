"""Every two runs on the same test images: by how much one is ahead, and whether that is significant."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from transfer_core.compare.compared import LEVEL, Interval, Pair
from transfer_core.compare.statistics import (
    Right,
    bootstrapped,
    confusion,
    holm,
    interval,
    log_losses,
    macro_f1,
    mcnemar,
)
from transfer_core.types import Ints, Predictions


class Held(NamedTuple):
    """Runs held against each other, and each against what needs no training."""

    pairs: tuple[Pair, ...]
    constant: tuple[Pair, ...]


CONSTANT = "constant"  # stands for a run's id


def held(
    predictions: Mapping[str, Predictions], groups: Ints, classes: int, constant: Predictions | None = None
) -> Held:
    """All pairs of runs, in the order of the runs, and each run against `constant`; p values are adjusted among either.

    `groups`: near-duplicate group of each test image (N,). Raises ValueError without test images, or when they are not
    the same for all runs.
    """
    if CONSTANT in predictions:
        raise ValueError(f"a run may not be called {CONSTANT!r}")
    names = list(predictions)
    first = predictions[names[0]]
    if any(not np.array_equal(kept.test_samples, first.test_samples) for kept in predictions.values()):
        raise ValueError("the runs were tested on different images")
    labels = first.test_labels
    if not len(labels):
        raise ValueError("there are no test images")
    runs, others = len(names), [] if constant is None else [constant]
    names += [CONSTANT] * len(others)
    if len(names) == 1:
        return Held((), ())
    shares = [kept.test_probabilities for kept in (*predictions.values(), *others)]
    drawn = bootstrapped(labels, shares, groups)
    right = [each.argmax(1) == labels for each in shares]
    figures = (
        [float(each.mean()) for each in right],
        [macro_f1(confusion(labels, each.argmax(1), classes)) for each in shares],
        [float(log_losses(labels, each).mean()) for each in shares],
    )

    def difference(kind: int, a: int, b: int) -> Interval:
        return interval(figures[kind][a] - figures[kind][b], drawn[kind][a] - drawn[kind][b])

    def made(both: Sequence[tuple[int, int]]) -> tuple[Pair, ...]:
        p_values = [mcnemar(right[a], right[b], groups) for a, b in both]
        return tuple(
            Pair(
                first=names[a],
                second=names[b],
                accuracy=difference(0, a, b),
                macro_f1=difference(1, a, b),
                log_loss=difference(2, a, b),
                wins=int((right[a] & ~right[b]).sum()),
                losses=int((right[b] & ~right[a]).sum()),
                p=p,
                adjusted=adjusted,
            )
            for (a, b), p, adjusted in zip(both, p_values, holm(p_values), strict=True)
        )

    return Held(made(list(combinations(range(runs), 2))), made([(run, runs) for run in range(runs) if others]))


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
    """How surely the first of two classifiers has more of the same images (N,) right, by near-duplicate group (N,)."""
    labels = np.zeros(len(first), dtype=np.int64)
    shares = [np.stack([each, ~each], 1).astype(float) for each in (first, second)]
    accuracy, _, _ = bootstrapped(labels, shares, groups)
    lead = interval(float(first.mean() - second.mean()), accuracy[0] - accuracy[1])
    return Margin(lead.value, lead.low, lead.high, mcnemar(first, second, groups))
