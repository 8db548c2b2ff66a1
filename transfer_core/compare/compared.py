"""Finished runs of one dataset held against each other, on the same test images: what comes out."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from transfer_core.types import Goal, Ints, Run

LEVEL = 0.05  # of significance
NOISE = (0.01, 0.05)  # labels that are wrong, as a share; ten known test sets have 3.3 % on average (Northcutt 2021b)
LEAST_TRUE = 1 / 3  # of the suggestions, where labels are as wrong as that


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float

    def __neg__(self) -> "Interval":
        return Interval(value=-self.value, low=-self.high, high=-self.low)


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Images whose top probability lies between two values: one point of the reliability curve."""

    confidence: float  # their mean top probability
    accuracy: Interval  # share that was right; Wilson
    images: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Score:
    """One run on its test split."""

    run: str
    accuracy: float
    interval: tuple[float, float]  # 95 %, Wilson
    macro_f1: float
    confusion: Ints  # (C, C): rows are labels, columns predictions
    images: int
    log_loss: float  # mean negative log-likelihood of the label, nats
    ece: float  # expected calibration error: how far confidence lies from accuracy on average
    reliability: tuple[Bin, ...]  # by confidence; bins without images are left out
    reached: Interval | None = None  # of what counts; None: accuracy
    precision: Interval | None = None  # where a recall counts: of what is called so, at the threshold; None: no call

    @property
    def counts(self) -> Interval:
        """What a run reached of what counts, with its 95 % interval."""
        return self.reached or Interval(value=self.accuracy, low=self.interval[0], high=self.interval[1])

    @property
    def unfound(self) -> tuple[int, ...]:
        """Classes with test images of which not one was named so."""
        of, found = self.confusion.sum(1), np.diag(self.confusion)
        return tuple(np.flatnonzero((of > 0) & (found == 0)).tolist())

    @property
    def confidence(self) -> float:
        """Mean top probability."""
        return sum(each.images * each.confidence for each in self.reliability) / max(1, self.images)

    @property
    def sureness(self) -> Literal["too sure", "too unsure", "fitting"]:
        """Confidence held against accuracy: fitting while it lies in the interval that chance leaves to accuracy."""
        low, high = self.interval
        return "too sure" if self.confidence > high else "too unsure" if self.confidence < low else "fitting"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two runs on the same test images. Differences are the first's figure minus the second's."""

    first: str  # run ids
    second: str
    accuracy: Interval  # paired bootstrap, by near-duplicate group
    macro_f1: Interval
    log_loss: Interval  # below 0: the first is better
    wins: int  # images that the first alone has right
    losses: int  # images that the second alone has right
    p: float  # that both are equal in what counts; of accuracy McNemar's exact test, by near-duplicate group
    adjusted: float  # p, by Holm over all pairs that are compared
    reached: Interval | None = None  # of what counts; None: accuracy

    @property
    def counts(self) -> Interval:
        """The difference in what counts."""
        return self.reached or self.accuracy

    @property
    def sure(self) -> bool:
        """Whether one of the two is significantly ahead, given how many pairs are compared."""
        return self.adjusted < LEVEL and self.sure_alone

    @property
    def sure_alone(self) -> bool:
        """Whether it were so if no other pair were compared."""
        return self.p < LEVEL and (self.counts.low > 0 or self.counts.high < 0)

    @property
    def better(self) -> str | None:
        """The run that is surely ahead in what counts; None while that is not significant."""
        return None if not self.sure else self.first if self.counts.value > 0 else self.second

    def seen_from(self, run: str) -> "Pair":
        """The same pair with `run` first."""
        if run == self.first:
            return self
        return replace(
            self,
            first=self.second,
            second=self.first,
            accuracy=-self.accuracy,
            macro_f1=-self.macro_f1,
            log_loss=-self.log_loss,
            wins=self.losses,
            losses=self.wins,
            reached=None if self.reached is None else -self.reached,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Constant:
    """What needs no training: always the class that is commonest in training, whatever the image."""

    label: int  # that class
    score: Score  # with the training images' shares as its probabilities
    pairs: tuple[Pair, ...]  # each run, first, against it; adjusted by Holm over these

    def beaten_by(self, run: str) -> bool:
        """Whether that run is surely better."""
        return any(pair.better == run for pair in self.pairs)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Which run to take: the cheapest of those that no other is surely, and by more than `worth`, ahead of; of those
    that cost about as little the most accurate."""

    choice: str  # a run's id
    best: str  # the run with the most test images right; another than `choice` where its lead is not worth its time
    reason: str  # in a sentence or two
    warning: str  # what stands against taking it, in sentences: a class that it never finds, too few test images
    caution: str  # what else to know of these runs, in sentences; '' for nothing, as `warning`
    worth: float  # of what counts, that a lead must exceed, as a fraction


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """What pretraining brought: of either kind the verdict's choice, or the most accurate."""

    pretrained: str  # run ids
    scratch: str
    finding: Literal["helps", "open", "useless"]  # "useless": surely no better, beyond what is worth anything
    reason: str  # in a sentence
    advice: str  # what to try; '' where it helps


