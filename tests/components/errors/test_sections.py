"""What runs get wrong, as the Compare page shows it: cells and their images, classes, differences, doubtful labels."""

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import state
from components.errors import classes as errors_classes
from components.errors import disagreement, labels, reliability
from components.errors.confusion import Cell, drawing, groups, in_hand, listed
from tests.components.finished_runs import CLASSES, LABELS, NAMED, fill, predictions
from transfer_core import words
from transfer_core.compare.classes import class_scores
from transfer_core.compare.statistics import score
from transfer_core.presentation.confusions import mixed
from transfer_core.types import Comparison, Dataset
from transfer_core.workspace import Workspace


@pytest.fixture
def opened(workspace_folder: Path) -> Iterator[Workspace]:
    st.cache_data.clear()
    workspace = Workspace(workspace_folder)
    fill(workspace)
    yield workspace
    workspace.close()


def _page(workspace: Workspace, section: str, *runs: str) -> AppTest:
    def page(workspace, section, runs):  # AppTest runs its source, without this file's imports
        from components.errors.sections import errors_view

        errors_view(workspace, workspace.datasets.get("d"), workspace.comparisons.make(runs), section=section)

    return AppTest.from_function(page, default_timeout=30, args=(workspace, section, runs))


def _drawn(page: AppTest) -> dict[str, Mapping[str, Any]]:
    """What the elements of our own got, by their names and keys."""
    found = [element.proto for element in page.get("bidi_component")]
    return {f"{proto.component_name} {proto.id}": json.loads(proto.json) for proto in found}


def _tiles(page: AppTest) -> list[str]:
    """The HTML of every gallery."""
    return [data["html"] for name, data in _drawn(page).items() if name.endswith("_tiles")]


def test_a_cell_shows_its_images_and_what_both_runs_say(opened: Workspace) -> None:
    page = _page(opened, "classes", "linear_probe", "fine_tune_all")
    page.session_state[state.errors_pair.key] = ("linear_probe", "fine_tune_all")
    page.session_state[state.confusion_cell.of("d").key] = {"panel": "first", "label": 0, "predicted": 1}
    page.run()
    assert not page.exception
    (tiles,) = _tiles(page)
    assert tiles.count("<figure") == 24, "the first 24 of 26"
    assert "Linear probe: =dog" in tiles and "Fine-tune everything: &lt;b&gt;cat" in tiles and "<b>cat" not in tiles
    page.button[-1].click().run()
    assert _tiles(page)[0].count("<figure") == 26
    page.session_state[state.confusion_cell.of("d").key] = {"panel": "difference", "label": 0, "predicted": 1}
    page.run()
    assert _tiles(page)[0].count("<figure") == 4, "those that the second run alone takes for dogs"


@pytest.mark.parametrize("runs", [("linear_probe",), ("linear_probe", "fine_tune_all"), tuple(NAMED)])
@pytest.mark.parametrize("section", ["classes", "images"])
def test_every_part_stands_for_any_number_of_runs(opened: Workspace, section: str, runs: tuple[str, ...]) -> None:
    page = _page(opened, section, *runs).run()
    assert not page.exception
    said = " ".join(element.value for element in (*page.markdown, *page.caption))
    if section == "images":
        assert ("Two runs are needed" in said) == (len(runs) == 1)
        assert ("Northcutt" in said) == (len(runs) > 1)
    assert len(_tiles(page)) == (1 if section == "classes" or len(runs) == 1 else 3)


def test_what_was_deleted_in_another_tab_is_said_and_breaks_nothing(opened: Workspace) -> None:
    page = _page(opened, "images", "linear_probe", "fine_tune_all").run()
    shutil.rmtree(opened.root / "datasets" / "d")
    page.run()
    assert not page.exception and "cannot be shown" in _tiles(page)[0]
    comparison = opened.comparisons.make(("linear_probe", "fine_tune_all"))
    shutil.rmtree(opened.root / "runs" / "linear_probe")
    st.cache_data.clear()

    def gone(workspace, comparison):
        from components.errors.sections import errors_view

        for section in ("classes", "images"):
            errors_view(workspace, workspace.datasets.get("d"), comparison, section=section)

    page = AppTest.from_function(gone, default_timeout=30, args=(opened, comparison)).run()
    assert not page.exception
    assert any("no predictions" in note.value for note in page.info)


def _comparison(workspace: Workspace) -> tuple[Dataset, Comparison]:
    return workspace.datasets.get("d"), workspace.comparisons.make(("linear_probe", "fine_tune_all"))


def test_the_difference_is_second_minus_first_in_images(opened: Workspace) -> None:
    dataset, comparison = _comparison(opened)
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


