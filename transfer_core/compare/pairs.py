"""Every two runs on the same test images: by how much one is ahead, and whether that is significant."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from transfer_core.compare.compared import Interval, Pair
from transfer_core.compare.counted import counted
from transfer_core.compare.statistics import (
    bootstrapped,
    confusion,
    holm,
    interval,
    log_losses,
    macro_f1,
    mcnemar,
)
from transfer_core.goals import ACCURACY
from transfer_core.types import Goal, Ints, Predictions


class Held(NamedTuple):
    """Runs held against each other, and each against what needs no training."""

    pairs: tuple[Pair, ...]
    constant: tuple[Pair, ...]
    reached: Mapping[str, Interval]  # of what counts, by run and CONSTANT; empty where that is accuracy
    precision: Mapping[str, Interval | None]  # where a recall counts: of what is called so on the test images


CONSTANT = "constant"  # stands for a run's id


def held(
    predictions: Mapping[str, Predictions],
    groups: Ints,
    classes: Sequence[str],
    constant: Predictions | None = None,
    goal: Goal = ACCURACY,
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
        return Held((), (), {}, {})
    shares = [kept.test_probabilities for kept in (*predictions.values(), *others)]
    drawn = bootstrapped(labels, shares, groups)
    right = [each.argmax(1) == labels for each in shares]
    figures = (
        [float(each.mean()) for each in right],
        [macro_f1(confusion(labels, each.argmax(1), len(classes))) for each in shares],
        [float(log_losses(labels, each).mean()) for each in shares],
    )

    everyone = dict(zip(names, (*predictions.values(), *others), strict=True))
    other = None if goal == ACCURACY else counted(goal, everyone, groups, tuple(classes), drawn[1])

    def ahead(a: int, b: int) -> tuple[Interval | None, float]:
        """In what counts, where that is not accuracy; and p that neither is."""
        return (None, mcnemar(right[a], right[b], groups)) if other is None else other.difference(names[a], names[b])

    def difference(kind: int, a: int, b: int) -> Interval:
        return interval(figures[kind][a] - figures[kind][b], drawn[kind][a] - drawn[kind][b])

    def made(both: Sequence[tuple[int, int]]) -> tuple[Pair, ...]:
        leads = [ahead(a, b) for a, b in both]
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
                reached=lead,
            )
            for (a, b), (lead, p), adjusted in zip(both, leads, holm([p for _, p in leads]), strict=True)
        )

    return Held(
        made(list(combinations(range(runs), 2))),
        made([(run, runs) for run in range(runs) if others]),
        {} if other is None else other.values,
        {} if other is None else other.precision,
    )
