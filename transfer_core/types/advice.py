"""The flowchart's answers and what follows from them, said and measured."""

from dataclasses import dataclass, field
from typing import Any, Literal

SMALL, LARGE = 1_000, 10_000  # training images: few below the one, many above the other (CS5720, slide 96)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The flowchart's answers. `None` is an open question."""

    images: int  # training images, counted
    similarity: Literal["similar", "different"] | None = None
    budget: Literal["limited", "ample"] | None = None
    domain: Literal["yes", "no"] | None = None  # is there a network of the images' own domain? Optional

    @property
    def size(self) -> Literal["small", "medium", "large"]:
        return "small" if self.images < SMALL else "large" if self.images > LARGE else "medium"


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a user said on the Decide page of one dataset."""

    similarity: Literal["similar", "different"] | None = None
    budget: Literal["limited", "ample"] | None = None
    domain: Literal["yes", "no"] | None = None
    seconds: float | None = None  # time there is for a run; None: any
    backbone: str = ""  # the default
    goal: str = "accuracy"  # what counts, as `goals.written` has it


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why advice says what it says."""

    rule: str
    evidence: str  # numbers of this dataset
    source: str  # "CS231n notes", "CS5720 slide 96", ...
    against: bool = False  # a source that disagrees with the advice


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A strategy to run, with what the flowchart fixes of its recipe."""

    strategy: str
    role: Literal["recommended", "alternative", "control"]
    why: str
    source: str
    overrides: tuple[tuple[str, Any], ...] = ()  # recipe fields, e.g. (("tap", "stage2"),)


@dataclass(frozen=True, kw_only=True)
class Advice:
    answers: Answers
    scenario: int | None  # 1 to 4; None while similarity is open
    between: tuple[int, int] | None  # the two scenarios that a medium size lies between
    headline: str
    suggestions: tuple[Suggestion, ...]  # best first
    reasons: tuple[Reason, ...]


# --- measurements --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class DatasetSize:
    """The first question, measured."""

    train_images: int
    per_class: tuple[int, ...]  # training images of each class
    effective: int  # training images, near-duplicates counted once


@dataclass(frozen=True, kw_only=True)
class DepthPoint:
    """How well a linear classifier on one tap's features tells the classes apart."""

    tap: str
    accuracy: float  # cross-validated on training images
    low: float  # 95 % interval, bootstrap
    high: float


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One way of seeing how much images are like a backbone's source: 1 like it, 0 unlike it."""

    name: Literal["depth", "statistics", "semantics"]
    score: float | None  # None: not available
    low: float | None  # 95 % interval, bootstrap
    high: float | None
    facts: dict[str, float] = field(default_factory=dict)  # what `findings` says of it; of an earlier Graft: none


@dataclass(frozen=True, kw_only=True)
class Similarity:
    """The second question, measured: the mean of the axes that there are."""

    answer: Literal["similar", "in between", "different"] | None  # None: cannot be told
    score: float | None
    low: float | None  # 95 % interval, bootstrap over images
    high: float | None
    axes: tuple[Axis, ...]
    images: int  # that were looked at, near-duplicates counted once


@dataclass(frozen=True, kw_only=True)
class SourceClass:
    """A class of the backbone's source task, and what its classifier takes for it."""

    name: str
    share: float  # of the images looked at
    samples: tuple[int, ...]  # the sample numbers nearest to it, the surest first


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a strategy's default recipe will take on one device, early stopping aside."""

    strategy: str
    fixed_seconds: float  # features, the linear head, the test
    epoch_seconds: float  # of one epoch, with its share of looks at the validation images; 0 without epochs
    epochs: int
    peak_bytes: int

    @property
    def seconds(self) -> float:
        return self.fixed_seconds + self.epochs * self.epoch_seconds


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The flowchart's questions, answered by looking."""

    dataset: str
    backbone: str
    weights: str
    device: str  # Device.title
    size: DatasetSize
    similarity: Similarity
    depth_curve: tuple[DepthPoint, ...]  # early to late
    nearest_classes: tuple[SourceClass, ...]  # most seen first
    estimates: tuple[Estimate, ...]
    seconds: float  # that measuring took


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One candidate of the pilots."""

    strategy: str
    images: int  # training images of its last round
    steps: int  # of gradient descent, over all rounds; 0 for a linear head
    seconds: float  # over all rounds
    rounds: int  # that it was in
    accuracy: float  # of validation, in its last round; where something else counts, what it reached of that
    part: float = 1.0  # of the image passes of its full run, in its last round; 1 for a linear head on all images


@dataclass(frozen=True, kw_only=True)
class Pilots:
    """A race of short trainings, on training and validation images only."""

    dataset: str
    backbone: str
    weights: str
    trials: tuple[Trial, ...]  # best first
    recommended: str | None  # a strategy; None: the margin is not significant
    tied: tuple[str, ...]  # strategies that the leader is not surely better than, itself first
    margin: float | None  # the leader's validation accuracy minus the next one's; None with one candidate
    low: float | None  # 95 % interval of the margin, paired bootstrap
    high: float | None
    p: float | None = None  # of it, exact test; of an earlier Graft: not kept
    val_images: int
    goal: str = "accuracy"  # what was judged by
    budget_seconds: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A strategy held against the time that there is."""

    strategy: str
    estimate: Estimate
    fits: Literal["yes", "shortened", "no"]
    epochs: int  # that fit, at most the estimate's; 0 where the strategy has none
    seconds: float  # with these epochs
    words: str  # "Fits." or what was shortened and how, or why it is ruled out


@dataclass(frozen=True, kw_only=True)
class Told:
    """What measuring alone tells of the strategy to launch, so that no pilot is needed."""

    strategy: str
    accuracy: float  # of a linear classifier on the tap that tells the classes apart best, cross-validated
    enough: bool  # that is so much that fine-tuning has little to gain


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What was said, what was measured and what pilots showed, side by side."""

    said: Advice  # the flowchart for the user's own answers
    measured: Advice | None  # the same flowchart for the measured answers
    pilots: Pilots | None
    told: Told | None  # what measuring tells, where pilots do not outweigh it
    trust: Literal["said", "measured", "pilots"]
    because: tuple[Reason, ...]  # why that one, where they differ
    strategy: str  # to launch: the one that Graft recommends, whatever the flowchart or the pilots would put first
    preferred: str  # another one where `strategy` was taken because that does not fit the time
    why: str  # goes on after the strategy's title and a colon
    suggestions: tuple[Suggestion, ...]  # it first, then what else is worth a run
    plans: tuple[Plan, ...]  # of every strategy that was estimated, in the registry's order