def test_pairs_are_listed_by_how_often_they_are_mixed_up() -> None:
    first, second = np.array([[5, 1, 0], [4, 5, 0], [0, 0, 9]]), np.array([[5, 0, 0], [2, 5, 0], [7, 0, 9]])
    html = listed(CLASSES, [("linear_probe", "A"), ("linear_svm", "<i>")], mixed(first, second))
    assert re.findall(r'data-cell="(.*?)"', html) == ["2-0", "1-0", "0-1"]
    assert html.count("<button") == 3 and "\N{MINUS SIGN}2" in html and "+7" in html
    assert "<b>cat" not in html and "<i>" not in html


def test_two_hundred_classes_are_pairs_instead_of_cells(opened: Workspace) -> None:
    many = tuple(f"class {i}" for i in range(200))

    def page(workspace, classes):
        from dataclasses import replace

        import numpy as np

        from components.errors.sections import errors_view

        dataset, comparison = workspace.datasets.get("d"), workspace.comparisons.make(("linear_probe", "fine_tune_all"))
        scores = tuple(
            replace(score, confusion=np.pad(score.confusion, (0, len(classes) - 3))) for score in comparison.scores
        )
        errors_view(workspace, replace(dataset, classes=classes), replace(comparison, scores=scores), section="classes")

    drawn = AppTest.from_function(page, default_timeout=30, args=(opened, many)).run()
    assert not drawn.exception
    names = " ".join(_drawn(drawn))
    assert "graft_confused_pairs" in names and "graft_confusion " not in names


def test_a_class_has_its_figures_of_both_runs(opened: Workspace) -> None:
    _, comparison = _comparison(opened)
    scores = [class_scores(comparison.score(run).confusion) for run in ("linear_probe", "fine_tune_all")]
    html = errors_classes.table(CLASSES, [("linear_probe", "A"), ("fine_tune_all", "B")], scores)
    cat = html.split("<tr>")[-3]
    assert "13.3" in cat and "86.7" in cat and "+73.3" in cat and 'data-sort="0.13333"' in cat
    assert "<b>cat" not in html
    absent = class_scores(np.zeros((3, 3), dtype=np.int64))
    assert "none" in errors_classes.table(CLASSES, [("linear_probe", "A")], [absent])


def test_the_net_effect_is_in_words_with_its_interval(opened: Workspace) -> None:
    _, comparison = _comparison(opened)
    found = opened.comparisons.disagreement("linear_probe", "fine_tune_all")
    pair = comparison.pair("fine_tune_all", "linear_probe")
    said = disagreement.words(found, pair, ("A*", "B"), images=comparison.images, pairs=1)
    assert "**B** fixes **26** of the images that **A\\*** has wrong, and breaks **4**" in said
    assert "net +22 of 64 images, +34.4 points (+1" in said and said.endswith("which is more than luck.")
    back = disagreement.words(
        opened.comparisons.disagreement("fine_tune_all", "linear_probe"),
        pair.seen_from("linear_probe"),
        ("B", "A"),
        images=64,
        pairs=1,
    )
    assert "net \N{MINUS SIGN}22 of 64" in back and "\N{MINUS SIGN}34.4 points" in back


def test_likely_label_errors_are_saved_without_formulas(opened: Workspace) -> None:
    dataset, comparison = _comparison(opened)
    found = opened.comparisons.label_errors(("linear_probe", "fine_tune_all"))
    rows = list(csv.DictReader(io.StringIO(labels.table(dataset, comparison, found, {}).decode("utf-8-sig"))))
    assert tuple(rows[0]) == labels.COLUMNS
    assert [row["file"] for row in rows] == [f"'=animals/{seen.sample}.png" for seen in found]
    assert {row["split"] for row in rows} == {"test"} and "Linear probe; Fine-tune everything" in rows[0]["runs"]
    mean = np.mean([call.confidence for call in found[0].calls])
    assert float(rows[0]["probability of the suggestion"]) == pytest.approx(mean, abs=1e-4)
    assert [words.cell(cell) for cell in ("+1", "-1", "@x", "a=b")] == ["'+1", "'-1", "'@x", "a=b"]


def test_the_pair_at_first_is_the_choice_and_the_best_other_strategy(opened: Workspace) -> None:
    comparison = opened.comparisons.make(tuple(NAMED))
    first, second = comparison.rival, comparison.verdict.choice
    others = [each for each in comparison.scores if each.run != second]
    assert comparison.score(first).accuracy == max(each.accuracy for each in others)
    assert disagreement.kept(("linear_probe", "gone"), list(NAMED)) is None
    assert disagreement.kept(("linear_probe", "linear_svm"), list(NAMED)) == ("linear_probe", "linear_svm")


def test_calibration_is_said_by_how_much_and_in_which_direction() -> None:
    named = np.where(np.arange(len(LABELS)) % 2 == 0, LABELS, (LABELS + 1) % 3)  # half of them right, 85 % sure
    sure = score("r", predictions(named), 3)
    said = reliability.said("Probe*", sure)
    gap = 100 * (sure.confidence - sure.accuracy)
    assert said.startswith(rf"**Probe\*** is too sure of itself, by {gap:.1f} points") and gap > 20
    assert "too unsure of itself" in reliability.said("P", score("r", predictions(LABELS), 3))
