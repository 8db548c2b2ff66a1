"""What runs get wrong, as the Compare page shows it: cells and their images, classes, differences, doubtful labels."""

import json
import shutil
from collections.abc import Mapping
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from components import state
from tests.components.finished_runs import NAMED
from transfer_core.workspace import Workspace


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
        assert ("Northcutt" in said) == ("Suggestion 1 of 2" in said) == (len(runs) > 1)
    assert len(_tiles(page)) == (1 if section == "classes" or len(runs) == 1 else 2)


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
