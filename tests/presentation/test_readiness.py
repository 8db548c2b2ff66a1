"""The sentence on a dataset: how many, how even, what to look at, who split it."""

import dataclasses
from types import SimpleNamespace
from typing import Any, cast, get_args

import pytest

from transfer_core.data.checks import Profile
from transfer_core.data.dataset import SplitsFrom
from transfer_core.presentation.readiness import SPLIT_BY, a_class, balance, is_lopsided, ready
from transfer_core.types import Dataset, Problem


def profile(*train: int) -> Profile:
    known: dict[str, Any] = dict.fromkeys((field.name for field in dataclasses.fields(Profile)), 0)
    known |= {"counts": tuple((n, 1, 1) for n in train), "imbalance": max(train) / min(train)}
    return Profile(**known)


class Given(SimpleNamespace):
    def __len__(self) -> int:
        return 2_062


def dataset(*problems: Problem) -> Dataset:
    return cast(Dataset, Given(classes=("a", "b"), problems=problems))


@pytest.mark.parametrize(
    ("train", "words", "lopsided"),
    [
        ((80, 80), "balanced", False),
        ((80, 60), "balanced", False),
        ((80, 40), "uneven (2 to 1)", False),
        ((1000, 3), "lopsided (333.3 to 1)", True),
    ],
)
def test_how_even_the_classes_are(train: tuple[int, ...], words: str, lopsided: bool) -> None:
    assert (balance(profile(*train)), is_lopsided(profile(*train))) == (words, lopsided)


def test_a_line_says_how_many_each_class_has() -> None:
    assert a_class(profile(42, 42)) == "42 training images a class"
    assert a_class(profile(2_000, 40)) == "40 to 2,000 training images a class"


def test_what_was_noted_or_kept_together_is_not_wrong() -> None:
    fine = [Problem(file="", reason="Drawn.", kind="note"), Problem(file="", reason="9 images", kind="duplicate")]
    assert ready(dataset(*fine), profile(9, 9)) == "Ready: 2,062 images, 2 classes, balanced, nothing wrong."


def test_what_is_wrong_is_counted() -> None:
    many = [Problem(file=f"{n}", reason="Twice.", kind="leak", files=2) for n in range(1_001)]
    found = [
        Problem(file="a", reason="Cut.", files=14),
        Problem(file="b", reason="Two.", kind="conflict", files=3),
        *many,
    ]
    said = ready(dataset(*found), profile(9, 9))
    assert said.endswith("but 14 files left out, 1 picture with two labels and over 1,000 pictures in several splits.")


def test_whoever_made_the_splits_is_named() -> None:
    assert set(SPLIT_BY) == set(get_args(SplitsFrom))
