"""What a strategy is, and the rules that several of them share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from transfer_core.types import Backbone, Recipe, Stage

BATCH_SIZE = 32


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """A way to transfer: words for people, defaults for a dataset, and the stages that the training loop runs."""

    name: str
    title: str
    scenarios: tuple[int, ...]  # of the four; empty: a control
    frozen: str  # what stays as it was, in words
    trains: str
    when: str
    source: str
    version: int  # part of a recipe's id; raise it when the same recipe gives another result
    settings: tuple[str, ...]  # the recipe's fields that a user may change
    defaults: Callable[[int, int, Backbone], dict[str, Any]]  # (training images, classes, backbone) -> recipe fields
    stages: Callable[[Recipe, Backbone], tuple[Stage, ...]]


def epochs_for(train_images: int, *, steps: int, least: int, most: int) -> int:
    """Epochs that make about `steps` optimizer steps, within bounds (after BiT-HyperRule: 500 for small datasets)."""
    return max(least, min(most, round(steps * BATCH_SIZE / max(train_images, 1))))


def head_lr(backbone: Backbone) -> float:
    """Peak learning rate of a head that is fine-tuned with its backbone, by AdamW; the backbone's is a tenth.

    Weights of full ImageNet are worth keeping, and a network without BatchNorm breaks at high rates: SqueezeNet at
    0.03 fell to a validation accuracy of 0.24 on clothes. The small bundled weights have to move: on the wallpaper
    groups 0.03 gave a validation accuracy of 0.76, 0.01 0.60, 0.003 0.46 (at 112 px).
    """
    return 3e-2 if backbone.name == "bundled" else 1e-3


def tap_at(backbone: Backbone, depth: float) -> str:
    """Name of the tap nearest to this fraction of the depth, counted in taps; 1 is the last, with the CNN codes."""
    return backbone.taps[round(depth * (len(backbone.taps) - 1))].name
