"""Ridge regression by eigenvectors, against scikit-learn's; and what is chosen by it."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge as Theirs

from tests.training.test_solvers import clouds
from transfer_core.training.ridge import Ridge, cross_validated, errors_of_shares, first, strongest_first

PENALTIES = np.logspace(-3, 5, 9)


@pytest.mark.parametrize("rows", [160, 12], ids=["more rows than features", "fewer"])
def test_every_penalty_is_scikit_learns(rows: int) -> None:
    x, y = clouds(4)
    x, y, held = x[:rows], y[:rows], x[rows:] if rows < 160 else x
    ridge = Ridge.of(x, y, 4)
    for penalty, scores in zip(PENALTIES, ridge.scores(held, PENALTIES), strict=True):
        theirs = Theirs(alpha=penalty).fit(x, np.eye(4)[y])
        assert scores == pytest.approx(theirs.predict(held), abs=1e-8)
        assert ridge.weight(penalty) == pytest.approx(theirs.coef_.T, abs=1e-8)


def test_cross_validation_judges_rows_that_it_did_not_see() -> None:
    x, y = clouds(3)
    fold = np.arange(len(y)) % 4
    right, error = np.sum(list(cross_validated(x, y, fold, 3, PENALTIES)), 0)
    expected = np.zeros(len(y), bool)
    for part in range(4):
        theirs = Theirs(alpha=PENALTIES[3]).fit(x[fold != part], np.eye(3)[y[fold != part]])
        expected[fold == part] = theirs.predict(x[fold == part]).argmax(1) == y[fold == part]
    assert right[3] == expected.sum()
    noise = np.random.default_rng(0).permutation(y)
    lucky = np.sum(list(cross_validated(x, noise, fold, 3, PENALTIES)), 0)[0]
    assert lucky.max() < 0.5 * len(y) < right.max()
    assert error.argmin() not in (0, len(PENALTIES) - 1)


def test_features_of_no_use_are_left_out() -> None:
    x, y = clouds(3)
    noise = np.random.default_rng(1).normal(0, 1, (len(x), 180))
    wide = np.concatenate((noise, x), 1)  # the last 20 of 200 tell
    order = strongest_first(Ridge.of(wide, y, 3), 10.0)
    assert (first(order, 0.05) >= 180).mean() > 0.8
    shares = (0.01, 0.1, 1.0)
    fold = np.arange(len(y)) % 4
    errors = np.zeros(3)
    for place, error in errors_of_shares(wide, y, fold, 3, PENALTIES, shares=shares, penalty=10.0):
        errors[place] += error
    assert errors.argmin() == 1


def test_rows_without_any_difference_are_no_trouble() -> None:
    ridge = Ridge.of(np.ones((6, 3)), np.arange(6) % 2, 2)
    (scores,) = ridge.scores(np.ones((2, 3)), np.array([1.0]))
    assert scores == pytest.approx(np.full((2, 2), 0.5))
