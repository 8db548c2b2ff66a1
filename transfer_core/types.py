"""The vocabulary of Graft: frozen values that every floor may use. NumPy only."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
T = TypeVar("T")

SPLITS = ("train", "val", "test")  # a sample's split is an index into this
TRAIN, VAL, TEST = 0, 1, 2
UNUSED = -1  # the split of a sample that a recipe leaves out
JUDGES = 10  # with folds, one part in so many of what the tested fold leaves is for validation

FIRST = "first"  # train from the input on: the whole network
HEAD = "head"  # train the new classifier alone
AUTO = "auto"  # the tap whose features a linear classifier tells apart best, by cross-validation


# --- data ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something about a user's images that they should know; `file` is their own name for it, or ''."""

    file: str
    reason: str
    kind: Literal["skipped", "duplicate", "leak", "conflict", "small", "note"] = "skipped"
    files: int = 1  # how many files it speaks of


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Labelled images as columns, not as an object per image. Sample `i` lies in `files[i]` on disk."""

    id: str  # fingerprint of the images, labels, splits and the import's rules
    name: str
    classes: tuple[str, ...]
    paths: tuple[str, ...]  # (N,) the user's own names, for people to read
    files: tuple[str, ...]  # (N,) names under datasets/<id>/samples/
    labels: Ints  # (N,) index into classes
    splits: Ints  # (N,) index into SPLITS
    groups: Ints  # (N,) near-duplicates share a number
    widths: Ints  # (N,) px, as stored, EXIF orientation applied
    heights: Ints  # (N,) px
    problems: tuple[Problem, ...] = ()
    splits_from: Literal["archive", "archive, val cut from train", "archive, test cut from train", "seed"] = "seed"
    seed: int = 0
    owner: str = ""
    created: float = 0.0  # seconds since 1970

    def __len__(self) -> int:
        return len(self.files)

    def rows(self, split: int) -> Ints:
        """Sample numbers of one split, ascending: (N_split,)."""
        return np.flatnonzero(self.splits == split)

    def count(self, split: int) -> int:
        return int((self.splits == split).sum())


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What a dataset is like, in numbers."""

    counts: tuple[tuple[int, int, int], ...]  # per class: images in train, val, test
    images: int
    train_images: int
    imbalance: float  # largest class / smallest class, in train
    median_width_px: int
    median_height_px: int
    smallest_side_px: int
    duplicate_groups: int  # groups of two images or more
    duplicate_images: int  # images in such groups
    skipped: int  # files left out, each listed in Dataset.problems


# --- backbones ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Tap:
    """A place in a backbone where features can be taken, networks frozen, or training begun."""

    name: str  # short and stable: "stage2"
    title: str  # for people: "stage 2 of 4, 128 channels, 1/8"
    module: str  # dotted path inside torchvision's module, or the name of a node of its graph
    channels: int
    reduction: int  # input side / feature map side; 0: there is no map left
    layout: Literal["NCHW", "NHWC", "tokens", "vector"] = "NCHW"  # of what is read there; "tokens": class token first


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """A pretrained network without its classifier; taps go from early to late, the last gives the CNN codes."""

    name: str
    title: str
    arch: str  # torchvision's builder: "resnet18"
    weights: str  # identity of the weights: torchvision's "ResNet18_Weights.IMAGENET1K_V1", or "bundled-<hash>"
    file: str  # its name under TORCH_HOME/hub/checkpoints, or that of the bundled file; a path for a user's own
    taps: tuple[Tap, ...]
    input_px: int  # side of the square that the network sees
    resize_px: int  # shorter side before the centre crop
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    parameters: int
    licence: str
    top1: float | None = None  # on its source task, as the weights' authors report it
    source: str = "ImageNet"
    family: str = ""  # "ResNet", "Swin V2"
    operations: float = 0.0  # multiply-adds for one image of input_px, in 10^9
    file_bytes: int = 0  # of the weights' file
    smallest_px: int = 32  # smallest input side that it takes
    fixed_px: bool = False  # takes no other side than input_px
    curated: Literal["", "fast", "balanced", "best"] = ""  # the short list

    @property
    def is_local(self) -> bool:
        """Whether the weights are a user's own file in the workspace."""
        return self.weights.startswith("local-")

    @property
    def tap_names(self) -> tuple[str, ...]:
        return tuple(tap.name for tap in self.taps)

    def tap(self, name: str) -> Tap:
        """The tap of that name. Raises ValueError when there is none."""
        return self.taps[self.tap_names.index(name)]


@dataclass(frozen=True, kw_only=True)
class Device:
    """Where a run can compute."""

    name: str  # torch's: "cuda:0", "mps", "cpu"
    title: str  # "NVIDIA H200, 139 GB" or "CPU, 2 threads"


# --- advice -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The flowchart's three answers. `None` is an open question."""

    images: int  # training images, counted
    similarity: Literal["similar", "different"] | None = None
    budget: Literal["limited", "ample"] | None = None

    @property
    def size(self) -> Literal["small", "medium", "large"]:
        """Small below 1,000 training images, large above 10,000 (CS5720, slide 96)."""
        return "small" if self.images < 1_000 else "large" if self.images > 10_000 else "medium"


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
    near: str  # what 1 stands for
    far: str  # what 0 stands for
    finding: str  # in a sentence; without a score, why there is none


