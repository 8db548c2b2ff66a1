"""The linear heads against scikit-learn, and what they are made of."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from transfer_core.training.solvers import Logistic, Scale, folds, loss_of, softmax, svm, temperature


def clouds(classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(40 * classes) % classes)
    centres = rng.normal(0, 1, (classes, 20))
    return centres[labels] + rng.normal(0, 1.2, (len(labels), 20)), labels


@pytest.mark.parametrize("strength", [1e-3, 1e-1, 10.0])
def test_logistic_regression_is_scikit_learns(strength: float) -> None:
    x, y = clouds(4)
    ours = Logistic(torch.from_numpy(x), torch.from_numpy(y), 4)
    *_, (steps, last) = ours.solve(strength, steps=500)
    theirs = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000).fit(x, y)
    assert last
    assert steps < 500
    probabilities = softmax(ours.logits(torch.from_numpy(x)).numpy())
    assert probabilities == pytest.approx(theirs.predict_proba(x), abs=2e-3)


@pytest.mark.parametrize("classes", [2, 5])
def test_svm_is_scikit_learns(classes: int) -> None:
    x, y = clouds(classes)
    machines = svm(x, y, classes, 0.1, seed=0)
    while True:
        try:
            next(machines)
        except StopIteration as end:
            weight, bias = end.value
            break
    theirs = LinearSVC(C=0.1, random_state=0, dual="auto").fit(x, y)
    decisions = x @ weight.T + bias
    expected = theirs.decision_function(x)
    assert (decisions[:, 1] if classes == 2 else decisions) == pytest.approx(expected, abs=1e-3)
    assert (decisions.argmax(1) == theirs.predict(x)).all()


def test_temperature_lowers_the_loss_and_keeps_the_order() -> None:
    x, y = clouds(3)
    sure = 30 * x @ np.stack([x[y == k].mean(0) for k in range(3)]).T
    t = temperature(sure, y)
    around = [loss_of(sure / (t * factor), y) for factor in (0.9, 1.0, 1.1)]
    assert min(around) == around[1] <= loss_of(sure, y)


def test_scale_folds_into_the_head_and_survives_dead_channels() -> None:
    x, _ = clouds(3)
    x[:, 4] = 7.0
    scale = Scale.of(x)
    rng = np.random.default_rng(0)
    weight, bias = rng.normal(size=(3, 20)), rng.normal(size=3)
    raw_weight, raw_bias = scale.folded(weight, bias)
    assert np.isfinite(scale(x)).all()
    assert x @ raw_weight.T + raw_bias == pytest.approx(scale(x) @ weight.T + bias)


def test_folds_keep_groups_together_and_labels_even() -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 90, 300)
    labels = groups % 4
    found = folds(labels, groups, 5, seed=0)
    assert all(len(set(found[groups == group])) == 1 for group in set(groups))
    counts = np.array([np.bincount(labels[found == fold], minlength=4) for fold in range(5)])
    assert counts.min() >= 0.6 * counts.mean()
    assert (found == folds(labels, groups, 5, seed=0)).all()
    assert (found != folds(labels, groups, 5, seed=1)).any()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert set(folds(np.zeros(3, int), np.arange(3), 5, seed=0)) <= set(range(5))
