"""Where the labels of points stand."""

from collections.abc import Sequence
from itertools import combinations

import pytest

from transfer_core.presentation.labels import LETTER_PX, LINE_PX, PAGE, place_labels


def boxes(
    points: Sequence[tuple[float, float]], labels: Sequence[str], wide: int
) -> list[tuple[float, float, float, float]]:
    """Where labels stand in px, on a plot that is so wide: left, bottom, right, top."""
    found = []
    for (x, y), label, place in zip(points, labels, place_labels(points, [0.05] * len(points), labels), strict=True):
        long = LETTER_PX * len(label)
        left = x * wide + place["xshift"] - {"left": 0, "center": long / 2, "right": long}[place["xanchor"]]
        bottom = y * PAGE[1] + place["yshift"] - {"bottom": 0, "middle": LINE_PX / 2, "top": LINE_PX}[place["yanchor"]]
        found.append((left, bottom, left + long, bottom + LINE_PX))
    return found


@pytest.mark.parametrize("wide", PAGE[0])
@pytest.mark.parametrize(
    "points", [[(0.3, 0.9), (0.8, 0.92), (0.82, 0.2), (0.75, 0.24)], [(0.3, 0.5), (0.3, 0.54), (0.32, 0.9)]]
)
def test_labels_keep_out_of_each_others_way(points: list[tuple[float, float]], wide: int) -> None:
    names = ["Fine-tune the top", "Fine-tune everything", "From scratch", "A small network"]
    placed = boxes(points, names[: len(points)], wide)
    for one, other in combinations(placed, 2):
        aside = one[2] <= other[0] or other[2] <= one[0]
        assert aside or one[3] <= other[1] or other[3] <= one[1], "two labels cover each other"
    for left, bottom, right, top in placed:
        assert left >= 0 and right <= wide and bottom >= 0 and top <= PAGE[1], "one lies outside"
    assert place_labels([(0.5, 0.5)], [0.1], [""]) == [{}]
