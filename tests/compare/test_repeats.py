"""Folds and seeds, and the names that tell runs apart."""

from collections.abc import Sequence

import pytest

from tests.compare.made import run
from transfer_core.compare.repeats import repeats, resampled
from transfer_core.compare.statistics import (
    corrected_t,
)
from transfer_core.compare.titles import titles
from transfer_core.types import Recipe, Run


def test_folds_are_compared_by_the_corrected_t_test() -> None:
    def folds(strategy: str, values: Sequence[float], folds: int = 3) -> list[Run]:
        return [
            run(f"{strategy}{n}", strategy, folds=folds, fold=n, test_accuracy=value) for n, value in enumerate(values)
        ]

    groups = repeats([*folds("linear_probe", (0.7, 0.72, 0.71)), *folds("fine_tune_all", (0.8, 0.83, 0.81))])
    sizes = {each.id: (60, 30) for group in groups for each in group.runs}
    (found,) = resampled(groups, sizes)
    assert found.difference.value == pytest.approx(-0.1033, abs=1e-4) and found.folds == 3
    assert found.p == found.adjusted < 0.05
    few = resampled(groups, dict.fromkeys(sizes, (10, 30)))[0]  # of each class a few images only: another variance
    known = corrected_t([-0.1, -0.11, -0.1], 10, 30)
    assert few.p == pytest.approx(known[1]) and few.p > 2 * found.p
    other = repeats([*folds("linear_probe", (0.7, 0.72, 0.71)), *folds("fine_tune_all", (0.8, 0.83), folds=2)])
    assert resampled(other, {}) == (), "other folds"


def test_titles_tell_runs_apart_by_what_differs() -> None:
    def made(strategy: str, **fields: object) -> Recipe:
        return Recipe(dataset="d", backbone="b", weights="w", version=1, strategy=strategy, **fields)  # type: ignore[arg-type]

    recipes = {"1": made("probe"), "2": made("svm", tap="early"), "3": made("svm", tap="late"), "4": made("probe")}
    recipes["5"] = made("svm", tap="late", seed=3)
    assert titles(recipes, {"probe": "Probe", "svm": "SVM"}) == {
        "1": "Probe (1)",
        "2": "SVM, tap early",
        "3": "SVM, tap late, seed 0",
        "4": "Probe (4)",
        "5": "SVM, tap late, seed 3",
    }
    near = {"1": made("probe", lr=0.003), "2": made("probe", lr=0.0030000001)}
    assert len(set(titles(near, {"probe": "Probe"}).values())) == 2
