"""Runs against what needs no training: always the class that is commonest in training."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.compare.made import TITLES, dataset, predicted, run
from transfer_core.compare.compared import Comparison
from transfer_core.compare.comparison import compared, table_of
from transfer_core.compare.statistics import holm
from transfer_core.compare.verdict import grade
from transfer_core.types import Ints, Predictions

STRATEGIES = {"a": "fine_tune_all", "b": "linear_probe"}


def said(named: Sequence[int] | Ints, labels: Sequence[int] | Ints, first: int) -> Predictions:
    """Each test image named so, nine times as surely as not."""
    return predicted(np.where(np.eye(2)[np.asarray(named)] > 0, 0.9, 0.1), labels, first)


def made(
    named: Mapping[str, Sequence[int] | Ints],
    tested: Sequence[int],
    trained: Sequence[int] = (90, 10),
    seconds: Mapping[str, float] | None = None,
) -> Comparison:
    """Runs that name two classes so; `tested` and `trained`: images of either class."""
    images = sum(trained) + sum(tested)
    labels = np.repeat([0, 1, 0, 1], [*trained, *tested])
    data = replace(dataset(images), labels=labels, classes=("usual", "rare"))
    data.splits[: sum(trained)] = 0
    first, truth = sum(trained), labels[sum(trained) :]
    runs = [run(id, STRATEGIES[id], seconds=(seconds or {}).get(id, 10.0)) for id in named]
    kept = {id: said(each, truth, first) for id, each in named.items()}
    return compared(runs, kept, data, {id: TITLES[STRATEGIES[id]] for id in named})


def test_a_run_that_names_one_class_alone_is_no_better_than_always_naming_it() -> None:
    found = made({"b": [0] * 303}, (300, 3))
    assert found.constant.label == 0 and found.constant.score.accuracy == found.score("b").accuracy == 300 / 303
    assert not found.constant.beaten_by("b")
    assert (
        "This run is not surely better than always answering “usual”, which has 99.0 % right." in found.verdict.reason
    )
    assert "It never finds “rare”: 3 test images are all taken for other classes." in found.verdict.warning


def test_which_class_is_commonest_is_told_by_training_images() -> None:
    found = made({"b": [0] * 20 + [1] * 80}, (20, 80))
    assert found.constant.label == 0 and found.constant.score.accuracy == 0.2
    assert found.constant.beaten_by("b") and found.verdict.warning == "" and "always" not in found.verdict.reason
    pair = found.constant.pairs[0]
    assert (pair.first, pair.wins, pair.losses) == ("b", 80, 0) and pair.accuracy.low > 0.5


def test_a_cheap_run_that_is_not_surely_better_than_that_is_left_for_one_that_is() -> None:
    """The dear run finds 10 of 12 rare ones, the cheap one 5 of them, which is not significant on its own."""
    dear, cheap = [0] * 188 + [1] * 10 + [0] * 2, [0] * 188 + [1] * 5 + [0] * 7
    found = made({"a": dear, "b": cheap}, (188, 12), seconds={"a": 500.0, "b": 5.0})
    assert found.constant.beaten_by("a") and not found.constant.beaten_by("b")
    assert found.pair("a", "b").better is None, "the cheap one would be taken otherwise"
    assert found.verdict.choice == "a" and found.verdict.reason.startswith("Take “Fine-tune all”: it has 99.0 %")
    assert "“Linear probe” is not surely better than always answering “usual”" in found.verdict.reason
    assert "which is significant" not in found.verdict.reason
    assert [pair.adjusted for pair in found.constant.pairs] == holm([pair.p for pair in found.constant.pairs])


def test_where_none_is_better_one_is_taken_and_that_is_said_first() -> None:
    found = made({"a": [0] * 99 + [1], "b": [0] * 100}, (98, 2))
    assert found.verdict.choice == "a"
    assert found.verdict.reason.startswith("None of these runs is surely better than always answering “usual”, which")
    assert "Take “Fine-tune all”, if any: it has 99.0 %" in found.verdict.reason and found.verdict.warning == ""
    told = grade(table_of(found), "linear_probe", TITLES).reason
    assert "It is not surely better than always answering “usual”" in told and "It never finds “rare”" in told


@pytest.mark.parametrize(
    ("tested", "words"),
    [
        ((40, 0), "All test images are “usual”: they cannot tell whether other classes are found."),
        ((10, 10), "20 test images are too few to tell much."),
        ((1, 0), "1 test image is too few to tell much."),
        ((15, 15), ""),
    ],
)
def test_a_test_split_that_tells_little_is_named(tested: tuple[int, int], words: str) -> None:
    found = made({"b": np.repeat([0, 1], tested)}, tested)
    assert found.verdict.warning.endswith(words) and bool(found.verdict.warning) == bool(words)
    assert "surely better than always" not in found.verdict.reason
