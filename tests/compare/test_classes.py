"""Figures of single classes against scikit-learn, and what is said of classes that do not occur."""

import numpy as np
import pytest

from transfer_core.compare.classes import class_scores
from transfer_core.compare.statistics import confusion


def test_figures_of_each_class_agree_with_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 6, 400)
    predicted = np.where(rng.random(400) < 0.6, labels, rng.integers(0, 6, 400))
    found = class_scores(confusion(labels, predicted, 6))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(labels, predicted)
    assert [score.support for score in found] == support.tolist()
    assert [score.recall.value for score in found if score.recall] == pytest.approx(recall)
    assert [score.precision.value for score in found if score.precision] == pytest.approx(precision)
    assert [score.f1 for score in found] == pytest.approx(f1)


def test_intervals_are_those_of_the_images_counted() -> None:
    (first, _) = class_scores(np.array([[95, 5], [0, 10]]))
    assert first.recall and (first.recall.low, first.recall.high) == pytest.approx((0.8882, 0.9785), abs=1e-4)
    assert first.precision and first.precision.high == 1.0 and first.precision.low == pytest.approx(0.9611, abs=1e-4)


def test_a_class_without_images_or_predictions_has_no_figures() -> None:
    unseen, unnamed, both = class_scores(np.array([[0, 0, 0], [2, 0, 0], [0, 0, 0]]))
    assert unseen.recall is None and unseen.precision and unseen.precision.value == 0 and unseen.f1 == 0
    assert unnamed.precision is None and unnamed.recall and unnamed.recall.value == 0 and unnamed.f1 == 0
    assert (both.support, both.recall, both.precision, both.f1) == (0, None, None, None)
