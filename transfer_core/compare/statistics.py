"""What can be said of test predictions, and how surely. Scipy is loaded where it is needed, for that takes a while."""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transfer_core.compare.compared import LEVEL, Bin, Interval, Score
from transfer_core.types import Floats, Ints, Predictions

DRAWS, BLOCK = 2_000, 250  # of the bootstrap; how many at once, which bounds its memory
BINS = 10  # of the reliability curve
LEAST_PROBABILITY = 1e-7  # what a probability counts as at least in the log-loss: float32's own precision

Right = NDArray[np.bool_]


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
    return float(_f1(np.diag(matrix), matrix.sum(0) + matrix.sum(1)))


def _f1(right: NDArray[np.number], total: NDArray[np.number]) -> Floats:
    """(C, ...) true positives, (C, ...) labels and predictions counted together -> (...) mean F1 of what occurs."""
    seen = total > 0
    each = np.divide(2.0 * right, total, out=np.zeros(total.shape), where=seen)
    return np.asarray(each.sum(0) / np.maximum(seen.sum(0), 1))


def log_losses(labels: Ints, probabilities: Floats) -> Floats:
    """(N,), (N, C) -> (N,) negative log-likelihoods of the labels, nats."""
    return -np.log(np.maximum(probabilities[np.arange(len(labels)), labels], LEAST_PROBABILITY))


def reliability(labels: Ints, probabilities: Floats, bins: int = BINS) -> tuple[tuple[Bin, ...], float]:
    """(N,), (N, C) -> the reliability curve over bins of equal width, and the expected calibration error (ECE).

    ECE is the mean distance of a bin's confidence from its accuracy, weighted by its images (Guo et al. 2017).
    """
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    curve = []
    for each in np.unique(place):
        inside = place == each
        hits, of = int(right[inside].sum()), int(inside.sum())
        low, high = wilson(hits, of)
        accuracy = Interval(value=hits / of, low=low, high=high)
        curve.append(Bin(confidence=float(confidence[inside].mean()), accuracy=accuracy, images=of))
    ece = sum(each.images * abs(each.confidence - each.accuracy.value) for each in curve) / max(1, len(labels))
    return tuple(curve), ece


def score(run: str, predictions: Predictions, classes: int) -> Score:
    """A run on its test split."""
    labels, probabilities = predictions.test_labels, predictions.test_probabilities
    predicted = probabilities.argmax(1)  # (N, C) -> (N,)
    correct = int((predicted == labels).sum())
    matrix = confusion(labels, predicted, classes)
    curve, ece = reliability(labels, probabilities)
    return Score(
        run=run,
        accuracy=correct / max(1, len(labels)),
        interval=wilson(correct, len(labels)),
        macro_f1=macro_f1(matrix),
        confusion=matrix,
        images=len(labels),
        log_loss=float(log_losses(labels, probabilities).mean()) if len(labels) else 0.0,
        ece=ece,
        reliability=curve,
    )


# --- two runs on the same images ----------------------------------------------------------------


def mcnemar(first: Right, second: Right, groups: Ints | None = None) -> float:
    """Exact two-sided p that two classifiers, right or wrong on the same images (N,), are equally good.

    Given near-duplicate groups (N,), the images of a group count as one, with the sum of their differences as its
    weight: the exact sign-flip test (Fisher 1935), of which McNemar's with images on their own is the special case.
    """
    gains = first.astype(np.int64) - second.astype(np.int64)
    if groups is not None:
        _, members = np.unique(groups, return_inverse=True)
        gains = np.bincount(members, gains).astype(np.int64)
    weights, counts = np.unique(np.abs(gains[gains != 0]), return_counts=True)
    if not len(weights):
        return 1.0
    chances = np.ones(1)  # of each sum of the weights whose sign came out as plus
    for weight, count in zip(weights.tolist(), counts.tolist(), strict=True):
        spaced = np.zeros(weight * count + 1)
        spaced[::weight] = np.exp(_log_choices(count) - count * np.log(2))
        chances = np.convolve(chances, spaced)
    sums = 2 * np.arange(len(chances)) - (len(chances) - 1)
    return min(1.0, float(chances[np.abs(sums) >= abs(int(gains.sum()))].sum()))


