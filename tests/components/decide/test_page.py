"""The Decide page: what it keeps, and what its buttons launch."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from components import shell, state
from components.decide import estimates as estimates_view
from components.kit.backbone_picker import OWN
from tests.components.decide.known import MEASURED, PILOTS, SAID
from tests.components.finished_runs import Finish
from tests.database import database
from transfer_core.decision import decide
from transfer_core.types import (
    Dataset,
    Said,
)
from transfer_core.workspace import Workspace

PAGE = Path(__file__).resolve().parents[3] / "pages" / "decide.py"


def _page(monkeypatch: pytest.MonkeyPatch) -> tuple[AppTest, list[str]]:
    went: list[str] = []
    monkeypatch.setattr(shell, "go", went.append)
    page = AppTest.from_file(str(PAGE), default_timeout=20)
    page.session_state[state.opened.key] = True
    return page, went


def _ended(workspace: Workspace, dataset: Dataset, kind: Any, result: dict[str, Any], **how: Any) -> None:
    payload = {"dataset": dataset.id, "backbone": (first := workspace.backbones.get()).name, "weights": first.weights}
    payload |= {"seconds": 120.0} if kind == "pilot" else {}
    id = f"{kind}{len(workspace.jobs.list())}"
    with database(workspace) as store:
        store.add_job(id=id, kind=kind, payload=payload, lane="x", dataset=dataset.id, recipe="")
        store.finish(id, **({"status": "done", "result": result} | how))


def test_measuring_and_pilots_are_jobs_that_the_page_starts_and_stops(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = _page(monkeypatch)
    page.run()
    assert not page.exception
    page.button(key="start_measure").click().run()
    page.selectbox(key="pilot_budget_box").set_value("30 s").run()
    page.button(key="start_pilot").click().run()
    assert [(job.kind, job.payload.get("seconds")) for job in opened.jobs.list(active=True)] == [
        ("pilot", 30),
        ("measure", None),
    ]
    page.button(key="stop_measure").click().run()
    assert page.button(key="start_measure").label == "Measure my images"
    assert [info.value for info in page.info] == ["Measuring was stopped before it ended."]
    assert not page.exception


def test_what_was_said_is_there_in_the_next_visit(opened: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = opened.datasets.get(opened.datasets.list()[0].id)
    _ended(opened, dataset, "measure", asdict(MEASURED))
    opened.studies.say(dataset, Said(similarity="different", budget="ample", domain="yes"))
    first, _ = _page(monkeypatch)
    first.run()
    first.select_slider(key=f"{estimates_view.SLIDER}_{dataset.id}").set_value("5 min").run()
    kept = Said(similarity="different", budget="ample", domain="yes", seconds=300, backbone="efficientnet_lite0")
    assert opened.studies.said(dataset) == kept
    again, _ = _page(monkeypatch)
    again.run()
    assert again.select_slider(key=f"{estimates_view.SLIDER}_{dataset.id}").value == "5 min" and not again.exception
    assert again.button(key="add_own").label == "Add its weights"
    again.session_state[state.choosing_backbone.key] = OWN  # as the button leaves it
    again.run()
    assert not again.exception and any(box.label == "Its architecture" for box in again.selectbox)
    with database(opened) as store:  # as kept before there was a fourth question
        store.say(dataset.id, {"similarity": "similar", "budget": None, "seconds": None, "backbone": "bundled"})
    assert opened.studies.said(dataset) == Said(similarity="similar", backbone="bundled")


def test_launching_keeps_to_the_time_limit_and_all_four_are_one_click(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = opened.datasets.get(opened.datasets.list()[0].id)
    slow = replace(PILOTS, recommended="fine_tune_all", tied=("fine_tune_all",), trials=PILOTS.trials[:1])
    slow = replace(slow, trials=(replace(slow.trials[0], strategy="fine_tune_all"),))
    _ended(opened, dataset, "measure", asdict(MEASURED))
    _ended(opened, dataset, "pilot", asdict(slow))
    _ended(opened, dataset, "measure", {}, status="failed", error="No *memory* left.")
    page, went = _page(monkeypatch)
    page.run()
    page.select_slider(key=f"{estimates_view.SLIDER}_{dataset.id}").set_value("1 min").run()
    assert not page.exception
    assert [error.value for error in page.error] == [r"No \*memory\* left\."]
    page.button(key="launch").click().run()
    epochs = next(plan for plan in decide(SAID, MEASURED, slow, 60.0).plans if plan.strategy == "fine_tune_all").epochs
    assert [(run.recipe.strategy, run.recipe.epochs) for run in opened.runs.list()] == [("fine_tune_all", epochs)]
    assert 0 < epochs < 20
    assert went == ["train"]
    page.button(key="launch_four").click().run()
    assert {run.recipe.strategy for run in opened.runs.list()} == {
        *("linear_probe", "linear_svm", "fine_tune_all", "from_scratch")  # one of each scenario
    }


def test_it_says_what_was_trained_so_far_and_the_button_leads_to_the_run_that_is_there(
    opened: Workspace, dataset: Dataset, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> str:
        return " ".join(each.value for each in page.caption).replace("\\", "")

    own = opened.runs.submit_by_itself(opened.recipes.make(dataset, "linear_probe", per_class=5))
    page, went = _page(monkeypatch)
    page.run()
    assert "A first model, “Linear probe” on 15 of 42 images, waits for its turn." in said()
    assert "timing…" in said() and page.button(key="launch").label == "Launch recommended"
    page.button(key="stop_under_way").click().run()
    assert opened.runs.get(own).status == "stopped" and "A first model" not in said()

    finish("linear_svm", 3)
    page.run()
    assert "Best so far: “Linear SVM on an earlier layer” has " in said()
    assert "is not measured; pilots can tell" in said()
    page.button(key="launch").click().run()
    (run,) = opened.runs.list(dataset.id, active=True)
    assert run.recipe.strategy == "linear_probe" and not run.by_itself and went == ["train"]
    page.run()
    assert page.button(key="launch").label == "Watch it train"


def test_what_counts_is_asked_there_and_what_was_reached_is_said_of_it(
    opened: Workspace, dataset: Dataset, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> str:
        return " ".join(each.value for each in page.caption).replace("\\", "")

    _ended(opened, dataset, "measure", asdict(MEASURED))
    finish("linear_svm", 3)
    finish("linear_probe", 1)
    page, _ = _page(monkeypatch)
    page.run()
    assert "Best so far: “Linear probe” has " in said() and "of the validation images right" in said()
    box = page.selectbox(key=f"goal_decide_{dataset.id}_kind")
    box.set_value("macro_f1").run()
    assert opened.studies.goal(dataset).kind == "macro_f1" and not page.exception
    assert "Best so far: “Linear probe” has a macro-F1 of " in said()
    opened.studies.count(dataset, f"recall:{dataset.classes[0]}")
    again, _ = _page(monkeypatch)
    again.run()
    page = again
    assert f" of “{dataset.classes[0]}” on the validation images, at 90" in said() and not page.exception
    page.button(key="launch").click().run()
    (run,) = opened.runs.list(dataset.id, active=True)
    assert run.recipe.goal == f"recall:{dataset.classes[0]}@0.9", "the epoch that is kept follows it"
