"""What a strategy is, and the rules that several of them share."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from transfer_core.strategies.settings import SETTINGS
from transfer_core.types import AUTO, FIRST, HEAD, TRAIN, VAL, Backbone, Dataset, Recipe, attributes

BATCH_SIZE = 32
LAYER_NORM = frozenset({"ConvNeXt", "Swin", "Swin V2", "Vision Transformer", "MaxViT"})  # families
UNNORMED = frozenset({"AlexNet", "SqueezeNet", "VGG"})  # save VGG's variants with BatchNorm
REPEATS = tuple(each.name for each in SETTINGS.values() if each.of == "every strategy")
TRAINING = (*(each.name for each in SETTINGS.values() if each.of == "gradient descent"), *REPEATS)

CS231N = "CS231n notes, Transfer Learning"  # sources that several name
CS5720 = "CS5720, week 5, slide 96"
EXCHANGE = "Stack Exchange, adapting a pretrained network"

Symbol = Literal[
    "circle",
    "diamond",
    "triangle-up",
    "square",
    "x",
    "pentagon",
    "triangle-down",
    "star",
    "cross",
    "triangle-left",
    "triangle-right",
    "diamond-tall",
]


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


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """A way to transfer: words for people, defaults for a dataset, and the stages that the training loop runs.

    All that Graft knows of it stands here: pages, advice, pilots, comparisons and the report read it.
    """

    name: str
    title: str
    scenarios: tuple[int, ...]  # of the four; empty: none of them
    represents: int | None = None  # the scenario for which it is launched where each of the four gets one strategy
    weights: Literal["kept", "moved", "random"]  # what becomes of the pretrained ones
    frozen: str  # what stays as it was, in words
    trains: str
    when: str
    source: str
    why: str  # it is suggested, in a sentence
    why_source: str
    symbol: Symbol  # of its own, in every chart, badge and table
    slot: int  # of its colour, an index into the theme's chartCategoricalColors; shared once all are taken
    races: bool = False  # in the pilots; of those from random weights one at most
    version: int  # part of a recipe's id; raise it when the same recipe gives another result
    settings: tuple[str, ...]  # the recipe's fields that a user may change
    defaults: Callable[[int, int, Backbone], dict[str, Any]]  # (training images, classes, backbone) -> recipe fields
    stages: Callable[[Recipe, Backbone], tuple[Stage, ...]]
    network: str = ""  # a backbone of its own, whatever the user chose

    @property
    def approach(self) -> Literal["feature extraction", "fine-tuning"] | None:
        """Which of the two ways to use pretrained weights it is; None for one that uses none."""
        if self.weights == "random":
            return None
        return "feature extraction" if self.weights == "kept" else "fine-tuning"

    @property
    def control(self) -> bool:
        """Whether it shows what the others gain: it begins with random weights, and has no head to fall back on."""
        return self.weights == "random"

    @property
    def solved(self) -> bool:
        """Whether it fits a head on frozen features in one go, without epochs."""
        return "epochs" not in self.settings


def epochs_for(train_images: int, *, steps: int, least: int, most: int) -> int:
    """Epochs that make about `steps` optimizer steps, within bounds (after BiT-HyperRule: 500 for small datasets)."""
    return max(least, min(most, round(steps * BATCH_SIZE / max(train_images, 1))))


def epochs_a_look(recipe: Recipe, dataset: Dataset) -> int:
    """How many epochs pass between two looks at the validation images, so that looking does not outweigh learning.

    Few enough that patience sees at least two.
    """
    every = math.ceil(max(dataset.count(VAL), 1) / dataset.count(TRAIN))
    return min(every, max(1, recipe.patience // 2)) if recipe.patience else every


def scratch_defaults(train_images: int, classes: int, backbone: Backbone, *, steps: int) -> dict[str, Any]:
    """What a network from random weights begins from."""
    lr = scratch_lr(backbone)
    return {
        "weights": "random",
        "train_from": FIRST,
        "epochs": epochs_for(train_images, steps=steps, least=6, most=80),
        "lr": lr,
        "backbone_lr": lr,
        "weight_decay": 1e-2,
        "smoothing": 0.1,  # so that the validation loss does not rise while the accuracy still does
        "augment": "light",
        "patience": 0,  # a random network's validation loss says little before the learning rate falls
    }


def scratch_lr(backbone: Backbone) -> float:
    """Peak learning rate of all weights where all are new, by AdamW; a tenth without BatchNorm and with LayerNorm.

    torchvision's own recipes train AlexNet and VGG at a tenth of ResNet's rate too. At ResNet's SqueezeNet learns
    nothing (benchmarks/HISTORY.md, Random weights without BatchNorm). The other families are not measured.
    """
    unnormed = backbone.family in UNNORMED and not backbone.arch.endswith("_bn")
    return 3e-4 if unnormed or backbone.family in LAYER_NORM else 3e-3


def head_lr(backbone: Backbone) -> float:
    """Peak learning rate of a head that is fine-tuned with its backbone, by AdamW.

    Weights of full ImageNet are worth keeping, and a network without BatchNorm breaks at high rates
    (benchmarks/HISTORY.md, The built-in example, and Beside fastai's: rates, augmentation, patience); the small bundled
    weights have to move (benchmarks/HISTORY.md, Which network to bundle). Where BatchNorm's statistics are kept, the
    rate was chosen by validation on three datasets (benchmarks/RESULTS.md, BatchNorm's statistics in fine-tuning).
    Networks with LayerNorm are fine-tuned at lower rates (5e-5 in ConvNeXt's and Swin's own recipes); there it is not
    measured here.
    """
    if backbone.name == "bundled":
        return 3e-2
    if statistics(backbone) == "kept":
        return 1e-3
    return 5e-4 if backbone.family in LAYER_NORM else 2e-3


def backbone_lr(backbone: Backbone) -> float:
    """Peak learning rate of the last stage: ten times smaller than the head's (CS231n, Stack Exchange, TLLib).

    As high as the head's where BatchNorm's statistics are kept: the head has been fitted to just these features.
    """
    return head_lr(backbone) if statistics(backbone) == "kept" else head_lr(backbone) / 10


def statistics(backbone: Backbone) -> Literal["batch", "kept"]:
    """What fine-tuning normalises by, where a network has BatchNorm: as pretrained (Keras guide to fine-tuning).

    The statistics of small batches of other images throw a fitted head away before anything is learned
    (benchmarks/RESULTS.md, BatchNorm's statistics in fine-tuning). The small bundled weights have to move, and their
    statistics with them.
    """
    unnormed = backbone.family in UNNORMED | LAYER_NORM and not backbone.arch.endswith("_bn")
    return "batch" if unnormed or backbone.name == "bundled" else "kept"


def tap_title(recipe: Recipe, backbone: Backbone) -> str:
    """Where a recipe takes its features, in words."""
    if recipe.tap == AUTO:
        return "the most telling layer"
    return backbone.tap(recipe.tap).title if recipe.tap else "the last features"


def trained(recipe: Recipe, *, name: str, title: str, train_from: str, **more: Any) -> Stage:
    """A stage of gradient descent with the recipe's settings."""
    fields = attributes(recipe, "epochs", "lr", "backbone_lr", "patience")
    return Stage(name=name, title=title, solver="gradient", train_from=train_from, **(fields | more))
