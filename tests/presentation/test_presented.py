"""Tables, words, marks, axes and labels that every place shares."""

from collections.abc import Sequence
from itertools import combinations
from typing import get_args, get_type_hints

import numpy as np
import pytest

from tests.presentation.drawn import THREE, compared, run
from transfer_core.presentation.answers import BUDGET, DOMAIN, KINDS, SIMILARITY, SIZES
from transfer_core.presentation.confusions import mixed, most_confused, shares
from transfer_core.presentation.labels import LETTER_PX, LINE_PX, PAGE, place_labels
from transfer_core.presentation.marks import MARKS, PATHS, mark_of, marks
from transfer_core.presentation.recipes import differences
from transfer_core.presentation.scales import moment, scale, ticks_of
from transfer_core.presentation.tables import run_rows
from transfer_core.presentation.theme import LIGHT
from transfer_core.strategies.definition import Symbol
from transfer_core.strategies.settings import NONE
from transfer_core.types import LARGE, SMALL, Answers, Problem, Similarity


def test_every_answer_and_kind_of_problem_has_its_words() -> None:
    def values(of: type, field: str) -> set[object]:
        hint = get_type_hints(of)[field]
        return {value for part in (hint, *get_args(hint)) for value in get_args(part) if isinstance(value, str)}

    assert set(KINDS) == values(Problem, "kind")
    assert set(SIMILARITY) == values(Similarity, "answer") >= values(Answers, "similarity")
    assert (set(BUDGET), set(DOMAIN)) == (values(Answers, "budget"), values(Answers, "domain"))
    sizes = [Answers(images=images).size for images in (SMALL - 1, SMALL, LARGE, LARGE + 1)]
    assert sizes == ["small", "medium", "medium", "large"] and set(sizes) == set(SIZES)
    assert SIZES["medium"] == "from 1,000 to 10,000"


def test_every_strategy_has_its_own_symbol_and_runs_of_one_differ_in_filling() -> None:
    known = [mark_of(name) for name in MARKS]
    assert len({mark.symbol for mark in known}) == len(known)
    assert len({mark.slot for mark in known}) == min(len(known), len(LIGHT.strategies)), "shared once all are taken"
    assert {*get_args(Symbol), mark_of("not yet known").symbol} == set(PATHS)
    assert mark_of("not yet known").symbol not in {mark.symbol for mark in known}
    first, second = marks(["fine_tune_all", "fine_tune_all"])
    assert first.color == second.color and first.marker != second.marker


def test_rows_hold_each_run_against_the_chosen_one() -> None:
    rows = run_rows(THREE, compared(), {"r0": 5, "r1": None, "r2": 7})
    assert [row.taken for row in rows] == [False, True, False]
    assert [row.lead and round(row.lead.value, 3) for row in rows] == [0.006, None, -0.067]
    assert [row.sure for row in rows] == [False, False, True] and [row.model_bytes for row in rows] == [5, None, 7]


def test_recipes_differ_where_runs_that_have_a_setting_differ() -> None:
    probe, tuned = run("a", "linear_probe"), run("b", "fine_tune_all", epochs=5, lr=0.01, smoothing=0.1)
    found = differences([probe, tuned])
    assert set(found.apart) == {"Strategy"} and found.shared["Weights"] == "w" and "Epochs" not in found.shared
    assert found.some["Epochs"] == "5" and found.some["Label smoothing"] == "0.1", "the solver's run has neither"
    other = differences([tuned, run("c", "fine_tune_all", epochs=7, lr=0.01), probe])
    assert other.apart["Epochs"] == ("5", "7", NONE) and "Strategy" in other.apart
    assert "Version" not in found.apart
    assert not differences([tuned]).apart


def test_what_is_taken_for_what() -> None:
    first, second = np.array([[5, 3, 0], [1, 0, 4], [0, 0, 0]]), np.array([[0, 0, 9], [1, 0, 4], [0, 0, 0]])
    assert [(each.label, each.predicted, each.first, each.second) for each in mixed(first, second)] == [
        (0, 2, 0, 9),
        (1, 2, 4, 4),
        (0, 1, 3, 0),
        (1, 0, 1, 1),
    ]
    assert most_confused(first, ["cat", "dog", "emu"]) == "Most often dog is taken for emu: 4 of 5."
    assert most_confused(np.diag([3, 2]), ["cat", "dog"]) == "No test image is taken for another class."
    assert shares(first).tolist() == [[0.625, 0.375, 0.0], [0.2, 0.0, 0.8], [0.0, 0.0, 0.0]]


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize(("low", "high"), [(0.01, 0.3), (2.0, 400.0), (0.0, 9_000.0), (5.0, 5.5)])
def test_time_ticks_are_few_and_inside(low: float, high: float, log: bool) -> None:
    ticks = ticks_of(max(low, 0.005), high, "time", log=log)
    assert len(ticks) <= 6 and all(low <= tick <= high + 1e-9 for tick in ticks)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.5, "0.5\u202fs"), (20, "20\u202fs"), (300, "5\u202fmin"), (7_200, "2\u202fh")]
)
def test_moments_of_an_axis(seconds: float, said: str) -> None:
    assert moment(seconds) == said


def test_ticks_that_lie_evenly_have_one_unit() -> None:
    assert scale([15.0, 80.0], "time").axis("Time")["ticktext"][-1] == "80\u202fs", "not 1.33333 min"


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
