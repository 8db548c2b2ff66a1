"""Where two learning curves cross: against curves that are known, and how often the interval holds the truth."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from tests.compare.test_best import made
from transfer_core.compare import forecast as module
from transfer_core.compare.crossing import Forecast
from transfer_core.compare.forecast import Side, crossings, forecast
from transfer_core.types import TEST, TRAIN, Dataset, Floats, Predictions, Run

TESTED, CLASSES = 400, 8
Law = Callable[[Floats], Floats]


def data(images: int) -> Dataset:
    """As many training images, and 400 to test, all different."""
    count = images + TESTED
    columns = {name: np.zeros(count, dtype=np.int64) for name in ("widths", "heights")}
    return Dataset(
        id="d",
        name="d",
        classes=tuple("abcdefgh"),
        paths=("",) * count,
        files=("",) * count,
        labels=np.arange(count) % CLASSES,
        splits=np.repeat([TRAIN, TEST], (images, TESTED)),
        groups=np.arange(count),
        **columns,
    )


def kept(wrong: Any) -> Predictions:
    """(N,) whether each test image is wrong; the label is 0 of two classes."""
    none = np.zeros(0, dtype=np.int64)
    return Predictions(
        val_samples=none,
        val_labels=none,
        val_probabilities=np.zeros((0, 2)),
        test_samples=np.arange(TESTED),
        test_labels=np.zeros(TESTED, dtype=np.int64),
        test_probabilities=np.stack([~wrong, wrong], 1).astype(float),
    )


def told(images: Sequence[int], wrong: Sequence[Sequence[Any]]) -> Forecast:
    """The forecast from the test images (N,) that feature extraction, and fine-tuning, have wrong at each size."""
    both, predictions = [], {}
    for name, lists in zip(("linear_probe", "fine_tune_all"), wrong, strict=True):
        runs: dict[int, list[Run]] = {}
        for n, each in zip(images, lists, strict=True):
            run = made(f"{name} {n}", name, 0.5, per_class=n // CLASSES)
            runs[n], predictions[run.id] = [run], kept(each)
        both.append(Side(like=runs[images[-1]][0], sizes=runs))
    return forecast((both[0], both[1]), predictions, data(images[-1]))


def exactly(share: float) -> Any:
    return np.arange(TESTED) < round(share * TESTED)


def drawn(law: Law, images: Sequence[int], rng: np.random.Generator, scatter: float) -> list[Any]:
    """Binomial test noise around a law, from which each training strays by so much of its error."""
    errors = law(np.asarray(images, dtype=float)) * (1 + scatter * rng.standard_normal(len(images)))
    return [rng.random(TESTED) < error for error in errors]


def extraction(n: Floats) -> Floats:
    return np.asarray(0.5 * (n / 100) ** -0.3)


def tuning(n: Floats) -> Floats:
    """Meets the other at 1,600 images."""
    return np.asarray(0.5 * 16**-0.3 * (n / 1600) ** -0.5)


def test_a_crossing_is_where_a_lead_begins_that_lasts_until_now_or_comes_after() -> None:
    images = np.array([10.0, 20.0, 40.0, 80.0, 160.0])
    leads = np.array([[1, 1, 1, 1, 1], [1, -1, 1, 1, -1], [-1, -1, -1, 1, -1], [1, 1, -1, -1, -1], [0, 0, 0, 0, 0]])
    assert crossings(leads / 10, images, 2).tolist() == [10, 40, 80, np.inf, np.inf]


@pytest.mark.parametrize("images", [(104, 304, 800), (104, 200, 400, 800)])
def test_the_interval_holds_the_truth_as_often_as_it_says(
    images: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Curves cross at twice the data; 400 test images; trainings scatter by 5 %, which is what makes resampling of test
    images alone too sure of itself: it holds the truth in half to two thirds of all cases."""
    monkeypatch.setattr(module, "DRAWS", 200)
    rng, ends = np.random.default_rng(1), []
    for _ in range(60):
        found = told(images, [drawn(law, images, rng, 0.05) for law in (extraction, tuning)]).crossing
        assert found is not None
        ends.append((found.low, found.high))
    low, high = np.array(ends).T
    assert 0.8 <= ((low <= 1600) & (high >= 1600)).mean() <= 0.99
    assert np.median(low) > 400, "not an interval that holds everything"


def test_a_sharp_crossing_is_told_with_its_interval() -> None:
    """The same images are wrong for both as far as they can be, and the laws fit: no more chance than that is left."""
    images = (104, 304, 800)
    fast = [exactly(0.9 * (n / 104) ** -0.55) for n in images]  # meets the other at 1,140
    slow = [exactly(float(extraction(np.array(float(n))))) for n in images]
    found = told(images, [slow, fast])
    assert found.crossing is not None
    assert found.finding == "crosses"
    assert 800 < found.crossing.low <= found.crossing.about <= found.crossing.high < found.horizon
    assert found.said.startswith("Fine-tuning passes feature extraction at about 1,")
    assert found.said.endswith("you have 800.")


def test_parallel_curves_are_not_said_to_cross(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DRAWS", 200)
    images, rng = (104, 304, 800), np.random.default_rng(2)
    findings = []
    for _ in range(30):
        found = told(images, [drawn(law, images, rng, 0.05) for law in (extraction, lambda n: 1.4 * extraction(n))])
        findings.append(found.finding)
    assert sum(each in ("crosses", "ahead") for each in findings) <= 1
    assert findings.count("never") > 5


@pytest.mark.parametrize("images", [(104, 304, 800), (104, 200, 400, 800)])
def test_equal_predictions_leave_it_open(images: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    same = drawn(extraction, images, rng, 0.0)
    assert told(images, [same, same]).said.startswith("Can't tell from these runs")
    flat = [exactly(0.25)] * len(images)
    assert told(images, [flat, flat]).finding == "open"


def test_a_lead_that_is_there_already_is_said_to_be() -> None:
    images = (104, 304, 800)
    found = told(images, [[exactly(each) for each in (0.6, 0.5, 0.42)], [exactly(each) for each in (0.3, 0.2, 0.14)]])
    assert found.finding == "ahead"
    assert "with every number of training images tried, 104 to 800" in found.said
    assert "still ahead with 3,200 (4 times what you have) in 100 of 100" in found.said
    other = told(images, [[exactly(each) for each in (0.3, 0.2, 0.14)], [exactly(each) for each in (0.6, 0.5, 0.42)]])
    assert other.said == (
        "No crossing within 3,200 training images (4 times what you have): feature extraction stays ahead in 100 of"
        " 100 resamples."
    )


@pytest.mark.parametrize("wrong", [(0.2, 0.3, 0.4), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)])
def test_curves_that_teach_nothing_do_not_break_it(wrong: tuple[float, ...]) -> None:
    images = (104, 304, 800)
    found = told(images, [[exactly(each) for each in wrong], [exactly(each) for each in (0.5, 0.4, 0.3)]])
    assert found.crossing is not None
    assert np.isfinite(found.crossing.tuning.low).all()


def test_two_sizes_are_too_few_and_the_missing_ones_are_named() -> None:
    found = told((80, 800), [[exactly(0.4), exactly(0.3)]] * 2)
    assert found.finding == "untrained"
    assert found.crossing is None
    assert "needs 3 numbers of training images, and feature extraction has 2 (80 and 800)" in found.said
    assert found.offer == "Train both on 5 and 30 images of each class"
    assert {each.per_class for each in found.lacking} == {5, 30}
