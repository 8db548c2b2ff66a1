"""Folds and seeds."""

from collections.abc import Sequence

import pytest

from tests.compare.made import run
from transfer_core.compare.repeats import repeats, resampled
from transfer_core.compare.statistics import (
    corrected_t,
)
from transfer_core.types import Run


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
