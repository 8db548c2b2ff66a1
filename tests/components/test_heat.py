"""Where the evidence is, as Predict and Compare show it: drawn on demand, for either class."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tests.components.finished_runs import CLASSES, filled
from tests.components.maps import picture
from tests.database import database
from transfer_core.data.answers import Answers, Said
from transfer_core.data.decoding import Look, Shape
from transfer_core.jobs.tasks.predict import answers_folder
from transfer_core.types import Doubt
from transfer_core.workspace import Workspace


def answered(workspace: Workspace, job: str, count: int, *, mapped: bool = True, side: int = 4) -> None:
    """Leaves what the run "linear_probe" said of so many pictures: the second of three classes."""
    looks = [Look(name=f"folder/=*{row}*.jpg", thumbnail=picture()) for row in range(count)]
    maps = np.zeros((count, 2, side, side), np.float32) + np.float32(0.1)
    found = (np.tile([1, 0], (count, 1)), maps, np.zeros((count, 0)))
    doubts, shapes = (
        [Doubt(accuracy=0.95, threshold=0.5, answered=1.0, images=9)],
        [Shape(resize_px=100, crop_px=80, fit="crop")],
    )
    with Answers(answers_folder(workspace.root, job), ["linear_probe"], CLASSES, doubts, shapes) as answers:
        said = np.tile([0.1, 0.8, 0.1], (count, 1))
        answers.add(looks, [Said(probabilities=said, unlike=np.zeros(count, bool), heat=found if mapped else None)])
        answers.save(count)


@pytest.fixture
def opened(workspace_folder: Path) -> Iterator[Workspace]:
    with filled(workspace_folder) as workspace:
        yield workspace


def _answer_page(workspace: Workspace, job: str) -> AppTest:
    def page(workspace, job):  # AppTest runs its source, without this file's imports
        from components.predict.prediction import one_answer

        one_answer(workspace, job, workspace.predictions.get(job), ["Linear probe"])

    return AppTest.from_function(page, default_timeout=30, args=(workspace, job))


def test_it_is_drawn_on_demand_for_either_class(opened: Workspace) -> None:
    answered(opened, "j", 1)
    page = _answer_page(opened, "j").run()
    assert not page.exception and not page.radio
    page.toggle(key="heat_on").set_value(True).run()
    assert not page.exception
    (classes,) = page.radio
    assert len(classes.options) == 2 and "80" in classes.options[0]
    assert any("against all other classes" in each.value for each in page.caption)
    classes.set_value(1).run()
    assert any("cat" in each.value for each in page.caption) and not page.exception


def test_where_there_is_no_map_it_says_why(opened: Workspace) -> None:
    answered(opened, "many", 1, mapped=False)
    page = _answer_page(opened, "many").run()
    assert page.toggle(key="heat_on").disabled and not page.exception
    answered(opened, "small", 1, side=0)
    page = _answer_page(opened, "small").run()
    page.toggle(key="heat_on").set_value(True).run()
    assert any("no map" in each.value for each in page.info) and not page.exception


def _mistakes(workspace: Workspace) -> AppTest:
    def page(workspace):
        from components.errors.sections import errors_view

        errors_view(
            workspace, workspace.datasets.get("d"), workspace.comparisons.make(("linear_probe",)), section="images"
        )

    return AppTest.from_function(page, default_timeout=30, args=(workspace,))


def test_mistakes_stand_with_the_evidence_for_both_classes(opened: Workspace) -> None:
    page = _mistakes(opened).run()
    page.toggle(key="errors_heat").set_value(True).run()
    (job,) = opened.jobs.list(kind="predict", active=True)
    assert len(job.payload["sources"]) == 24 and set(job.payload["labels"]) <= {0, 1, 2} and not page.exception
    answered(opened, job.id, 24)
    with database(opened) as store:
        store.finish(job.id, "done", result={"images": 24, "unreadable": 0, "of": 24})
    page.run()
    assert not page.exception
    drawn = [json.loads(each.proto.json)["html"] for each in page.get("bidi_component")]
    (pairs,) = [html for html in drawn if "tiles pairs" in html]
    assert pairs.count("<figure") == 24 and pairs.count("<img") == 48
    assert "named: =dog" in pairs and "label: &lt;b&gt;cat" in pairs and "<b>cat" not in pairs


def test_a_failed_search_says_why_and_can_be_tried_again(opened: Workspace) -> None:
    page = _mistakes(opened).run()
    page.toggle(key="errors_heat").set_value(True).run()
    (job,) = opened.jobs.list(kind="predict", active=True)
    with database(opened) as store:
        store.finish(job.id, "failed", error="The model of run x is damaged. Train it again.")
    page.run()
    assert any("damaged" in each.value for each in page.error) and not page.exception
    page.button(key="errors_heat_again").click().run()
    assert len(opened.jobs.list(kind="predict")) == 2 and not page.exception
