"""What a recipe becomes: steps that the training loop runs."""

from dataclasses import dataclass
from typing import Literal

from transfer_core.types.recipes import HEAD


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
