"""What runs reach of what counts, where that is not accuracy, and whether one is surely ahead of another in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from transfer_core.compare.compared import Interval
from transfer_core.compare.statistics import Margin, bootstrapped, confusion, interval, macro_f1, margin, wilson
from transfer_core.goals import threshold
from transfer_core.types import Floats, Goal, Ints, Predictions

SWAPS, BLOCK = 4_000, 250  # of the randomisation test; how many at once, which bounds its memory


@dataclass(kw_only=True, eq=False)
class Counted:
    """A goal on the same test images, by run."""

    goal: Goal
    groups: Ints  # near-duplicate group of each test image (N,)
    labels: Ints
    classes: int
    values: dict[str, Interval] = field(default_factory=dict)
    precision: dict[str, Interval | None] = field(default_factory=dict)
    drawn: dict[str, Floats] = field(default_factory=dict)  # macro-F1 of the bootstrap's draws
    named: dict[str, Ints] = field(default_factory=dict)  # the class that is called (N,)
    found: dict[str, NDArray[np.bool_]] = field(default_factory=dict)  # of the positive images, which are
    positive: NDArray[np.bool_]  # (N,) images of the class that is to be found

    def difference(self, first: str, second: str) -> tuple[Interval, float]:
        """By how much the first reaches more, with the 95 % interval of a paired bootstrap, and p that it does not."""
        if self.goal.kind == "recall":
            by = margin(self.found[first], self.found[second], self.groups[self.positive])
            return Interval(value=by.value, low=by.low, high=by.high), by.p
        value = self.values[first].value - self.values[second].value
        by_draw = self.drawn[first] - self.drawn[second]
        p = swapped(self.labels, self.named[first], self.named[second], self.groups, self.classes)
        return interval(value, by_draw), p


def counted(
    goal: Goal, predictions: Mapping[str, Predictions], groups: Ints, classes: tuple[str, ...], drawn: Floats
) -> Counted:
    """`drawn`: macro-F1 of the bootstrap's draws, (R, draws), in the order of the runs.

    The threshold of a recall is set on a run's validation images; on the test images it stands.
    """
    labels = next(iter(predictions.values())).test_labels
    place = classes.index(goal.label) if goal.kind == "recall" else 0
    made = Counted(goal=goal, groups=groups, labels=labels, classes=len(classes), positive=labels == place)
    for (run, kept), draws in zip(predictions.items(), drawn, strict=True):
        made.named[run] = kept.test_probabilities.argmax(1)
        if goal.kind == "macro_f1":
            matrix = confusion(labels, made.named[run], len(classes))
            made.values[run], made.drawn[run] = interval(macro_f1(matrix), draws), draws
            continue
        cut = threshold(kept.val_labels == place, kept.val_probabilities[:, place], goal.precision)
        called = np.zeros(len(labels), bool) if cut is None else kept.test_probabilities[:, place] >= cut
        made.found[run] = called[made.positive]
        made.values[run] = _share(made.found[run])
        made.precision[run] = _share(made.positive[called]) if called.any() else None
    return made


def margin_in(goal: Goal, first: Floats, second: Floats, labels: Ints, groups: Ints, classes: Sequence[str]) -> Margin:
    """Probabilities (N, C) of two models on the validation images, on which thresholds are set too."""
    none = np.zeros(0, dtype=np.int64)
    said = {
        name: Predictions(
            val_samples=none,
            val_labels=labels,
            val_probabilities=shares,
            test_samples=none,
            test_labels=labels,
            test_probabilities=shares,
        )
        for name, shares in (("first", first), ("second", second))
    }
    _, drawn, _ = bootstrapped(labels, [first, second], groups)
    lead, p = counted(goal, said, groups, tuple(classes), drawn).difference("first", "second")
    return Margin(lead.value, lead.low, lead.high, p)


def _share(right: NDArray[np.bool_]) -> Interval:
    low, high = wilson(int(right.sum()), len(right))
    return Interval(value=float(right.mean()), low=low, high=high)


def swapped(labels: Ints, first: Ints, second: Ints, groups: Ints, classes: int) -> float:
    """Two-sided p that two classifiers, naming (N,) and (N,), have the same macro-F1: how often the difference is as
    large when chance decides, group by group, whose answers are whose (approximate randomisation, Yeh 2000)."""
    differ = np.flatnonzero(first != second)
    if not len(differ):
        return 1.0
    _, members = np.unique(groups[differ], return_inverse=True)
    base = np.stack([_counts(labels, named, classes) for named in (first, second)])  # (2, 2, C)
    moves = np.zeros((members.max() + 1, 2, classes))  # what a group's swap takes from the first and gives the second
    for at, group in zip(differ, members, strict=True):
        moves[group, 0, labels[at]] += (second[at] == labels[at]) - float(first[at] == labels[at])
        moves[group, 1, second[at]] += 1
        moves[group, 1, first[at]] -= 1
    of, rng, as_large = np.bincount(labels, minlength=classes), np.random.default_rng(0), 0
    seen = abs(float(_f1(base[0][None], of)[0] - _f1(base[1][None], of)[0]))
    for _ in range(SWAPS // BLOCK):
        swaps = (rng.random((BLOCK, len(moves))) < 0.5).astype(float)
        moved = (swaps @ moves.reshape(len(moves), -1)).reshape(BLOCK, 2, classes)
        as_large += int((np.abs(_f1(base[0] + moved, of) - _f1(base[1] - moved, of)) >= seen - 1e-12).sum())
    return (1 + as_large) / (1 + SWAPS)


def _counts(labels: Ints, named: Ints, classes: int) -> Floats:
    """(2, C): of each class how many are right, and how many are named so."""
    right = np.bincount(labels[named == labels], minlength=classes)
    return np.stack([right, np.bincount(named, minlength=classes)]).astype(float)


def _f1(counts: Floats, of: Ints) -> Floats:
    """(B, 2, C), (C,) -> (B,) macro-F1."""
    total = counts[:, 1] + of
    each = np.divide(2 * counts[:, 0], total, out=np.zeros(total.shape), where=total > 0)
    return np.asarray(each.sum(1) / np.maximum((total > 0).sum(1), 1))
