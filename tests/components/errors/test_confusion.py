"""Confusion matrices: what is drawn, what is taken from the browser, whose images a cell has."""

from typing import Any

import pytest

from components.errors.confusion import Cell, drawing, groups, in_hand
from tests.components.errors.two_runs import two_runs
from transfer_core.workspace import Workspace


def test_the_difference_is_second_minus_first_in_images(opened: Workspace) -> None:
    dataset, comparison = two_runs(opened)
    data = drawing(dataset, comparison, ("linear_probe", "fine_tune_all"), Cell(panel="first", label=0, predicted=1))
    first, second, difference = data["panels"]
    assert [first["matrix"][0], second["matrix"][0], difference["matrix"][0]] == [[4, 26, 0], [26, 4, 0], [22, -22, 0]]
    assert data["selected"] == {"panel": "first", "label": 0, "predicted": 1}
    assert len(drawing(dataset, comparison, ("linear_probe",), None)["panels"]) == 1


@pytest.mark.parametrize(
    ("said", "runs", "expected"),
    [
        ({"panel": "second", "label": 2, "predicted": 0}, 2, Cell(panel="second", label=2, predicted=0)),
        ({"panel": "second", "label": 2, "predicted": 0}, 1, Cell(panel="first", label=2, predicted=0)),
        ({"panel": "third", "label": 2, "predicted": 0}, 2, None),
        ({"panel": "first", "label": 3, "predicted": 0}, 2, None),
        ({"panel": "first", "label": True, "predicted": 0}, 2, None),
        ({"panel": "first", "label": "0", "predicted": 0}, 2, None),
        (None, 2, None),
    ],
)
def test_only_cells_of_the_matrix_are_taken_from_the_browser(said: Any, runs: int, expected: Cell | None) -> None:
    assert in_hand(said, 3, runs) == expected


def test_images_of_either_run_are_told_apart(opened: Workspace) -> None:
    runs = ("linear_probe", "fine_tune_all")
    found = [opened.comparisons.confused(run, 0, 1, beside=[other for other in runs if other != run]) for run in runs]
    parts = groups(found, runs, ("A", "B"), Cell(panel="difference", label=0, predicted=1))
    assert {whose: len(seen) for whose, seen in parts.items()} == {"by B alone": 4, "by A alone": 26}
    assert all([call.run for call in seen.calls] == list(runs) for part in parts.values() for seen in part)
    (both,) = groups([found[0], found[0]], runs, ("A", "B"), Cell(panel="difference", label=0, predicted=1))
    assert both == "by both"
