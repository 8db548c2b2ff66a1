"""What more training images would bring: learning curves of the two approaches, and where they cross."""

from dataclasses import dataclass
from typing import Literal

from transfer_core.compare.compared import Interval
from transfer_core.types.plain import Floats

Finding = Literal["untrained", "ahead", "crosses", "late", "never", "open"]


@dataclass(frozen=True, kw_only=True)
class Size:
    """What a strategy reached with so many training images."""

    images: int
    accuracy: Interval  # of test, the mean over its runs; Wilson
    runs: tuple[str, ...]  # one a seed


@dataclass(frozen=True, kw_only=True, eq=False)
class LearningCurve:
    """A strategy's test error as a power law of its training images n: scale * n ** -rate + floor."""

    strategy: str
    sizes: tuple[Size, ...]  # the fewest images first
    scale: float
    rate: float
    floor: float
    accuracy: Floats  # (G,) at Curves.images
    low: Floats  # (G,) 80 % band
    high: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Crossing:
    """Two fitted learning curves, and how many images it takes until fine-tuning is ahead; infinite beyond `horizon`.

    Shares and bounds are of the resamples: what chance in test images and in trainings leaves open.
    """

    extraction: LearningCurve
    tuning: LearningCurve
    images: Floats  # (G,) training images at which the curves are given, the fewest first
    about: float  # training images from which fine-tuning is ahead
    low: float  # 80 % interval
    high: float
    ahead: float  # share in which fine-tuning is ahead at `trained`
    crossed: float  # share in which it is ahead at `trained`, or somewhere from there to `horizon`
    stays: float  # share in which it is ahead at `horizon`
    behind: float  # share in which it is behind all the way from `trained` to `horizon`


@dataclass(frozen=True, kw_only=True)
class Lacking:
    """A size that one of the two was not trained on."""

    run: str  # to train like this one
    per_class: int  # 0: all images


@dataclass(frozen=True, kw_only=True, eq=False)
class Forecast:
    """How many more images it takes until fine-tuning wins, as far as that can be told."""

    finding: Finding
    said: str  # the finding in a sentence, or what it lacks
    method: str  # how it was found and what it leaves out; '' where nothing was
    crossing: Crossing | None  # None where too few sizes were trained on
    lacking: tuple[Lacking, ...]  # what would make it possible, or surer
    offer: str  # what to train, in words; '' where nothing lacks
    trained: int  # the most images that both were trained on
    have: int  # training images of the dataset
    horizon: int  # nothing is said of more images than this