@dataclass(frozen=True, kw_only=True)
class Similarity:
    """The second question, measured: the mean of the axes that there are."""

    answer: Literal["similar", "in between", "different"] | None  # None: cannot be told
    score: float | None
    low: float | None  # 95 % interval, bootstrap over images
    high: float | None
    axes: tuple[Axis, ...]
    images: int  # that were looked at, near-duplicates counted once
    finding: str  # in a sentence


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
    accuracy: float  # of validation, in its last round
    part: float = 1.0  # of the image passes of its full run, in its last round; 1 for a linear head on all images


@dataclass(frozen=True, kw_only=True)
class Pilots:
    """A race of short trainings, on training and validation images only."""

    dataset: str
    backbone: str
    weights: str
    trials: tuple[Trial, ...]  # best first
    recommended: str | None  # a strategy; None: the margin is within noise
    tied: tuple[str, ...]  # strategies that the leader is not surely better than, itself first
    margin: float | None  # the leader's validation accuracy minus the next one's; None with one candidate
    low: float | None  # 95 % interval of the margin, paired bootstrap
    high: float | None
    val_images: int
    budget_seconds: float
    seconds: float
    finding: str  # in a sentence


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
class Decision:
    """What was said, what was measured and what pilots showed, side by side."""

    said: Advice  # the flowchart for the user's own answers
    measured: Advice | None  # the same flowchart for the measured answers
    pilots: Pilots | None
    trust: Literal["said", "measured", "pilots"]
    because: tuple[Reason, ...]  # why that one, where they differ
    strategy: str  # to launch
    suggestions: tuple[Suggestion, ...]  # it first, then what else is worth a run
    plans: tuple[Plan, ...]  # of every strategy that was estimated, in the registry's order


def from_plain(kind: type[T], values: Any) -> T:
    """A frozen value from what `dataclasses.asdict` and JSON made of it: lists back to tuples, mappings to values."""
    hints = get_type_hints(kind)
    return kind(**{name: _typed(hints[name], value) for name, value in values.items()})


def _typed(hint: Any, value: Any) -> Any:
    if is_dataclass(hint) and isinstance(hint, type):
        return from_plain(hint, value)
    if get_origin(hint) is tuple:
        return tuple(_typed(get_args(hint)[0], each) for each in value)
    return value


# --- recipes and stages -------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides a run's result, save the device. Plain JSON values only."""

    dataset: str
    backbone: str
    weights: str  # Backbone.weights, or "random"
    strategy: str
    version: int  # of the strategy
    tap: str | None = None  # where features are taken, or AUTO; None: the last
    train_from: str | None = None  # FIRST, a tap's name (train what comes after it), or HEAD
    epochs: int = 0  # 0: the strategy has none
    batch_size: int = 32
    lr: float = 0.0  # peak, of the head
    backbone_lr: float = 0.0  # peak, of pretrained weights
    weight_decay: float = 0.0
    optimizer: Literal["adamw", "sgd", "adam"] = "adamw"
    depth_decay: float = 1.0  # of backbone_lr for each stage towards the input
    smoothing: float = 0.0  # of the labels
    dropout: float = 0.0  # of the codes, before the head
    clip: float = 0.0  # largest norm of the gradient; 0: any
    balanced: bool = False  # classes weigh the same in the loss, however many images they have
    augment: Literal["none", "light", "standard"] = "none"
    flip: bool = True  # left-right, where `augment` flips; off when orientation carries the label
    patience: int = 0  # epochs without a better validation loss, in the second half, before stopping; 0: never
    seed: int = 0
    per_class: int = 0  # training images of each class, drawn by the seed; 0: all
    folds: int = 0  # cross-validation: training and validation images in so many parts, the test split untouched; 0: no
    fold: int = 0  # the part that is tested

    @property
    def id(self) -> str:
        """Hash of the canonical JSON: equal recipes have equal ids."""
        return digest(asdict(self))

    @property
    def repeats(self) -> str:
        """Equal for recipes that differ in seed and fold alone."""
        return replace(self, seed=0, fold=0).id


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step of a strategy, ready for the loop: what trains, how, from where."""

    name: str
    title: str  # "Train the new head"
    solver: Literal["gradient", "logistic", "svm", "strongest"]
    train_from: str = HEAD
    tap: str | None = None  # features for logistic and svm, or AUTO; None: the last tap
    random_init: bool = False  # forget the pretrained weights first
    epochs: int = 0
    lr: float = 0.0
    backbone_lr: float = 0.0
    patience: int = 0
    augment: Literal["none", "light", "standard"] = "none"


# --- events -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class StageStart:
    stage: str  # Stage.name, or a job's own phase
    title: str
    number: int  # 1-based
    stages: int
    unit: str = "epoch"  # what EpochEnd counts: "epoch", "step of the solver", "strength tried"
    of: int = 0  # how many of them at most; 0: not known


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a phase stands. Those of one half second are merged: `steps` and `losses` joined, the rest the last's."""

    what: str  # "Reading images"
    done: int
    of: int
    unit: str = "images"
    seconds_left: float | None = None
    images_per_second: float | None = None
    memory_bytes: int | None = None
    steps: tuple[int, ...] = ()  # global step numbers of `losses`
    losses: tuple[float, ...] = ()  # training loss per step

    def merged(self, later: "Progress") -> "Progress":
        return replace(later, steps=self.steps + later.steps, losses=self.losses + later.losses)


