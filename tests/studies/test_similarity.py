"""The three axes of similarity on answers that are known, and what they say together."""

import numpy as np
import pytest

from transfer_core.backbones import BACKBONES
from transfer_core.studies.similarity import (
    NEAR_DIVERGENCE,
    Look,
    depth_axis,
    depth_points,
    nearest_classes,
    resampled,
    semantics_axis,
    source_classes,
    statistics_axis,
    together,
)
from transfer_core.types import Floats

BUNDLED = BACKBONES[0]
TAPS = len(BUNDLED.taps)
N, CLASSES = 120, 4
EVEN = resampled(np.arange(N))


def looked(probabilities: Floats | None = None, moments: tuple[Floats, ...] = ()) -> Look:
    """The source's statistics are mean 0 and variance 1 in three channels; shuffled images have mean 2."""
    far = np.tile(np.array([[2.0], [5.0]]), (N, 1, 3))
    return Look(
        rows=np.arange(100, 100 + N),
        moments=moments,
        shuffled=(far,) if moments else (),
        norms=((np.zeros(3), np.ones(3)),) if moments else (),
        probabilities=probabilities,
    )


def right(shares: tuple[float, ...]) -> Floats:
    """(T, N): so much of the images right at each tap, the same ones first."""
    return np.array([np.arange(N) < share * N for share in np.interp(np.arange(TAPS), [0, 2, TAPS - 1], shares)]) * 1.0


def of_classes(taken: np.ndarray, sure: float) -> Floats:
    """Probabilities of a source classifier that takes image i for taken[i]."""
    count = len(source_classes(BUNDLED))
    p = np.full((N, count), (1 - sure) / (count - 1))
    p[np.arange(N), taken] = sure
    return p


@pytest.mark.parametrize(
    ("shares", "least", "most"),
    [
        ((0.4, 0.6, 0.9), 0.9, 1.0),  # the last layer is best, and depth pays
        ((0.5, 0.9, 0.55), 0.0, 0.2),  # an earlier layer is far better
        ((0.9, 0.9, 0.9), 0.0, 0.0),  # depth adds nothing
    ],
)
def test_depth(shares: tuple[float, ...], least: float, most: float) -> None:
    axis, scores = depth_axis(right(shares), EVEN, 1 / CLASSES)
    assert axis.score is not None and scores is not None and axis.low is not None and axis.high is not None
    assert least <= axis.score <= most
    assert axis.low <= axis.score <= axis.high


def test_depth_without_enough_images_says_so() -> None:
    axis, scores = depth_axis(np.zeros((0, N)), EVEN, 1 / CLASSES)
    assert axis.score is None and scores is None


@pytest.mark.parametrize(("share", "chance"), [(0.25, 0.25), (0.3, 0.25), (0.9, 0.9)])
def test_depth_is_silent_where_no_layer_is_better_than_guessing(share: float, chance: float) -> None:
    axis, scores = depth_axis(right((share, share, share)), EVEN, chance)
    assert axis.score is None and scores is None and axis.facts == {"chance": chance}


def test_statistics_are_placed_between_their_anchors_on_a_log_scale() -> None:
    def score(shift: float) -> float:
        moments = np.tile(np.array([[shift], [1 + shift**2]]), (N, 1, 3))  # mean shift, variance 1
        axis, _ = statistics_axis(looked(moments=(moments,)), EVEN)
        assert axis.score is not None
        return axis.score

    assert score(0.0) == 1.0  # nearer than the near anchor
    assert score(NEAR_DIVERGENCE**0.5) == pytest.approx(1.0)
    assert score(2.0) == pytest.approx(0.0)
    assert score((2.0 * NEAR_DIVERGENCE**0.5) ** 0.5) == pytest.approx(0.5)  # their geometric mean


def test_statistics_are_not_available_without_batchnorm() -> None:
    axis, scores = statistics_axis(looked(), EVEN)
    assert (axis.score, scores) == (None, None)


def test_semantics_want_sure_answers_that_differ() -> None:
    def score(p: Floats) -> float:
        axis, _ = semantics_axis(BUNDLED, looked(p), EVEN, CLASSES)
        assert axis.score is not None
        return axis.score

    kinds = np.arange(N) % 12
    assert score(of_classes(kinds, 0.95)) == 1.0
    assert score(of_classes(np.zeros(N, int), 0.95)) == pytest.approx(0.0, abs=1e-6)  # sure of one class for all
    assert score(of_classes(kinds, 0.02)) < 0.1  # unsure
    assert score(of_classes(kinds % 2, 0.6)) < score(of_classes(kinds, 0.6))


def test_a_backbone_without_a_known_classifier_has_no_semantics() -> None:
    axis, _ = semantics_axis(BUNDLED, looked(), EVEN, CLASSES)
    assert axis.score is None and nearest_classes(BUNDLED, looked()) == ()


def test_nearest_classes_come_with_the_surest_images() -> None:
    taken = np.where(np.arange(N) < 90, 7, 3)
    p = of_classes(taken, 0.5)
    p[17, 7] = 0.9
    first, second = nearest_classes(BUNDLED, looked(p))
    assert (first.name, second.name) == (source_classes(BUNDLED)[7], source_classes(BUNDLED)[3])
    assert (first.share, second.share) == (0.75, 0.25)
    assert first.samples[0] == 117 and set(second.samples) <= set(range(190, 220))


def test_the_bootstrap_draws_near_duplicates_together() -> None:
    groups = np.repeat(np.arange(10), 3)
    weights = resampled(groups, draws=50)
    assert weights.shape == (51, 30)
    assert np.allclose(weights.sum(1), 1) and np.allclose(weights[0], 1 / 30)
    assert (weights.reshape(51, 10, 3) == weights.reshape(51, 10, 3)[:, :, :1]).all()
    wide = np.diff([(point.low, point.high) for point in depth_points(["a"], np.repeat([[1, 0] * 5], 3, 1), weights)])
    narrow = np.diff([(p.low, p.high) for p in depth_points(["a"], np.array([[1, 0] * 15]), resampled(np.arange(30)))])
    assert wide > narrow  # ten pictures tell less than thirty


def test_together_the_mean_answers_or_abstains() -> None:
    near = depth_axis(right((0.4, 0.6, 0.9)), EVEN, 1 / CLASSES)
    far = semantics_axis(BUNDLED, looked(of_classes(np.zeros(N, int), 0.95)), EVEN, CLASSES)
    none = statistics_axis(looked(), EVEN)
    assert together((near, none), N).answer == "similar"
    assert together((far, none), N).answer == "different"
    both = together((near, far, none), N)
    assert both.answer == "in between" and both.score == pytest.approx(0.5, abs=0.05)
    assert together((near, none), 19).answer is None  # too few images
    assert together((none,), N).answer is None  # nothing to go by
    few = together((near, none), N)
    assert few.low is not None and few.score is not None and few.high is not None
    assert few.low <= few.score <= few.high
    wide = near[0], np.concatenate((near[1][:1], np.linspace(0, 1, 200))) if near[1] is not None else None
    assert together((wide,), N).answer is None
