"""The temperature of a run: found from its validation images, harmless where they say nothing."""

import numpy as np
import pytest

from transfer_core.compare.calibration import LEAST, calibrated, fitted_temperature
from transfer_core.types import Floats, Ints, Predictions


def softmax(logits: Floats) -> Floats:
    values = np.exp(logits - logits.max(1, keepdims=True))
    return values / values.sum(1, keepdims=True)


def predictions(probabilities: Floats, labels: Ints) -> Predictions:
    none, empty = np.zeros(0, np.int64), np.zeros((0, probabilities.shape[1]))
    return Predictions(
        val_samples=np.arange(len(labels)),
        val_labels=labels,
        val_probabilities=probabilities,
        test_samples=none,
        test_labels=none,
        test_probabilities=empty,
    )


@pytest.mark.parametrize("factor", [0.4, 1.0, 3.0])
def test_logits_that_are_too_large_by_a_factor_are_divided_by_it(factor: float) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 4))
    labels = np.array([rng.choice(4, p=row) for row in softmax(logits)])
    said = softmax(logits * factor)
    t = fitted_temperature(predictions(said, labels))
    assert t == pytest.approx(factor, rel=0.05)
    assert np.abs(calibrated(said, t) - softmax(logits * factor / t)).max() < 1e-12
    assert (calibrated(said, t).argmax(1) == said.argmax(1)).all()


def test_what_says_nothing_changes_nothing_and_what_says_too_much_is_bounded() -> None:
    sure = softmax(np.eye(3) * 2)
    assert fitted_temperature(predictions(sure, np.arange(3))) == 1.0, "all are right: no end to being surer"
    assert fitted_temperature(predictions(np.zeros((0, 3)), np.zeros(0, np.int64))) == 1.0
    many = np.repeat(softmax(np.eye(3) * 1e-3), 50, 0)
    assert fitted_temperature(predictions(many, np.append(np.repeat(np.arange(3), 50)[:-1], 0))) == LEAST
    certain = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])  # a probability below what float64 holds
    assert np.isfinite(fitted_temperature(predictions(certain, np.array([0, 2]))))
    assert (calibrated(certain, 0.5) == certain).all()
    assert calibrated(np.zeros((0, 3)), 2.0).shape == (0, 3)
