"""Which class is taken for which, the most often first."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from transfer_core.types import Floats, Ints
from transfer_core.words import count, short

OFFERED = 300  # pairs in all


@dataclass(frozen=True, kw_only=True)
class Mixed:
    """Two classes, and how many images of the one each run takes for the other."""

    label: int
    predicted: int
    first: int
    second: int  # 0 without a second run


def mixed(first: Ints, second: Ints | None = None) -> list[Mixed]:
    """Classes that are mixed up, the most images of both runs first; at most OFFERED."""
    both = first if second is None else first + second
    wrong = (both - np.diag(np.diag(both))).ravel()
    order = np.argsort(-wrong, kind="stable")[:OFFERED]
    found = [divmod(int(place), len(first)) for place in order if wrong[place]]
    return [
        Mixed(label=i, predicted=j, first=int(first[i, j]), second=0 if second is None else int(second[i, j]))
        for i, j in found
    ]


def shares(confusion: Ints) -> Floats:
    """(C, C): of the images of each label, the share that is named so; 0 for a label without images."""
    return np.asarray(confusion / np.maximum(confusion.sum(1, keepdims=True), 1), dtype=np.float64)


def most_confused(confusion: Ints, classes: Sequence[str]) -> str:
    """The commonest confusion, in a sentence."""
    found = mixed(confusion)
    if not found:
        return "No test image is taken for another class."
    label, named = (short(classes[number], 40) for number in (found[0].label, found[0].predicted))
    of = int(confusion[found[0].label].sum())
    return f"Most often {label} is taken for {named}: {count(found[0].first)} of {count(of)}."