@dataclass(frozen=True, kw_only=True)
class Grade:
    """The advice held against what came out."""

    recommended: str  # a strategy
    run: str | None  # the run of it that the verdict's rule takes; None while there is none
    won: str | None  # the run that surely beat it; None where none did
    reason: str  # in a sentence


@dataclass(frozen=True, kw_only=True)
class Reached:
    """What a run reached with so many training images."""

    images: int
    accuracy: Interval  # of test; Wilson
    run: str


@dataclass(frozen=True, kw_only=True)
class Approach:
    """Feature extraction or fine-tuning, as measured on this dataset: the run of it that the verdict's rule takes."""

    name: Literal["feature extraction", "fine-tuning"]
    run: str | None  # None while it has no run here
    by_images: tuple[Reached, ...]  # its best run at each number of training images, the fewest first


@dataclass(frozen=True, kw_only=True)
class Resampled:
    """Two recipes cross-validated on the same folds."""

    first: str  # Recipe.repeats of each
    second: str
    difference: Interval  # of accuracy; t distribution with the corrected variance
    p: float  # Nadeau and Bengio 2003
    adjusted: float  # by Holm over all such pairs
    folds: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Finished runs of one dataset side by side."""

    runs: tuple[Run, ...]
    titles: tuple[str, ...]  # in the order of runs, each telling its run from the others
    train_images: tuple[int, ...]  # that each run was trained on, in the order of runs
    scores: tuple[Score, ...]  # in the order of runs
    pairs: tuple[Pair, ...]  # each two runs once
    classes: tuple[str, ...]
    goal: Goal  # what counts
    constant: Constant
    verdict: Verdict
    transfer: Transfer | None  # None without a run from scratch beside a pretrained one
    approaches: tuple[Approach, Approach]

    @property
    def images(self) -> int:
        """Test images, the same for all runs."""
        return self.scores[0].images

    @property
    def rival(self) -> str | None:
        """What the verdict's choice is held against first: the most accurate other run, of another strategy if any."""
        choice = self.verdict.choice
        strategies = {run.id: run.strategy for run in self.runs}
        others = [score for score in self.scores if score.run != choice]
        foreign = [score for score in others if strategies[score.run] != strategies[choice]]
        return max(foreign or others, key=lambda score: score.counts.value).run if others else None

    def pair(self, first: str, second: str) -> Pair:
        """The two runs, `first` first. Raises KeyError where they are not compared."""
        for pair in self.pairs:
            if {pair.first, pair.second} == {first, second}:
                return pair.seen_from(first)
        raise KeyError((first, second))

    def trained_on(self, run: str) -> int:
        """How many images."""
        return next(images for found, images in zip(self.runs, self.train_images, strict=True) if found.id == run)

    def title(self, run: str) -> str:
        return next(title for found, title in zip(self.runs, self.titles, strict=True) if found.id == run)

    def score(self, run: str) -> Score:
        return next(score for score in self.scores if score.run == run)


@dataclass(frozen=True, kw_only=True)
class Call:
    """What one run says of one image."""

    run: str
    predicted: int  # a class
    confidence: float  # probability of that class
    of_label: float  # probability of the label


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A test image, or a validation image, and what runs say of it."""

    sample: int
    label: int
    split: Literal["val", "test"]
    calls: tuple[Call, ...]  # in the order of the runs


@dataclass(frozen=True, kw_only=True)
class Suspected:
    """Held-out images whose label several runs agree against and are sure of, beside how often these are right.

    A wrong label is found where the runs are right and sure, so as often as they take the label's side and are as sure;
    what they contradict beyond that is their own mistake.
    """

    seen: tuple[Seen, ...]  # the widest margin between suggestion and label first
    images: int  # that were looked at
    wrong: int  # of these, where the runs together name another class than the label
    beside: int  # of these, where they agree on the label and are as sure of it

    @property
    def sure(self) -> int:
        """Images on which the runs agree and are as sure as of a suggestion."""
        return self.beside + len(self.seen)

    @property
    def true(self) -> tuple[int, int]:
        """How many suggestions are to be expected true, where one label in a hundred is wrong and one in twenty."""
        low, high = (min(len(self.seen), round(rate * self.beside)) for rate in NOISE)
        return low, high

    @property
    def tells(self) -> bool:
        """Whether enough suggestions can be true for a look at each."""
        return NOISE[1] * self.beside >= LEAST_TRUE * len(self.seen)

    @property
    def offered(self) -> tuple[Seen, ...]:
        return self.seen if self.tells else ()


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """Where two runs differ; the surest first."""

    fixed: tuple[Seen, ...]  # the second alone is right
    broken: tuple[Seen, ...]  # the first alone is right
    both_wrong: tuple[Seen, ...]
    both_right: int


@dataclass(frozen=True, kw_only=True)
class ClassScore:
    """One run on the test images of one class."""

    support: int  # test images that carry the label
    recall: Interval | None  # share of them that was named so; Wilson; None where there are none
    precision: Interval | None  # share of the images named so that carry the label; Wilson; None where none was named
    f1: float | None  # None where the class is neither a label nor a prediction
