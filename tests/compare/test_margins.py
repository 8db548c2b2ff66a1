"""When a lead on a few validation images is more than noise."""

import numpy as np
import pytest

from transfer_core.compare.pairs import margin


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
