"""Start shows what was worked on, with one button that goes on, and takes images itself."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components import shell, state
from components.start.recent import next_step
from tests.components.finished_runs import Finish
from transfer_core.types import Dataset
from transfer_core.workspace import Workspace

PAGE = Path(shell.__file__).parents[1] / "pages" / "start.py"


def _start() -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=30)
    page.session_state[state.opened.key] = True
    page.run()
    assert not page.exception and not page.error
    return page


@pytest.mark.parametrize(("active", "done", "page"), [(0, 0, "decide"), (2, 5, "train"), (0, 1, "compare")])
def test_one_button_goes_on(active: int, done: int, page: str) -> None:
    assert next_step(active, done)[2] == page


def test_a_dataset_stands_with_its_best_run(opened: Workspace, dataset: Dataset, finish: Finish) -> None:
    assert _start().button(key=f"open_{dataset.id}").label == "Decide on a strategy"
    finish("linear_probe", 2)
    page = _start()
    assert page.button(key=f"open_{dataset.id}").label == "See how good it is"
    (said,) = (words.value for words in page.markdown if "Best: " in words.value)
    assert "Linear probe" in said and "on test images" in said and "runs: 1 done" in said


def test_an_example_is_drawn_once(opened: Workspace, dataset: Dataset) -> None:
    page = _start()
    assert page.button(key="example_digits").label == "Try digits"
    page.button(key="example_digits").click().run()
    (job,) = opened.jobs.list(kind="import", active=True)
    assert job.payload["example"] == "digits" and opened.datasets.from_example("digits") == ""
    opened.jobs.stop(job.id)
    assert opened.datasets.from_example("wallpaper") == ""
