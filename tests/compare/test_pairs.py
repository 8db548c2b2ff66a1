"""Pairs of runs: when a lead is more than noise."""

import numpy as np
import pytest

from tests.compare.made import predicted, predictions
from transfer_core.compare.pairs import held
from transfer_core.compare.statistics import holm, margin


@pytest.mark.parametrize(
    ("images", "wins", "losses", "sure"),
    [(3, 3, 0, False), (100, 4, 0, False), (100, 12, 0, True), (400, 60, 20, True), (400, 40, 32, False)],
)
def test_few_images_that_differ_prove_little(images: int, wins: int, losses: int, sure: bool) -> None:
    first, second = np.ones(images, bool), np.ones(images, bool)
    second[:wins], first[wins : wins + losses] = False, False
    found = margin(first, second, np.arange(images))
    assert found.value == pytest.approx((wins - losses) / images)
    assert found.low <= found.value <= found.high and found.sure is sure
    back = margin(second, first, np.arange(images))
    assert back.value == pytest.approx(-found.value) and not back.sure


def test_near_duplicates_are_one_image() -> None:
    first, second = np.ones(60, bool), np.repeat([False, True], [12, 48])
    assert margin(first, second, np.arange(60)).sure
    assert not margin(first, second, np.arange(60) // 12).sure  # five pictures, one of them told apart


def test_near_duplicates_widen_the_interval() -> None:
    first, second = np.ones(60, bool), np.repeat([False, True], [12, 48])
    kept = {"a": predictions(first.tolist()), "b": predictions(second.tolist())}
    (alone,) = held(kept, np.arange(60), "ab").pairs
    (grouped,) = held(kept, np.arange(60) // 12, "ab").pairs
    assert alone.better == "a" and grouped.better is None
    assert grouped.accuracy.high - grouped.accuracy.low > 2 * (alone.accuracy.high - alone.accuracy.low)
    back = alone.seen_from("b")
    assert (back.first, back.wins, back.losses) == ("b", alone.losses, alone.wins)
    assert back.accuracy.value == -alone.accuracy.value and back.accuracy.low == -alone.accuracy.high


def test_many_pairs_need_more_proof() -> None:
    rng = np.random.default_rng(4)
    right = {f"r{i}": (rng.random(200) < 0.7).tolist() for i in range(5)}
    right |= {"good": [True] * 14 + right["r0"][14:]}
    kept = {id: predictions(each) for id, each in right.items()}
    found = held(kept, np.arange(200), "ab").pairs
    assert len(found) == 15
    assert [each.adjusted for each in found] == pytest.approx(holm([each.p for each in found]))
    assert all(each.adjusted >= each.p for each in found)


def test_different_or_no_test_images_are_refused() -> None:
    with pytest.raises(ValueError, match="different images"):
        held({"a": predictions([True]), "b": predictions([True], 5)}, np.arange(1), "ab")
    with pytest.raises(ValueError, match="no test images"):
        held({"a": predicted(np.zeros((0, 2)), [])}, np.zeros(0, np.int64), "ab")
