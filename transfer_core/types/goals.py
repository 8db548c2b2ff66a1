"""What counts when models are chosen."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["accuracy", "macro_f1", "recall"]


@dataclass(frozen=True, kw_only=True)
class Goal:
    """By what runs are judged: the share of images that is right, or what matters more where classes are uneven."""

    kind: Kind = "accuracy"
    label: str = ""  # of recall: the class that is to be found
    precision: float = 0.0  # of recall: the share of what is called so that has to be right
