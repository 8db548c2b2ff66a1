"""Jobs, runs and what they leave."""

from dataclasses import dataclass, field
from typing import Any, Literal

from transfer_core.types.plain import Floats, Ints
from transfer_core.types.recipes import Recipe

Status = Literal["queued", "running", "stopping", "stopped", "done", "failed", "interrupted"]
ACTIVE: tuple[Status, ...] = ("queued", "running", "stopping")
GOING: tuple[Status, ...] = ("queued", "running")  # and not told to stop
CHECKPOINTS = "checkpoints"  # a folder in a run's own, while it may go on
ENSEMBLE = "ensemble"  # in place of a strategy's name
JOINED = "+"  # between the ids of an ensemble's members, which are its own id


@dataclass(frozen=True, kw_only=True)
class Job:
    """Anything that takes long. `payload` and `result` are plain JSON."""

    id: str
    kind: str  # of a task
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
    stops: int = 0  # how often a running one was told to

    @property
    def active(self) -> bool:
        return self.status in ACTIVE


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What somebody wrote of a run or a dataset; '' and () where nobody did."""

    name: str = ""  # of a run, in place of its title; a dataset's is its own
    note: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Run:
    """A training job, with what a page shows of it; or an ensemble of some. Accuracies are fractions; None until
    measured."""

    id: str
    recipe: Recipe
    status: Status
    created: float
    started: float | None
    finished: float | None
    device: str
    seconds: float | None = None  # of computing, without waiting in the queue
    saved_seconds: float | None = None  # that features and heads kept from earlier runs would have taken
    test_accuracy: float | None = None
    val_accuracy: float | None = None
    images_per_second: float | None = None
    peak_bytes: int | None = None
    error: str = ""
    log: str = ""  # the tail of the worker's log, when failed
    tap: str = ""  # chosen where the recipe left it open
    depth_curve: tuple[tuple[str, float], ...] = ()  # (tap, cross-validated accuracy), where one was measured
    stops: int = 0  # how often it was told to stop while it ran
    epochs_done: int | None = None  # of one that was stopped and left a network
    epochs_planned: int | None = None
    untested: bool = False  # it was told to stop twice, so that its network was kept without a test
    by_itself: bool = False  # Graft started it unasked, as the first model of new images
    expected_seconds: float | None = None  # as was thought when it was queued
    overtaken_seconds: float = 0.0  # expected of shorter ones that came later and went first
    pausing: bool = False  # it was told to pause
    remark: Remark = Remark()
    members: tuple["Run", ...] = ()  # of an ensemble, whose recipe is its first member's

    @property
    def strategy(self) -> str:
        """Its recipe's, or "ensemble"."""
        return ENSEMBLE if self.members else self.recipe.strategy

    @property
    def backbone(self) -> str:
        """Its recipe's; of an ensemble each once."""
        return " + ".join(dict.fromkeys(run.recipe.backbone for run in self.members or (self,)))

    @property
    def usable(self) -> bool:
        """Whether it left a network: it is done, or was stopped once it had learned something."""
        return self.status == "done" or self.epochs_done is not None

    @property
    def stopped_words(self) -> str:
        """How far it came before it was stopped; '' for one that left no network, or ended by itself."""
        if self.epochs_done is None:
            return ""
        return f"stopped after {self.epochs_done} of {self.epochs_planned} epochs"

    @property
    def tested(self) -> bool:
        """Whether it left a network and what that says of the validation and test images."""
        return self.usable and not self.untested

    @property
    def active(self) -> bool:
        return self.status in ACTIVE

    @property
    def whole_seconds(self) -> float | None:
        """What it takes with nothing kept from before: how runs compare in cost, whatever ran first."""
        return None if self.seconds is None else self.seconds + (self.saved_seconds or 0.0)


@dataclass(frozen=True, kw_only=True)
class RateTest:
    """A learning-rate range test. Rates are the head's; the backbone's grew in the recipe's ratio to it."""

    rates: tuple[float, ...]  # a step each, every one larger than the last by the same factor
    losses: tuple[float, ...]  # of each step's batch, before the step
    smoothed: tuple[float, ...]  # exponential moving average
    begun: float  # the loss at the smallest rates
    guessing: float  # the loss of a network that knows nothing
    lowest: float  # the rate at the lowest average
    diverges_from: float | None  # from here on the average is above where it began; None: nowhere
    suggested: float | None  # None: nothing falls by more than noise
    own: float  # the recipe's
    steps: int
    seconds: float  # that the test took


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

    def of(self, split: Literal["val", "test"]) -> tuple[Ints, Ints, Floats]:
        """Samples, labels and probabilities of one split."""
        return (
            (self.val_samples, self.val_labels, self.val_probabilities)
            if split == "val"
            else (self.test_samples, self.test_labels, self.test_probabilities)
        )


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """When a run's answer stands: "not sure" is an answer too."""

    accuracy: float  # promised, of the images that are answered
    threshold: float | None  # of the likeliest class's calibrated probability; None: none keeps the promise
    answered: float  # the share of validation images that are
    images: int  # of validation, by which this was set; 0: there were none, so every answer stands
