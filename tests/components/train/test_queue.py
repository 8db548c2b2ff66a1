"""The table of runs: what a line says, what a launch leaves in view, with what the form opens."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components import shell, state
from components.kit.runs import kind_of
from components.train.queue import mean_and_spread
from tests.components.finished_runs import Finish
from tests.database import database
from tests.strategies.test_strategies import dataset as some_dataset
from transfer_core.types import Dataset, Repeats, Run
from transfer_core.workspace import Workspace

PAGE = Path(shell.__file__).parents[1] / "pages" / "train.py"


@pytest.fixture
def page(dataset: Dataset) -> AppTest:
    at = AppTest.from_file(str(PAGE), default_timeout=60)
    at.session_state[state.opened.key] = at.session_state[state.setup.of(dataset.id).key] = True
    return at


def test_repeats_in_words(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, write=False)
    made = workspace.recipes.repeated(some_dataset(), "linear_probe", folds=2, seeds=2)
    runs = tuple(
        Run(id=str(i), recipe=recipe, status="done", created=0, started=0, finished=0, device="cpu")
        for i, recipe in enumerate(made)
    )
    group = Repeats(runs=runs, mean=0.8123, spread=0.0131)
    assert kind_of(group) == "2 folds of 2 seeds"
    assert mean_and_spread(group).replace("\u202f", " ") == "81.2 % ± 1.3 points"


def test_a_launch_leaves_the_watched_run_in_view_and_waiting_is_told_from_running(
    opened: Workspace, dataset: Dataset, page: AppTest
) -> None:
    (first,) = opened.runs.submit([opened.recipes.make(dataset, "from_scratch")])
    with database(opened) as store:
        store.start(first, "cpu")
    page.run()
    page.button(key="launch").click().run()
    assert not page.exception and page.session_state[state.run.key] == first
    waiting = [run for run in opened.runs.list(dataset.id) if run.status == "queued"]
    assert len(waiting) == 1
    badges = " ".join(each.value for each in page.markdown)
    assert "1 running" in badges and "1 waiting" in badges
    opened.jobs.stop(first)
    with database(opened) as store:
        store.finish(first, "stopped")
    page.session_state[state.setup.of(dataset.id).key] = True  # it was folded
    page.session_state[state.run.key] = first  # what has ended is left for what was launched
    page.run()
    page.checkbox(key=page.session_state[state.form.key].key("take_small_cnn")).check()
    page.button(key="launch").click().run()
    assert page.session_state[state.run.key] not in ("", first)


def test_the_form_opens_with_what_graft_recommends_and_the_run_to_take_is_marked(
    opened: Workspace, dataset: Dataset, page: AppTest, finish: Finish
) -> None:
    good, bad = finish("fine_tune_top", wrong=0), finish("linear_probe", wrong=4)
    recommended = opened.studies.decided(dataset).strategy
    page.run()
    form = page.session_state[state.form.key]
    assert form.chosen == [recommended]
    known = {each.name: each.title for each in opened.strategies.list()}
    ticked = [box.label for box in page.checkbox if box.value]
    assert ticked == [known[recommended]]
    (badge,) = [each.value for each in page.caption if "Recommended" in each.value]
    assert opened.strategies.get(recommended).when in badge
    lines = [each.proto.body for each in page.get("html") if '"run-bar"' in each.proto.body]
    marked = ["The one to take" in line for line in lines]
    choice = opened.comparisons.choice(dataset)
    assert choice is not None and marked == [run == choice.id for run in (bad.id, good.id)]
    said = opened.studies.said(dataset)
    other = "fine_tune_all" if recommended != "fine_tune_all" else "linear_probe"
    page.checkbox(key=form.key(f"take_{other}")).check().run()
    assert set(page.session_state[state.form.key].chosen) == {recommended, other}, "what somebody ticks stays"
    assert opened.studies.said(dataset) == said


def test_curves_of_runs_that_train_and_have_ended_stand_in_one_chart(
    opened: Workspace, dataset: Dataset, page: AppTest, finish: Finish
) -> None:
    ended = finish("fine_tune_top", wrong=0)
    finish("linear_probe", wrong=4)
    opened.runs.rename(ended.id, "the *first* try")
    opened.remarks.tag(ended.id, ["paper"])
    page.session_state[state.setup.of(dataset.id).key] = False
    page.session_state[state.together.key] = True
    page.run()
    assert any("Pick some that have ended" in each.value for each in page.caption)
    page.multiselect(key=state.beside.of(dataset.id).key).select(ended.id).run()
    assert not page.exception and not page.error
    drawn = [json.loads(each.proto.json) for each in page.get("bidi_component") if "together" in each.proto.id]
    assert [(trace["name"], len(trace["x"])) for trace in drawn[0]["traces"]] == [("the *first* try", 5)]
    assert any("<em>paper</em>" in each.proto.body for each in page.get("html"))
    said = [each.value.replace("\\", "") for each in page.caption]
    assert any(each.startswith("Kept: ") and "alidation accuracy" in each for each in said), said
