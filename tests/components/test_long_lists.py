"""More runs than a page of any list holds: each of them can be reached."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components import shell, state
from components.compare.runs import Choice
from components.kit.buttons import LINES
from components.train import queue
from components.train.queue import lines
from tests.database import database
from transfer_core.types import Dataset, Recipe
from transfer_core.workspace import Workspace

PAGES = Path(shell.__file__).parents[1] / "pages"
MANY = 520  # 519 have ended, the oldest trains


@pytest.fixture
def ids(opened: Workspace, dataset: Dataset) -> list[str]:
    """Newest first."""
    known = {"dataset": dataset.id, "backbone": "bundled", "weights": "w", "version": 1, "strategy": "linear_probe"}
    with database(opened) as store:
        for number in range(MANY):
            recipe = Recipe(**known, tap=f"t{number}")  # type: ignore[arg-type]
            id = f"run{number:03d}"
            payload = {"recipe": asdict(recipe)}
            store.add_job(id=id, kind="train", payload=payload, lane="auto", dataset=dataset.id, recipe=recipe.id)
            if number:
                store.finish(id, "done", result={"seconds": 1.0, "val_accuracy": number / MANY, "test_accuracy": 0.5})
        store.start("run000", "cpu")
    return [f"run{number:03d}" for number in reversed(range(MANY))]


def _page(name: str) -> AppTest:
    page = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=60)
    page.session_state[state.opened.key] = True
    return page


def _queue(workspace: Workspace, dataset: Dataset) -> AppTest:
    def page(workspace, dataset):  # AppTest runs its source, without this file's imports
        from components.train.queue import queue_view

        queue_view(workspace, dataset, workspace.runs.list(dataset.id))

    return AppTest.from_function(page, default_timeout=30, args=(workspace, dataset))


def _listed(page: AppTest) -> list[str]:
    assert not page.exception and not page.error
    return [button.key.removeprefix("show_") for button in page.button if (button.key or "").startswith("show_")]


def _turns(page: AppTest) -> Iterator[list[str]]:
    """What each page of the queue lists, the first one first."""
    yield _listed(page)
    while not page.button(key=f"next_{queue.PAGE}").disabled:
        page.button(key=f"next_{queue.PAGE}").click().run()
        yield _listed(page)


def test_all_runs_are_reached_a_page_at_a_time_what_trains_first(
    opened: Workspace, dataset: Dataset, ids: list[str]
) -> None:
    page = _queue(opened, dataset).run()
    assert "Page 1 of 21, 520 runs" in [words.value for words in page.caption]
    assert page.button(key=f"previous_{queue.PAGE}").disabled
    listed = list(_turns(page))
    assert [run for one in listed for run in one] == ["run000", *ids[:-1]]
    assert {len(one) for one in listed[:-1]} == {LINES}

    page.session_state[state.run.key] = "run300"  # picked elsewhere
    assert "run300" in _listed(page.run())
    page.button(key=f"previous_{queue.PAGE}").click().run()
    assert "run300" not in _listed(page) and len(_listed(page)) == LINES


def test_no_page_leaves_runs_out(opened: Workspace, dataset: Dataset, ids: list[str]) -> None:
    train = _page("train").run()
    assert len(_listed(train)) == LINES and "run000" in _listed(train)

    predict = _page("predict").run()
    assert not predict.exception and len(predict.multiselect(key=f"asked_{dataset.id}").options) == MANY - 1

    start = _page("start").run()
    assert "1 to train, 519 done" in " ".join(words.value for words in start.markdown)

    def chooser(workspace, dataset, chosen):
        from components.compare.runs import choose_runs

        choose_runs(workspace, dataset, [run for run in workspace.runs.list(dataset.id) if not run.active], chosen)

    chosen = Choice(runs=(opened.runs.get("run007"),), own=True, gone=0)
    table = AppTest.from_function(chooser, default_timeout=30, args=(opened, dataset, chosen)).run().dataframe[0].value
    assert len(table) == MANY - 1 and len(set(table["Run"])) == MANY - 1
    assert "t7" in table["Run"].iloc[0], "what is compared stands first"


def test_a_line_stays_where_it_is_when_its_run_trains_and_ends(opened: Workspace, dataset: Dataset) -> None:
    strategies = ["linear_probe", "linear_svm", "frozen_head"]
    newest = list(reversed(opened.runs.submit([opened.recipes.make(dataset, name) for name in strategies])))

    def keys() -> list[str]:
        return [line.key for line in lines(opened, opened.runs.list(dataset.id))]

    assert keys() == newest
    with database(opened) as store:
        store.start(newest[-1], "cpu")
        assert keys() == newest
        store.finish(newest[-1], "done", result={})
        assert keys() == newest


def test_runs_that_repeat_a_recipe_are_one_line_and_unfold_a_page_at_a_time(
    opened: Workspace, dataset: Dataset
) -> None:
    runs = opened.runs.submit(opened.recipes.repeated(dataset, "linear_probe", seeds=30))
    (line,) = lines(opened, opened.runs.list(dataset.id))
    assert len(line.runs) == 30
    page = _queue(opened, dataset).run()
    assert _listed(page) == list(runs[LINES:]), "the page of the run that is shown, the newest"
    assert any(words.value.startswith("Page 2 of 2, 30 runs") for words in page.caption)
    page.button(key=f"previous_page_{line.key}").click().run()
    assert _listed(page) == list(runs[:LINES])
    page.button(key=f"stop_{line.key}").click().run()
    assert not any(run.active for run in opened.runs.list(dataset.id))
    page.button(key=f"remove_{runs[0]}").click().run()
    assert runs[0] not in {run.id for run in opened.runs.list(dataset.id)}
    page.button(key="undo_remove").click().run()
    assert runs[0] in {run.id for run in opened.runs.list(dataset.id)} and not page.exception
