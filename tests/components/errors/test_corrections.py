"""Marking images on the Compare page, and the corrected version that is made from the marks."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from components import shell, state
from components.errors import corrections, labels
from components.errors.label_marks import wishes
from tests.components.finished_runs import filled
from tests.database import database
from transfer_core.types import Mark
from transfer_core.workspace import Workspace

BOTH = ("linear_probe", "linear_svm")


@pytest.fixture
def opened(workspace_folder: Path) -> Iterator[Workspace]:
    with filled(workspace_folder) as workspace:
        _add_training_images(workspace)
        yield workspace


def _add_training_images(workspace: Workspace) -> None:
    """Two of each class, behind the 64 test images that the runs know."""
    files = tuple(f"{64 + i}.png" for i in range(6))
    for file in files:
        Image.new("RGB", (8, 8)).save(workspace.root / "datasets" / "d" / "samples" / file)
    with database(workspace) as store:
        old = store.dataset("d")
        names = ("groups", "widths", "heights")
        new: dict[str, Any] = {name: np.r_[getattr(old, name), np.arange(64, 70)] for name in names}
        new["created"] = old.created + 1  # by which a workspace knows that it is another
        new["labels"], new["splits"] = np.r_[old.labels, 0, 0, 1, 1, 2, 2], np.r_[old.splits, np.zeros(6, dtype=int)]
        store.add_dataset(replace(old, paths=(*old.paths, *files), files=(*old.files, *files), **new))


@pytest.fixture
def page(opened: Workspace) -> AppTest:
    def script(workspace, runs):  # AppTest runs its source, without this file's imports
        from components.errors.sections import errors_view

        errors_view(workspace, workspace.datasets.get("d"), workspace.comparisons.make(runs), section="images")

    return AppTest.from_function(script, default_timeout=30, args=(opened, BOTH))


def _tiles(page: AppTest) -> list[Mapping[str, Any]]:
    """What the galleries with choices got."""
    found = [element.proto for element in page.get("bidi_component")]
    return [json.loads(proto.json) for proto in found if proto.component_name.endswith("graft_label_marks")]


def _said(page: AppTest) -> str:
    return " ".join(element.value for element in (*page.markdown, *page.caption, *page.error, *page.info))


def _keys(page: AppTest) -> set[str]:
    return {button.key for button in page.button}


def _suspects(workspace: Workspace) -> list[Mark]:
    """The images that both runs suggest another class for, with it."""
    return [
        Mark(sample=seen.sample, label=seen.calls[0].predicted) for seen in workspace.comparisons.label_errors(BOTH)
    ]


def _finish(workspace: Workspace) -> None:
    (job,) = workspace.jobs.list(kind="correct", active=True)
    for _ in workspace.jobs.drive(job.id):
        pass


def test_suggestions_are_decided_on_one_by_one(opened: Workspace, page: AppTest) -> None:
    dataset = opened.datasets.get("d")
    first, second = _suspects(opened)[:2]
    page.run()
    assert not page.exception and not _tiles(page) and "corrections_make" not in _keys(page)
    assert "Suggestion 1 of 2, a test image" in _said(page) and "expect about" in _said(page)
    assert "Labelled **owl**. Is it **\\<b\\>cat" in _said(page)
    assert [page.button(key=f"errors_label_{name}").proto.shortcut for name in ("accept", "keep", "drop", "skip")] == [
        *("1", "2", "3", "4")
    ]
    page.button(key="errors_label_accept").click().run()
    assert "Suggestion 2 of 2" in _said(page)
    page.button(key="errors_label_drop").click().run()
    assert opened.corrections.marks(dataset) == tuple(
        sorted((first, Mark(sample=second.sample, label=None)), key=lambda mark: mark.sample)
    )
    assert "All suggestions are looked at" in _said(page)
    assert "**2 images marked:** 1 gets another label, 1 is dropped." in _said(page)
    assert "easier for them" in _said(page), "the caution stands where the version is made"


def test_each_step_is_taken_back_and_what_was_skipped_comes_again(opened: Workspace, page: AppTest) -> None:
    dataset, suspects = opened.datasets.get("d"), _suspects(opened)
    page.run()
    assert page.button(key="errors_label_undo").disabled
    page.button(key="errors_label_keep").click().run()
    page.button(key="errors_label_skip").click().run()
    assert "All suggestions are looked at" in _said(page) and opened.corrections.marks(dataset) == ()
    page.button(key="errors_label_again").click().run()
    assert "Suggestion 2 of 2" in _said(page)
    page.button(key="errors_label_accept").click().run()
    assert opened.corrections.marks(dataset) == (suspects[1],)
    page.button(key="errors_label_undo").click().run()
    assert opened.corrections.marks(dataset) == () and "Suggestion 2 of 2" in _said(page)
    page.button(key="errors_label_undo").click().run()
    assert "Suggestion 1 of 2" in _said(page) and page.button(key="errors_label_undo").disabled
    assert not page.exception


def test_marks_are_cleared_and_brought_back(opened: Workspace, page: AppTest) -> None:
    dataset, suspects = opened.datasets.get("d"), _suspects(opened)
    opened.corrections.mark(dataset, suspects)
    page.run()
    assert "All suggestions are looked at" in _said(page), "what was marked in an earlier visit is decided"
    page.button(key="corrections_clear").click().run()
    assert opened.corrections.marks(dataset) == ()
    page.button(key="corrections_back").click().run()
    assert opened.corrections.marks(dataset) == tuple(sorted(suspects, key=lambda mark: mark.sample))
    assert "corrections_back" not in _keys(page) and not page.exception


def test_a_version_is_made_and_trained_on(opened: Workspace, page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[str] = []
    monkeypatch.setattr(shell, "go", went.append)
    opened.corrections.mark(opened.datasets.get("d"), _suspects(opened)[:1])
    page.run()
    page.button(key="corrections_make").click().run()
    assert "Making **Animals, 1 corrected**" in _said(page).replace("\\", "") and "corrections_cancel" in _keys(page)
    _finish(opened)
    page.run()
    assert "**Animals, 1 corrected**" in _said(page).replace("\\", "") and "corrections_make" not in _keys(page)
    new = opened.datasets.list()[0]
    page.button(key="corrections_train").click().run()
    assert not page.error, page.error[0].value
    assert went == ["train"] and page.session_state[state.dataset.key] == new.id and not page.exception
    assert {run.recipe.strategy for run in opened.runs.list(new.id)} == set(BOTH)
    assert all(run.status == "done" for run in opened.runs.list("d")), "old runs keep naming the old dataset"


def test_what_cannot_be_made_is_said_beside_the_button(opened: Workspace, page: AppTest) -> None:
    dataset = opened.datasets.get("d")
    opened.corrections.mark(dataset, [Mark(sample=sample, label=None) for sample in range(64)])
    page.run()
    page.button(key="corrections_make").click().run()
    assert "No test image" in page.error[0].value and opened.corrections.job(dataset) is None


def test_a_job_that_failed_says_why_until_the_marks_change(opened: Workspace, page: AppTest) -> None:
    dataset, suspects = opened.datasets.get("d"), _suspects(opened)
    opened.corrections.mark(dataset, suspects[:1])
    opened.corrections.submit(dataset)
    (opened.root / "datasets" / "d" / "samples" / dataset.files[3]).unlink()
    _finish(opened)
    page.run()
    assert "cannot be taken over" in page.error[0].value and "corrections_make" in _keys(page)
    opened.corrections.mark(dataset, suspects[1:2])
    page.run()
    assert not page.error


def test_what_is_marked_can_be_looked_at_and_changed(opened: Workspace, page: AppTest) -> None:
    opened.corrections.mark(opened.datasets.get("d"), [Mark(sample=45, label=0)])
    page.run()
    assert any(box.label == "Look at what is marked" for box in page.expander)
    page.session_state["corrections_marked_d"] = True
    page.run()
    (tiles,) = _tiles(page)
    assert tiles["marks"] == {"45": "0"} and 'data-sample="45" data-label="1"' in tiles["html"]
    assert "<b>cat" not in tiles["html"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"3": "1", "69": "drop", "0": "keep"}, [(3, 1), (69, None), (0, 0)]),
        ({"70": "drop", "-1": "drop", "x": "drop", "3": "3", "4": "-1", "5": 1, "6": None, "7": ""}, []),
        (["3"], []),
        (None, []),
    ],
)
def test_only_what_makes_sense_is_taken_from_the_browser(
    said: Any, expected: list[tuple[int, int | None]], opened: Workspace
) -> None:
    assert [(mark.sample, mark.label) for mark in wishes(said, opened.datasets.get("d"))] == expected


def test_marks_are_in_the_list_that_is_saved(opened: Workspace) -> None:
    dataset, comparison, suspects = opened.datasets.get("d"), opened.comparisons.make(BOTH), _suspects(opened)
    marks = {suspects[0].sample: Mark(sample=suspects[0].sample, label=1)}
    marks |= {suspects[1].sample: Mark(sample=suspects[1].sample, label=None)}
    table = labels.table(dataset, comparison, opened.comparisons.label_errors(BOTH), marks).decode("utf-8-sig")
    rows = [(row["new label"], row["drop"]) for row in csv.DictReader(io.StringIO(table))]
    assert rows[:2] == [("'=dog", ""), ("", "yes")] and set(rows[2:]) <= {("", "")}


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        ([(0, 1)], "**1 image marked:** 1 gets another label."),
        ([(0, None), (1, None)], "**2 images marked:** 2 are dropped."),
        ([], "**No image is marked.**"),
    ],
)
def test_marks_in_words(marks: list[tuple[int, int | None]], said: str) -> None:
    assert corrections.words([Mark(sample=sample, label=label) for sample, label in marks]) == said
