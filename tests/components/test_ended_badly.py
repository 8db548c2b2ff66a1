"""A job that failed says why, with its log, wherever it is shown."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from components import shell, state
from components.state import Form
from tests.database import database
from transfer_core.jobs.tasks.add_backbone import AddBackbone
from transfer_core.jobs.tasks.continue_run import ContinueRun
from transfer_core.jobs.tasks.export import Export
from transfer_core.jobs.tasks.predict import Predict
from transfer_core.types import Dataset, Mark, Status
from transfer_core.workspace import Workspace

PAGES = Path(shell.__file__).parents[1] / "pages"
ERROR, LOG = "The disk is full. Free some space, then start it again.", "Traceback: no space left"
TUNED = "fine_tune_all"


def _page(name: str, **kept: object) -> AppTest:
    page = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=30)
    for key, value in {state.opened.key: True, **kept}.items():
        page.session_state[key] = value
    return page


def _train(opened: Workspace, dataset: Dataset) -> tuple[AppTest, str]:
    return _page("train"), opened.runs.submit([opened.recipes.make(dataset, TUNED)])[0]


def _import(opened: Workspace, dataset: Dataset) -> tuple[AppTest, str]:
    job = opened.datasets.import_example("wallpaper")
    return _page("data", import_job=job), job


def _measure(opened: Workspace, dataset: Dataset) -> tuple[AppTest, str]:
    return _page("decide"), opened.studies.measure(dataset)


def _pilot(opened: Workspace, dataset: Dataset) -> tuple[AppTest, str]:
    return _page("decide"), opened.studies.pilot(dataset)


def _speed(opened: Workspace, dataset: Dataset) -> tuple[AppTest, str]:
    return _page("train"), opened.backbones.measure_speed(opened.backbones.get().name)


def _rates(opened: Workspace, dataset: Dataset) -> tuple[AppTest, str]:
    job = opened.studies.find_rate(dataset, opened.recipes.make(dataset, TUNED))
    return _page("train", show_settings=True, **{state.form.key: Form(chosen=[TUNED])}), job


def _augment(opened: Workspace, dataset: Dataset) -> tuple[AppTest, str]:
    page = _page("train", **{state.form.key: Form(chosen=[TUNED], settings={"augment": "standard"})})
    assert not page.run().exception  # asks for the drawing
    return page, opened.jobs.list(kind="augment")[0].id


def _finish(opened: Workspace, job: str, status: Status, **end: Any) -> None:
    with database(opened) as store:
        store.finish(job, status, **end)


def _correct(opened: Workspace, dataset: Dataset) -> tuple[AppTest, str]:
    def page(workspace, dataset):  # AppTest runs its source, without this file's imports
        from components.errors.corrections import corrections_view

        corrections_view(workspace, dataset, None, False)

    opened.corrections.mark(dataset, [Mark(sample=0, label=1)])
    return AppTest.from_function(page, args=(opened, dataset)), opened.corrections.submit(dataset)


def _predict(opened: Workspace, dataset: Dataset) -> tuple[AppTest, str]:
    def page(workspace):
        from components.predict.given import Given
        from components.predict.prediction import prediction

        prediction(workspace, ["run"], ["Linear probe"], Given(mark="a"))

    job = opened.jobs.add(Predict(of=("run",), sources=("",)))
    opened.predictions.submit = lambda runs, files, **said: job  # type: ignore[method-assign]
    return AppTest.from_function(page, args=(opened,)), job


def _export(opened: Workspace, dataset: Dataset) -> tuple[AppTest, str]:
    def page(workspace, dataset, run):
        from components.kit.take_home import export_view

        export_view(workspace, dataset, run)

    (run,) = opened.runs.submit([opened.recipes.make(dataset, "linear_probe")])
    _finish(opened, run, "done", result={"test_accuracy": 0.9})
    job = opened.jobs.add(Export(from_run=run, dataset=dataset.id))
    return AppTest.from_function(page, args=(opened, dataset, opened.runs.get(run))), job


def _backbone(opened: Workspace, dataset: Dataset) -> tuple[AppTest, str]:
    def page(workspace):
        from components.kit.own_weights import own_weights

        own_weights(workspace, workspace.backbones.list())

    job = opened.jobs.add(AddBackbone(file="", arch="resnet18", name="mine"))
    opened.backbones.add_upload = lambda *file, **said: job  # type: ignore[method-assign]
    app = AppTest.from_function(page, args=(opened,)).run()
    app.file_uploader[0].upload("mine.pth", b"x", "application/octet-stream")
    app.run()
    app.selectbox[0].select("resnet18")
    app.run()
    app.button(key="add_weights").click()
    return app, job


def _continue(opened: Workspace, dataset: Dataset) -> tuple[AppTest, str]:
    def page(workspace, dataset, run):
        from components.train.run import continue_view

        continue_view(workspace, dataset, run)

    run = opened.runs.submit([opened.recipes.make(dataset, "fine_tune_all")])[0]
    _finish(opened, run, "done", result={"test_accuracy": 0.9})
    job = opened.jobs.add(ContinueRun(from_run=run, name="mine", title=""))
    opened.backbones.add_run = lambda *run, **said: job  # type: ignore[method-assign]
    app = AppTest.from_function(page, args=(opened, dataset, opened.runs.get(run))).run()
    app.button(key=f"continue_go_{run}").click()
    return app, job


PLACES = (
    *(_train, _import, _measure, _pilot, _speed, _rates, _augment),
    *(_correct, _predict, _export, _backbone, _continue),
)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_a_job_that_ended_badly_shows_its_sentence_and_its_log(
    place: Callable[[Workspace, Dataset], tuple[AppTest, str]], status: Status, opened: Workspace, dataset: Dataset
) -> None:
    page, job = place(opened, dataset)
    _finish(opened, job, status, error=ERROR, log=LOG if status == "failed" else "")
    page.run()
    assert not page.exception
    assert [box.value.replace("\\", "") for box in page.error] == [ERROR]
    assert [code.value for code in page.code if code.value == LOG] == [LOG] * (status == "failed")
    assert ("The worker's log, its last lines" in [box.label for box in page.expander]) == (status == "failed")
