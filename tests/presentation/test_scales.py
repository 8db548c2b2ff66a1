"""Ticks and moments of an axis."""

from itertools import product

import pytest

from transfer_core.presentation.scales import moment, scale, ticks_of


def test_time_ticks_are_few_and_inside() -> None:
    for (low, high), log in product(((0.01, 0.3), (2.0, 400.0), (0.0, 9_000.0), (5.0, 5.5)), (True, False)):
        ticks = ticks_of(max(low, 0.005), high, "time", log=log)
        assert len(ticks) <= 6 and all(low <= tick <= high + 1e-9 for tick in ticks), (low, high, log)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.5, "0.5\u202fs"), (20, "20\u202fs"), (300, "5\u202fmin"), (7_200, "2\u202fh")]
)
def test_moments_of_an_axis(seconds: float, said: str) -> None:
    assert moment(seconds) == said


def test_ticks_that_lie_evenly_have_one_unit() -> None:
    assert scale([15.0, 80.0], "time").axis("Time")["ticktext"][-1] == "80\u202fs", "not 1.33333 min"
    for low, ratio in product((0.1, 5, 61, 100, 400, 900, 4_000, 9_000, 40_000), (1.05, 1.3, 2, 5, 9.9, 400)):
        told = scale([low, low * ratio], "time").axis("Time")["ticktext"]
        numbers, units = zip(*(each.split("\u202f") for each in told), strict=True)
        assert all(len(number.partition(".")[2]) <= 2 and len(number) <= 5 for number in numbers), told
        assert ratio > 10 or len(set(units)) == 1, told
