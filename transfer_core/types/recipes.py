"""What a run does."""

from dataclasses import asdict, dataclass, replace
from typing import Literal

from transfer_core.types.plain import digest

FIRST = "first"  # train from the input on: the whole network
HEAD = "head"  # train the new classifier alone
AUTO = "auto"  # the tap whose features a linear classifier tells apart best, by cross-validation


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
