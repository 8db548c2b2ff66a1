"""How well one run does on each class, read from its confusion matrix."""

from transfer_core.compare.compared import ClassScore, Interval
from transfer_core.compare.statistics import wilson
from transfer_core.types import Ints


def class_scores(matrix: Ints) -> tuple[ClassScore, ...]:
    """(C, C) counts, rows labels and columns predictions -> C scores, with Wilson's intervals."""
    right, labelled, named = (counts.tolist() for counts in (matrix.diagonal(), matrix.sum(1), matrix.sum(0)))
    return tuple(
        ClassScore(
            support=of,
            recall=_share(hits, of),
            precision=_share(hits, said),
            f1=2 * hits / (of + said) if of + said else None,
        )
        for hits, of, said in zip(right, labelled, named, strict=True)
    )


def _share(hits: int, of: int) -> Interval | None:
    if not of:
        return None
    low, high = wilson(hits, of)
    return Interval(value=hits / of, low=low, high=high)
