"""Which images runs have wrong: where two differ, the surest mistakes, and labels that are likely errors themselves."""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from transfer_core.compare.compared import Call, Disagreement, Seen, Suspected
from transfer_core.types import Ints, Predictions

Split = Literal["val", "test"]
SPLITS: tuple[Split, ...] = ("val", "test")


def disagreement(first: str, second: str, predictions: Mapping[str, Predictions]) -> Disagreement:
    """Test images that one of two runs alone has right, and those that both have wrong, the surest first.

    Of the fixed ones those come first that the second run is surest of, of the broken ones those that it is surest of
    although it is wrong.
    """
    labels, shares = predictions[first].test_labels, [predictions[run].test_probabilities for run in (first, second)]
    right = [each.argmax(1) == labels for each in shares]
    sure = shares[1].max(1)

    def seen(rows: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> tuple[Seen, ...]:
        found = np.flatnonzero(rows)
        return _seen((first, second), predictions, "test", found[np.argsort(-sure[found], kind="stable")])

    return Disagreement(
        fixed=seen(~right[0] & right[1]),
        broken=seen(right[0] & ~right[1]),
        both_wrong=seen(~right[0] & ~right[1]),
        both_right=int((right[0] & right[1]).sum()),
    )


def confused(run: str, predictions: Mapping[str, Predictions], label: int, predicted: int) -> tuple[Seen, ...]:
    """The test images of one cell of a run's confusion matrix, the surest first."""
    kept = predictions[run]
    rows = (kept.test_labels == label) & (kept.test_probabilities.argmax(1) == predicted)
    return _surest(run, predictions, rows)


def mistakes(run: str, predictions: Mapping[str, Predictions]) -> tuple[Seen, ...]:
    """The test images that a run has wrong, those first that it was surest of."""
    kept = predictions[run]
    return _surest(run, predictions, kept.test_probabilities.argmax(1) != kept.test_labels)


def label_errors(predictions: Mapping[str, Predictions]) -> tuple[Seen, ...]:
    """Validation and test images whose label these runs agree against, the likeliest first."""
    return suspected(predictions).seen


def suspected(predictions: Mapping[str, Predictions]) -> Suspected:
    """Validation and test images whose label may be wrong, the widest margin first, and what to hold of them.

    All runs name one class other than the label, and on average they are as sure of it as they are of images that do
    carry that label (confident learning, Northcutt et al. 2021). Needs two runs to agree; none with fewer.
    """
    found: list[tuple[float, Seen]] = []
    images = wrong = beside = 0
    for split in SPLITS if len(predictions) > 1 else ():
        kept = [each.of(split) for each in predictions.values()]
        samples, labels, _ = kept[0]
        if any(not np.array_equal(each, samples) for each, _, _ in kept) or not len(labels):
            continue  # runs that were validated on images of their own
        shares = np.stack([each for _, _, each in kept])  # (R, N, C)
        named, mean = shares.argmax(2), shares.mean(0)  # (R, N), (N, C)
        agreed = named[0]
        usual = np.array([mean[labels == c, c].mean() if (labels == c).any() else 1.0 for c in range(mean.shape[1])])
        sure = mean[np.arange(len(labels)), agreed]
        firm = (named == agreed).all(0) & (sure >= usual[agreed])
        rows = np.flatnonzero(firm & (agreed != labels))
        ahead = sure - mean[np.arange(len(labels)), labels]
        found += zip(ahead[rows].tolist(), _seen(tuple(predictions), predictions, split, rows), strict=True)
        images += len(labels)
        wrong += int((mean.argmax(1) != labels).sum())
        beside += int((firm & (agreed == labels)).sum())
    seen = tuple(seen for _, seen in sorted(found, key=lambda each: -each[0]))
    return Suspected(seen=seen, images=images, wrong=wrong, beside=beside)


def _surest(
    run: str, predictions: Mapping[str, Predictions], chosen: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
) -> tuple[Seen, ...]:
    rows = np.flatnonzero(chosen)
    sure = predictions[run].test_probabilities[rows].max(1)
    others = tuple(other for other in predictions if other != run)
    return _seen((run, *others), predictions, "test", rows[np.argsort(-sure, kind="stable")])


def _seen(runs: tuple[str, ...], predictions: Mapping[str, Predictions], split: Split, rows: Ints) -> tuple[Seen, ...]:
    """What these runs say of some rows of a split."""
    samples, labels, _ = predictions[runs[0]].of(split)
    return tuple(
        Seen(
            sample=int(samples[row]),
            label=int(labels[row]),
            split=split,
            calls=tuple(_call(run, predictions[run], split, row) for run in runs),
        )
        for row in rows.tolist()
    )


def _call(run: str, kept: Predictions, split: Split, row: int) -> Call:
    _, labels, probabilities = kept.of(split)
    shares = probabilities[row]
    named = int(shares.argmax())
    return Call(run=run, predicted=named, confidence=float(shares[named]), of_label=float(shares[labels[row]]))