@dataclass(frozen=True, kw_only=True)
class EpochEnd:
    stage: str
    epoch: int  # 1-based over the whole run
    step: int  # global step number, on the axis of Progress.steps
    train_loss: float | None
    train_accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    best: bool  # the best so far by validation loss, at the temperature that suits it best
    seconds: float  # since the run began
    lr: float | None = None
    images_per_second: float | None = None


@dataclass(frozen=True, kw_only=True)
class Notice:
    text: str  # a sentence for the user


@dataclass(frozen=True, kw_only=True)
class RunEnd:
    status: Literal["done", "failed", "stopped", "interrupted"]
    error: str = ""  # a sentence for the user when failed
    result: dict[str, Any] = field(default_factory=dict)  # plain JSON, by kind of job


Event = StageStart | Progress | EpochEnd | Notice | RunEnd
EVENTS: dict[str, type[Event]] = {t.__name__: t for t in (StageStart, Progress, EpochEnd, Notice, RunEnd)}


def event_to_json(event: Event) -> str:
    return json.dumps({"type": type(event).__name__, **asdict(event)})


def event_from_json(text: str) -> Event:
    body = json.loads(text)
    kind = EVENTS[body.pop("type")]
    if kind is Progress:
        body.update(steps=tuple(body["steps"]), losses=tuple(body["losses"]))
    return kind(**body)


# --- jobs, runs and what they leave -------------------------------------------------------------

Kind = Literal["import", "train", "predict", "speed", "measure", "pilot", "backbone", "augment"]
Status = Literal["queued", "running", "stopping", "stopped", "done", "failed", "interrupted"]
ACTIVE: tuple[Status, ...] = ("queued", "running", "stopping")


@dataclass(frozen=True, kw_only=True)
class Job:
    """Anything that takes long. `payload` and `result` are plain JSON."""

    id: str
    kind: Kind
    payload: dict[str, Any]
    dataset: str  # '' for an import that has not ended
    lane: str  # what was asked for: "short", "auto", or a device
    device: str  # what it ran on; '' until it starts
    status: Status
    created: float
    started: float | None = None
    finished: float | None = None
    error: str = ""
    log: str = ""  # the tail of the worker's log, when it failed
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        return self.status in ACTIVE


@dataclass(frozen=True, kw_only=True)
class Run:
    """A training job, with what a page shows of it. Accuracies are fractions; None until measured."""

    id: str
    recipe: Recipe
    status: Status
    created: float
    started: float | None
    finished: float | None
    device: str
    seconds: float | None = None  # of computing, without waiting in the queue
    test_accuracy: float | None = None
    val_accuracy: float | None = None
    images_per_second: float | None = None
    peak_bytes: int | None = None
    error: str = ""
    log: str = ""  # the tail of the worker's log, when failed
    tap: str = ""  # chosen where the recipe left it open
    depth_curve: tuple[tuple[str, float], ...] = ()  # (tap, cross-validated accuracy), where one was measured

    @property
    def active(self) -> bool:
        return self.status in ACTIVE


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """Runs of one recipe with other seeds or folds. Accuracies are of the images that each run was tested on."""

    runs: tuple[Run, ...]  # by seed and fold
    mean: float | None  # None until one has ended
    spread: float | None  # standard deviation between runs (n - 1); None until two have ended

    @property
    def done(self) -> int:
        return sum(run.status == "done" for run in self.runs)


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions:
    """A finished run on the validation and the test split. Rows of the three arrays of a split go together."""

    val_samples: Ints  # (N_val,) sample numbers in the dataset
    val_labels: Ints  # (N_val,)
    val_probabilities: Floats  # (N_val, C)
    test_samples: Ints  # (N_test,)
    test_labels: Ints  # (N_test,)
    test_probabilities: Floats  # (N_test, C)


@dataclass(frozen=True, kw_only=True, eq=False)
class Score:
    """One run on its test split."""

    run: str
    accuracy: float
    interval: tuple[float, float]  # 95 %, Wilson
    macro_f1: float
    confusion: Ints  # (C, C): rows are labels, columns predictions
    images: int


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Which run to take. `pairs` holds, for each other run, its name, the difference and McNemar's exact p."""

    choice: str  # a run's id
    reason: str
    pairs: tuple[tuple[str, float, float], ...] = ()  # (run, choice's accuracy minus its own, p)


def digest(value: Any) -> str:
    """First 16 hex digits of SHA-256 over canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
