"""What the browser's tab says, and what a page shows of a link that leads nowhere."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from components import state
from components.kit.tab import ended
from tests.components.finished_runs import Finish
from tests.database import database
from transfer_core.types import Dataset
from transfer_core.workspace import Workspace

PAGES = Path(__file__).resolve().parents[3] / "pages"


def page(name: str, **address: str) -> AppTest:
    found = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=30)
    found.session_state[state.opened.key] = True
    for key, value in address.items():
        found.query_params[key] = value
    return found


def tab(at: AppTest) -> Mapping[str, Any]:
    """What the tab's title was given."""
    told = [each.proto for each in at.get("bidi_component") if each.proto.component_name.endswith("graft_tab")]
    return dict(json.loads(told[0].json))


def test_an_end_that_the_session_sees_goes_to_the_tab_once(opened: Workspace, dataset: Dataset, finish: Finish) -> None:
    before = finish("linear_probe", 1)
    at = page("compare", dataset=dataset.id).run()
    assert tab(at) == {"ended": []}, "what ended before is no news"
    after = finish("linear_svm", 3, status="stopped")
    at.run()
    words = ended(opened, after.id)
    assert words.startswith("Stopped: Linear SVM on an earlier layer 6") and tab(at) == {
        "ended": [{"id": after.id, "words": words}]
    }
    opened.runs.delete(before.id)
    at.run()
    assert [each["id"] for each in tab(at)["ended"]] == [after.id] and not at.exception
    assert ended(opened, "none") == ""


def test_how_runs_stand_is_told_without_reading_them(opened: Workspace, dataset: Dataset, finish: Finish) -> None:
    run = finish("linear_probe", 1)
    with database(opened) as store:
        store.add_job(id="other", kind="train", payload={}, lane="cpu", dataset="another", recipe="")
        store.add_job(id="import", kind="import", payload={}, lane="short", dataset=dataset.id, recipe="")
    assert opened.runs.standing(dataset.id) == {run.id: "done"}
    assert opened.runs.standing() == {run.id: "done", "other": "queued"}
    opened.runs.delete(run.id)
    assert opened.runs.standing(dataset.id) == {}


@pytest.mark.parametrize("name", ["data", "decide", "train", "compare", "predict"])
def test_a_link_to_an_unknown_dataset_says_so_and_shows_nothing_of_another(
    name: str, opened: Workspace, dataset: Dataset, finish: Finish
) -> None:
    finish("linear_probe", 1)
    at = page(name, dataset="elsewhere").run()
    assert not at.exception and ["unknown in this workspace" in each.value for each in at.info] == [True]
    assert [box.value for box in at.selectbox] == [None] and not at.markdown and not at.caption and not at.button
    at.selectbox[0].set_value(dataset.id).run()
    assert not at.exception and not at.info and at.session_state[state.dataset.key] == dataset.id
    assert at.button
