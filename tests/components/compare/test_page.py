"""The Compare page on a small workspace whose runs left predictions and curves, though none was trained."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components import state
from tests.components.finished_runs import Finish
from transfer_core.types import Dataset
from transfer_core.workspace import Workspace

PAGE = Path(__file__).resolve().parents[3] / "pages" / "compare.py"
SECTIONS = ("Ranking", "Approaches", "Cost", "Curves", "Classes", "Images", "Recipes", "Table")
NASTY = "**bold** :smile: ![x](http://evil.test/x.png)"


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    found = AppTest.from_file(str(PAGE), default_timeout=30)
    found.session_state[state.opened.key] = True
    return found


def _verdict(page: AppTest) -> str:
    return next(element.value for element in page.markdown if element.value.startswith("## "))


def _words(page: AppTest) -> str:
    return " ".join(element.value for element in (*page.markdown, *page.caption, *page.info, *page.warning))


def test_without_runs_the_page_says_what_will_stand_here(opened: Workspace, page: AppTest) -> None:
    page.run()
    assert not page.exception
    assert page.button(key="empty_next").label == "Launch strategies"


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_is_drawn(
    section: str, opened: Workspace, dataset: Dataset, finish: Finish, page: AppTest
) -> None:
    runs = [
        finish("linear_probe", 3, seconds=4.0).id,
        finish("fine_tune_top", 1, seconds=None, per_class=4).id,
        finish("fine_tune_all", 0, seconds=90.0).id,
        finish("from_scratch", 7, seconds=120.0).id,
    ]
    page.session_state[state.compared.of(dataset.id).key] = [*runs, opened.ensembles.make([runs[0], runs[2]])]
    page.query_params["section"] = section
    page.run()
    assert not page.exception
    assert not page.error
    assert "Take " in _verdict(page)
    assert page.button(key="predict_chosen").label == "Predict with the chosen run"
    assert page.button(key="next_step").label == "Next: predict"
    assert [known.key for known in page.button if known.proto.type == "primary"] == ["predict_chosen", "ensemble_add"]
    assert page.session_state[state.to_predict.key]


@pytest.mark.parametrize("section", SECTIONS)
def test_a_backbone_of_any_name_is_shown_as_it_is(
    section: str, finish: Finish, dataset: Dataset, page: AppTest
) -> None:
    runs = [finish("fine_tune_top", wrong, backbone=name) for wrong, name in ((1, NASTY), (2, "other"))]
    page.session_state[state.compared.of(dataset.id).key] = [run.id for run in runs]
    page.query_params["section"] = section
    page.run()
    assert not page.exception
    shown = [_words(page), *(each.label for each in (*page.button, *page.expander))]
    assert "evil" in " ".join(shown)
    assert not any("![x](" in words or ":smile:" in words or "**bold**" in words for words in shown)


def test_one_run_alone_has_no_pairs_and_says_what_to_train(finish: Finish, page: AppTest) -> None:
    finish("linear_probe", 3)
    page.query_params["section"] = "Approaches"
    page.run()
    assert not page.exception
    assert "the only run here" in _words(page)
    assert "Set up “Fine\\-tune the top”" in page.button(key="train_fine-tuning").label


def test_the_best_of_each_strategy_stands_there_until_others_are_picked(
    opened: Workspace, dataset: Dataset, finish: Finish, page: AppTest
) -> None:
    weak, strong = finish("linear_probe", 3, val=0.7), finish("linear_probe", 2, val=0.9, seed=1)
    few, tuned = finish("fine_tune_top", 1, val=0.99, per_class=4), finish("fine_tune_top", 1, val=0.8)
    assert {run.id for run in opened.runs.best(dataset)} == {strong.id, tuned.id}
    page.run()
    assert "2 runs compared" in _words(page)
    page.session_state[state.compared.of(dataset.id).key] = [weak.id, few.id, tuned.id]
    page.run()
    assert "3 runs compared" in _words(page)
    finish("fine_tune_all", 0)
    page.run()
    assert "3 runs compared" in _words(page), "a run that finishes does not change what was picked"
    opened.runs.delete(few.id)
    page.run()
    assert "2 runs compared" in _words(page)
    assert "1 that you had picked is no longer there" in _words(page)
    page.button(key="compare_best").click().run()
    assert "3 runs compared" in _words(page)
    assert not page.exception


def test_an_approach_that_was_left_out_is_one_click_away(dataset: Dataset, finish: Finish, page: AppTest) -> None:
    finish("linear_probe", 3)
    tuned = finish("fine_tune_top", 1)
    page.session_state[state.compared.of(dataset.id).key] = [tuned.id]
    page.query_params["section"] = "Approaches"
    page.run()
    assert "feature extraction has none to hold against it" in _words(page)
    page.button(key="add_feature_extraction").click().run()
    assert "2 runs compared" in _words(page)
    assert "Fine\\-tuning is" in _words(page)
    assert not page.exception


def test_an_ensemble_is_made_of_runs_and_taken_back(
    opened: Workspace, dataset: Dataset, finish: Finish, page: AppTest
) -> None:
    runs = [finish(name, 2).id for name in ("linear_probe", "fine_tune_top", "fine_tune_all")]
    page.run()
    assert len(page.multiselect(key=f"ensemble_of_{dataset.id}").value) >= 2, "what is best together"
    page.multiselect(key=f"ensemble_of_{dataset.id}").set_value(runs[:1]).run()
    assert page.button(key="ensemble_add").disabled
    page.multiselect(key=f"ensemble_of_{dataset.id}").set_value(runs[1:]).run()
    page.button(key="ensemble_add").click().run()
    (made,) = opened.ensembles.list(dataset.id)
    assert {member.id for member in made.members} == set(runs[1:])
    assert "4 runs compared" in _words(page)
    page.button(key=f"ensemble_remove_{made.id}").click().run()
    assert opened.ensembles.list(dataset.id) == () and "3 runs compared" in _words(page)
    assert not page.exception


def test_what_was_picked_stands_in_the_address(opened: Workspace, dataset: Dataset, finish: Finish) -> None:
    runs = [finish(name, 2).id for name in ("linear_probe", "fine_tune_top", "fine_tune_all")]

    def visit(**address: str) -> AppTest:
        page = AppTest.from_file(str(PAGE), default_timeout=30)
        page.session_state[state.opened.key] = True
        for name, value in address.items():
            page.query_params[name] = value
        return page.run()

    page = visit(dataset=dataset.id, runs=f"{runs[0]},{runs[2]}")
    assert not page.exception
    assert "2 runs compared" in _words(page), "a reload, or another person's link, shows the same runs"
    page.button(key="compare_best").click().run()
    assert "runs" not in page.query_params
    assert "3 runs compared" in _words(page)
    assert "3 runs compared" in _words(visit(dataset=dataset.id, runs="gone")), "as by default"


def test_a_dataset_deleted_elsewhere_is_missed(opened: Workspace, dataset: Dataset, finish: Finish) -> None:
    finish("linear_probe", 2)
    page = AppTest.from_file(str(PAGE), default_timeout=30)
    page.session_state[state.opened.key] = True
    page.query_params["dataset"] = dataset.id
    assert not page.run().info
    opened.datasets.delete(dataset.id)
    page.run()
    assert ["it was deleted" in each.value for each in page.info] == [True]
    assert page.button(key="empty_next").label == "Import images"


def test_learning_curves_say_how_many_more_images_it_takes(finish: Finish, page: AppTest) -> None:
    for wrong, few in ((8, 3), (6, 5), (4, 0)):
        finish("linear_probe", wrong, per_class=few)
        finish("fine_tune_all", wrong - 3, per_class=few)
    page.query_params["section"] = "Approaches"
    page.run()
    assert not page.exception
    assert "Fine\\-tuning is ahead" in _words(page)
    chart = next(json.loads(at.proto.spec) for at in page.get("plotly_chart") if "fitted" in at.proto.spec)
    assert [trace["line"]["dash"] for trace in chart["data"] if trace.get("line", {}).get("dash")] == [
        *("solid", "dash"),
        *("solid", "dash"),
    ]
    assert "power law" in _words(page)
    assert not [button for button in page.button if button.key == "forecast_train"]


def test_sizes_that_lack_are_trained_on_at_the_press_of_a_button(
    opened: Workspace, dataset: Dataset, finish: Finish, page: AppTest
) -> None:
    finish("linear_probe", 3, seed=7)
    finish("fine_tune_all", 1, seed=7, lr=0.002)
    finish("fine_tune_all", 2, seed=7, per_class=3, lr=0.002)
    page.query_params["section"] = "Approaches"
    page.run()
    assert "cannot be told yet" in _words(page)
    assert page.button(key="forecast_train").label == "Train both on 3 and 5 images of each class"
    page.button(key="forecast_train").click().run()
    queued = {(run.recipe.strategy, run.recipe.per_class): run.recipe for run in opened.runs.list(active=True)}
    assert set(queued) == {("linear_probe", 3), ("linear_probe", 5), ("fine_tune_all", 5)}
    assert {recipe.seed for recipe in queued.values()} == {7}
    assert queued["fine_tune_all", 5] == opened.recipes.make(dataset, "fine_tune_all", per_class=5, seed=7, lr=0.002)
    assert "3 runs wait or train" in _words(page)
    assert page.button(key="forecast_watch").label == "Watch on the Train page"
    assert not [button for button in page.button if button.key == "forecast_train"]
    assert not page.exception


def test_nothing_ticked_asks_for_a_run(dataset: Dataset, finish: Finish, page: AppTest) -> None:
    finish("linear_probe", 3)
    page.session_state[state.compared.of(dataset.id).key] = []
    page.run()
    assert not page.exception
    assert "Tick at least one run" in _words(page)


def test_what_a_lead_must_be_worth_changes_the_verdict(finish: Finish, page: AppTest) -> None:
    finish("linear_probe", 9, seconds=4.0)
    finish("fine_tune_all", 0, seconds=90.0)
    page.run()
    assert "Take “Fine\\-tune everything”" in _verdict(page)
    page.number_input(key="compare_worth").set_value(100.0).run()
    assert "Take “Linear probe”" in _verdict(page)
    assert "by more than 100 points" in _words(page)


def test_the_alarm_is_a_warning_only_where_pretraining_is_useless(finish: Finish, page: AppTest) -> None:
    finish("linear_probe", 9)
    finish("from_scratch", 0)
    page.run()
    assert sum("does not help here" in each.value for each in page.warning) == 1
    assert any("test images are too few" in each.value for each in page.warning), "beside the verdict"


def test_what_counts_is_asked_once_and_kept(opened: Workspace, dataset: Dataset, finish: Finish, page: AppTest) -> None:
    finish("linear_probe", 2)
    tuned = finish("fine_tune_all", 0)
    page.run()
    assert "What counts" not in _verdict(page)
    key = f"goal_compare_{dataset.id}"
    page.selectbox(key=f"{key}_kind").select("recall").run()
    page.selectbox(key=f"{key}_class").select(dataset.classes[0]).run()
    page.number_input(key=f"{key}_precision").set_value(80.0).run()
    assert not page.exception and not page.error
    assert opened.studies.said(dataset).goal == f"recall:{dataset.classes[0]}@0.8"
    assert f"What counts is recall of “{dataset.classes[0]}” at 80" in _verdict(page)
    page.query_params["section"] = "Table"
    page.run()
    assert any(f"Test recall of “{dataset.classes[0]}”" in name for table in page.dataframe for name in table.value)
    page.selectbox(key=f"{key}_kind").select("macro_f1").run()
    assert not page.exception and "What counts is macro\\-F1" in _verdict(page)
    chosen = opened.comparisons.choice(dataset)
    assert chosen is not None and chosen.id == tuned.id == opened.comparisons.make([tuned.id]).verdict.choice
    made = opened.recipes.make(dataset, "fine_tune_all"), opened.recipes.make(dataset, "linear_probe")
    assert [recipe.goal for recipe in made] == ["macro_f1", "accuracy"], "what has no epochs keeps none"
    assert "What counts is macro-F1" in opened.comparisons.report(dataset).html