def _log_choices(n: int) -> Floats:
    """(n + 1,) logarithms of how many ways there are to choose 0 to n of n."""
    from scipy import special

    k = np.arange(n + 1)
    return np.asarray(special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's (1979) step-down adjustment of p values, in the given order."""
    order = np.argsort(p_values)
    adjusted, worst = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        worst = max(worst, min(1.0, p_values[i] * (len(p_values) - rank)))
        adjusted[i] = worst
    return adjusted


def bootstrapped(
    labels: Ints, probabilities: Sequence[Floats], groups: Ints, *, draws: int = DRAWS
) -> tuple[Floats, Floats, Floats]:
    """(N,), R of (N, C), (N,) -> accuracies, macro-F1 and log-losses, (R, draws) each, paired over the runs.

    Near-duplicate groups are drawn with replacement, each as a whole, so that images which say the same do not count
    as independent (cluster bootstrap, Davison and Hinkley 1997, 3.8).
    """
    from scipy import sparse

    (n, classes), runs = probabilities[0].shape, len(probabilities)
    _, members = np.unique(groups, return_inverse=True)
    sizes = np.bincount(members).astype(float)  # (G,)
    predicted = np.stack([each.argmax(1) for each in probabilities])  # (R, N)
    right = predicted == labels
    losses = np.stack([log_losses(labels, each) for each in probabilities])
    # What one draw adds up, a column a group: of each run and class the hits and the predictions, of each class the
    # labels, of each run the loss. Of images times runs few are not zero, so the table is sparse.
    offsets = np.arange(runs)[:, None] * classes
    size = runs * classes
    lines = np.concatenate(
        [
            (offsets + labels)[right],
            (size + offsets + predicted).ravel(),
            2 * size + labels,
            (2 * size + classes + np.arange(runs)[:, None] + np.zeros(n, dtype=np.int64)).ravel(),
        ]
    )
    columns = np.concatenate(
        [np.tile(members, (runs, 1))[right], np.tile(members, runs), members, np.tile(members, runs)]
    )
    values = np.concatenate([np.ones(int(right.sum()) + runs * n + n), losses.ravel()])
    shape = (2 * size + classes + runs, len(sizes))
    table = sparse.coo_array((values, (lines, columns)), shape=shape).tocsr()
    rng, parts = np.random.default_rng(0), []
    for start in range(0, draws, BLOCK):
        some = min(BLOCK, draws - start)
        picked = rng.integers(len(sizes), size=(some, len(sizes)))
        picked += len(sizes) * np.arange(some)[:, None]
        counts = np.bincount(picked.ravel(), minlength=some * len(sizes)).reshape(some, -1).T.astype(float)  # (G, B)
        sums, images = table @ counts, sizes @ counts  # (lines, B), (B,)
        hits = sums[:size].reshape(runs, classes, some)
        totals = sums[size : 2 * size].reshape(runs, classes, some) + sums[2 * size : 2 * size + classes]
        f1 = _f1(hits.transpose(1, 0, 2), totals.transpose(1, 0, 2))
        parts.append((hits.sum(1) / images, f1, sums[2 * size + classes :] / images))
    accuracy, f1, loss = (np.concatenate(each, 1) for each in zip(*parts, strict=True))
    return accuracy, f1, loss


def interval(value: float, draws: Floats) -> Interval:
    """A figure with the 95 % percentile interval of its bootstrap draws (B,)."""
    low, high = np.percentile(draws, (2.5, 97.5))
    return Interval(value=value, low=float(min(low, value)), high=float(max(high, value)))


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


# --- folds --------------------------------------------------------------------------------------


def corrected_t(differences: Sequence[float], trained: float, tested: float) -> tuple[Interval, float]:
    """The mean of differences over folds with its 95 % interval, and a two-sided p that it is 0.

    Folds share most of their training images, so a plain t-test is too sure of itself: the variance grows by the ratio
    of tested to trained images (corrected resampled t-test, Nadeau and Bengio 2003). Differences that are all the same
    say nothing of their spread, so nothing is proven by them. Raises ValueError below 2 folds.
    """
    from scipy import special

    values = np.asarray(differences, dtype=float)
    if len(values) < 2:
        raise ValueError("a t-test needs two folds or more")
    mean = float(values.mean())
    error = float(np.sqrt((1 / len(values) + tested / trained) * values.var(ddof=1)))
    if not error:
        return Interval(value=mean, low=-1.0, high=1.0), 1.0
    half = float(special.stdtrit(len(values) - 1, 0.975)) * error
    p = 2 * float(special.stdtr(len(values) - 1, -abs(mean) / error))
    return Interval(value=mean, low=mean - half, high=mean + half), p
