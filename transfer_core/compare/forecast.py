"""How many more images until fine-tuning wins: learning curves fitted to finished runs, and where they cross."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from transfer_core.compare import forecast_words as words
from transfer_core.compare.compared import Comparison, Interval
from transfer_core.compare.comparison import train_images
from transfer_core.compare.crossing import Crossing, Finding, Forecast, Lacking, LearningCurve, Size
from transfer_core.compare.power_law import Laws, fitted
from transfer_core.compare.statistics import bootstrapped, wilson
from transfer_core.compare.verdict import judged
from transfer_core.types import TRAIN, Dataset, Floats, Predictions, Run

LEAST_SIZES = 3  # of each strategy
FLOOR_FROM = 4  # sizes; with fewer the error that no number of images removes is taken for 0
REACH = 4  # times the most images that both were trained on: the horizon
DRAWS = 1_000
TAIL = 0.1  # on either side of an interval: 80 % lie between
PER_CLASS = (3, 5, 10, 30, 100)  # sizes worth training on, of each class
SMALLER = 2 / 3  # a size has at most this share of all images
GRID = 240  # numbers of images at which the curves are held against each other
EQUAL = 1e-9  # errors that differ by less are the same
WIDEST = 0.5  # scatter of trainings, relative to the error, beyond which more makes no difference


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """One of the two strategies: the run that stands for it, and its runs at each number of images."""

    like: Run
    sizes: Mapping[int, Sequence[Run]]  # by training images, the fewest first; one run a seed, by seed

    @property
    def runs(self) -> list[Run]:
        return [run for at in self.sizes.values() for run in at]


def sides(comparison: Comparison, known: Sequence[Run], dataset: Dataset) -> tuple[Side, Side] | None:
    """The best feature extraction and the best fine-tuning of a comparison, with all finished runs of theirs.

    None where a comparison lacks one of the two or is of folds. Of a strategy's runs with one backbone, size and seed
    the best by validation counts; folds are left out, they are tested on other images. The training images of a smaller
    size are among those of a larger one with the same seed (`training.rows` takes the first so many of a permutation
    that depends on the seed alone), and have equally many of each class as far as there are.
    """
    stand = [next((run for run in comparison.runs if run.id == each.run), None) for each in comparison.approaches]
    extraction, tuning = stand
    if extraction is None or tuning is None or any(run.recipe.folds for run in comparison.runs):
        return None
    return _side(extraction, known, dataset), _side(tuning, known, dataset)


def _side(like: Run, known: Sequence[Run], dataset: Dataset) -> Side:
    best: dict[int, dict[int, Run]] = {}
    for run in (like, *known):
        if (run.status != "done" and run is not like) or run.recipe.folds or _kind(run) != _kind(like):
            continue
        at = best.setdefault(train_images(dataset, run), {})
        held = at.get(run.recipe.seed)
        if held is None or (held.id != like.id and judged(run) > judged(held)):
            at[run.recipe.seed] = run
    return Side(like=like, sizes={n: [best[n][seed] for seed in sorted(best[n])] for n in sorted(best)})


def _kind(run: Run) -> tuple[str | int, ...]:
    recipe = run.recipe
    return recipe.strategy, recipe.backbone, recipe.weights, recipe.px, recipe.fit


def forecast(both: tuple[Side, Side], predictions: Mapping[str, Predictions], dataset: Dataset) -> Forecast:
    """Where the error of fine-tuning falls below that of feature extraction, up to REACH times what both had.

    Test errors fall about as a power law of the training images (Cortes et al. 1993; Hestness et al. 2017), which is
    what Mahmood et al. (2022) extrapolate too; they find that it promises too much of small sets. So the answer is an
    interval: test images are resampled by near-duplicate group, the same for all runs, and each size is moved by what
    trainings scatter, which the runs' distance from the fitted curves tells: resampling test images alone would be too
    sure of itself (benchmarks/RESULTS.md, How many more images until fine-tuning wins). Both curves are fitted anew to
    each of DRAWS such resamples.
    """
    extraction, tuning = both
    have = dataset.count(TRAIN)
    trained = min(max(each.sizes) for each in both)
    empty = Forecast(
        finding="untrained",
        said="",
        method="",
        crossing=None,
        lacking=(),
        offer="",
        trained=trained,
        have=have,
        horizon=REACH * trained,
    )
    if extraction.like.recipe.backbone != tuning.like.recipe.backbone:
        return replace(empty, said=words.OTHER_BACKBONES)
    lacking = _lacking(both, dataset)
    offer = words.offer([[each.per_class for each in lacking if each.run == side.like.id] for side in both], have)
    empty = replace(empty, lacking=lacking, offer=offer)
    if min(len(each.sizes) for each in both) < LEAST_SIZES:
        counts = [list(each.sizes) for each in both]
        return replace(empty, said=words.untrained(counts[0], counts[1], LEAST_SIZES))
    crossing = _crossing(both, predictions, dataset, trained, REACH * trained)
    finding = found(crossing, trained)
    runs = [len(each.runs) for each in both]
    sizes = [len(each.sizes) for each in both]
    return replace(
        empty,
        finding=finding,
        said=words.said(finding, crossing, trained, have, REACH * trained),
        method=words.method(DRAWS, [n >= FLOOR_FROM for n in sizes], repeated=sum(runs) > sum(sizes)),
        crossing=crossing,
    )


def _lacking(both: tuple[Side, Side], dataset: Dataset) -> tuple[Lacking, ...]:
    """The sizes to train on: three smaller ones and all images; with enough sizes for the curves, all images alone."""
    counts = np.bincount(dataset.labels[dataset.splits == TRAIN], minlength=len(dataset.classes))
    images = {n: int(np.minimum(counts, n).sum()) for n in PER_CLASS} | {0: int(counts.sum())}
    fitting = [n for n in PER_CLASS if images[n] <= SMALLER * images[0]][-3:]
    if min(len(side.sizes) for side in both) >= LEAST_SIZES:
        fitting = []
    return tuple(
        Lacking(run=side.like.id, per_class=n) for side in both for n in (*fitting, 0) if images[n] not in side.sizes
    )


def _crossing(
    both: tuple[Side, Side], predictions: Mapping[str, Predictions], dataset: Dataset, trained: int, horizon: int
) -> Crossing:
    kept = [predictions[run.id] for side in both for run in side.runs]
    right = np.stack([each.test_probabilities.argmax(1) == each.test_labels for each in kept])  # (R, N)
    groups = dataset.groups[kept[0].test_samples]
    hits = [np.stack([each, ~each], 1).astype(float) for each in right]
    drawn, _, _ = bootstrapped(np.zeros(right.shape[1], dtype=np.int64), hits, groups, draws=DRAWS)  # (R, D)
    errors, resampled = 1 - right.mean(1), 1 - drawn
    first = len(both[0].runs)
    measured = [
        _Errors(side, errors[part], resampled[part], right.shape[1])
        for side, part in zip(both, (slice(first), slice(first, None)), strict=True)
    ]
    rng = np.random.default_rng(0)
    # How far runs lie from their curves, as a share of the error: by chance in subset and training, and because the law
    # is none. What the test images alone explain is taken off; a chi-square's share of what is left tells how little is
    # known from so few runs.
    free = max(1, sum(each.free for each in measured))
    squares, explained = (sum(parts) for parts in zip(*(each.squares() for each in measured), strict=True))
    scatter = np.sqrt(np.maximum(squares / rng.chisquare(free, DRAWS) - explained / free, 0))
    spread = np.minimum(scatter, WIDEST)  # (D,)
    starts = [min(side.sizes) for side in both]
    images = np.unique(np.r_[np.geomspace(min(starts), horizon, GRID), trained])
    curves = [each.redrawn(spread, rng).at(images) for each in measured]  # (D, G) errors
    points = [each.law.at(images) for each in measured]  # (1, G)
    place = int(np.searchsorted(images, trained))
    lead = curves[0] - curves[1]
    begins = np.maximum(crossings(lead, images, place), max(starts))  # not before both were tried
    low, high = np.quantile(begins, (TAIL, 1 - TAIL), method="inverted_cdf")
    about = max(float(crossings(points[0] - points[1], images, place)[0]), max(starts))
    if not low <= about <= high:  # of the resamples, where the curves themselves lie outside of what they say
        about = float(np.quantile(begins, 0.5, method="inverted_cdf"))
    extraction, tuning = (
        each.curve(point[0], band) for each, point, band in zip(measured, points, curves, strict=True)
    )
    return Crossing(
        extraction=extraction,
        tuning=tuning,
        images=images,
        about=about,
        low=float(low),
        high=float(high),
        ahead=float((lead[:, place] > EQUAL).mean()),
        crossed=float(np.isfinite(begins).mean()),
        stays=float((lead[:, -1] > EQUAL).mean()),
        behind=float((lead[:, place:] < -EQUAL).all(1).mean()),
    )


class _Errors:
    """One strategy's test errors by size, the law that fits them, and the same under resampling."""

    def __init__(self, side: Side, errors: Floats, resampled: Floats, tested: int) -> None:
        """`errors` of the side's runs (R,), and of as many on resampled test images (R, D); `tested` images."""
        self.side, self.tested = side, tested
        self.place = np.repeat(np.arange(len(side.sizes)), [len(at) for at in side.sizes.values()])  # (R,) sizes
        self.counts = np.bincount(self.place)  # (K,)
        self.mean = (self.place == np.arange(len(side.sizes))[:, None]) / self.counts[:, None]  # (K, R)
        self.of_runs, self.moved = errors, resampled.T - errors  # (R,), (D, R)
        self.errors = self.mean @ errors  # (K,)
        self.images = np.array(list(side.sizes), dtype=float)
        share = (self.errors * tested + 1) / (tested + 2)
        self.weights = self.counts / (share * (1 - share))  # the inverse of a share's variance, but for a factor
        self.floor = len(self.images) >= FLOOR_FROM
        self.free = len(errors) - (3 if self.floor else 2)  # degrees of freedom
        self.law = self._law(self.errors[None])
        self.expected = self.law.at(self.images)[0]

    def _law(self, errors: Floats) -> Laws:
        return fitted(self.images, errors, self.weights, floor=self.floor)

    def squares(self) -> tuple[float, float]:
        """The squared distances of runs from their curve, relative to its error, summed; and what they come to on
        average where the law holds and chance lies in the test images alone."""
        of = np.maximum(self.expected, 1 / self.tested)[self.place]
        found = (self.of_runs - self.expected[self.place]) / of
        drawn = self.expected[self.place] + self.moved
        alone = (drawn - self._law(drawn @ self.mean.T).at(self.images)[:, self.place]) / of
        return float((found**2).sum()), float((alone**2).sum(1).mean())

    def redrawn(self, spread: Floats, rng: np.random.Generator) -> Laws:
        """The laws of all resamples, each size moved by chance: `spread` (D,) is of one run, relative to its error."""
        noise = spread[:, None] * rng.standard_normal((len(spread), len(self.counts))) / np.sqrt(self.counts)
        resampled = self.errors + self.moved @ self.mean.T  # (D, K)
        return self._law(np.clip(resampled + noise * self.expected, 0, 1))

    def curve(self, errors: Floats, resampled: Floats) -> LearningCurve:
        """(G,), (D, G)"""
        high, low = np.quantile(resampled, (TAIL, 1 - TAIL), axis=0)
        sizes = []
        for (images, runs), error in zip(self.side.sizes.items(), self.errors, strict=True):
            least, most = wilson(round((1 - error) * self.tested), self.tested)
            share = Interval(value=float(1 - error), low=least, high=most)
            sizes.append(Size(images=images, accuracy=share, runs=tuple(run.id for run in runs)))
        return LearningCurve(
            strategy=self.side.like.recipe.strategy,
            sizes=tuple(sizes),
            scale=float(self.law.scale[0]),
            rate=float(self.law.rate[0]),
            floor=float(self.law.floor[0]),
            accuracy=1 - errors,
            low=1 - np.maximum(low, errors),
            high=1 - np.minimum(high, errors),
        )


def crossings(lead: Floats, images: Floats, place: int) -> Floats:
    """From how many images on fine-tuning is ahead: (D, G) leads at (G,) numbers of images -> (D,).

    Where it is ahead at `place`, since when without a break; else where it is first ahead after that; infinite where
    it never is.
    """
    ahead = lead > EQUAL
    broken = np.where(~ahead[:, : place + 1], np.arange(place + 1), -1).max(1)  # the last place where it is not
    since = images[np.minimum(broken + 1, place)]
    after = ahead[:, place:]
    until = np.where(after.any(1), images[place:][after.argmax(1)], np.inf)
    return np.where(ahead[:, place], since, until)


def found(crossing: Crossing, trained: int) -> Finding:
    """What the interval, and nothing beyond it, allows to say."""
    if crossing.high <= trained:
        return "ahead"
    if crossing.behind >= words.SURE:
        return "never"
    if crossing.low <= trained or np.isinf(crossing.low):
        return "open"
    return "late" if np.isinf(crossing.high) else "crosses"
