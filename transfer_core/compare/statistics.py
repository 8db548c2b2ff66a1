"""What can be said of test predictions, and how surely."""

from math import comb, sqrt

import numpy as np

from transfer_core.types import Ints, Predictions, Score


def wilson(correct: int, of: int, z: float = 1.959964) -> tuple[float, float]:
    """95 % interval of a proportion, as fractions (Wilson 1927). (0, 1) when nothing was counted."""
    if of == 0:
        return 0.0, 1.0
    share = correct / of
    centre = share + z * z / (2 * of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    scale = 1 + z * z / of
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def confusion(labels: Ints, predicted: Ints, classes: int) -> Ints:
    """(N,), (N,) -> (C, C) counts: rows are labels, columns predictions."""
    return np.bincount(labels * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def macro_f1(matrix: Ints) -> float:
    """Mean F1 over the classes that occur among labels or predictions; 0 when there are none."""
    right = np.diag(matrix).astype(float)
    total = (matrix.sum(0) + matrix.sum(1)).astype(float)
    seen = total > 0
    return float((2 * right[seen] / total[seen]).mean()) if seen.any() else 0.0


def mcnemar(
    first: "np.ndarray[tuple[int], np.dtype[np.bool_]]", second: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
) -> float:
    """Exact two-sided p that two classifiers, right or wrong on the same images (N,), are equally good."""
    wins, losses = int((first & ~second).sum()), int((second & ~first).sum())
    n = wins + losses
    tail = sum(comb(n, k) for k in range(min(wins, losses) + 1))
    p: float = 2 * tail / 2**n  # of whole numbers, so that no large n overflows
    return min(1.0, p)


def score(run: str, predictions: Predictions, classes: int) -> Score:
    """A run on its test split."""
    labels = predictions.test_labels
    predicted = predictions.test_probabilities.argmax(1)  # (N, C) -> (N,)
    correct = int((predicted == labels).sum())
    matrix = confusion(labels, predicted, classes)
    return Score(
        run=run,
        accuracy=correct / max(1, len(labels)),
        interval=wilson(correct, len(labels)),
        macro_f1=macro_f1(matrix),
        confusion=matrix,
        images=len(labels),
    )
