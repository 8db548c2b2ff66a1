"""A session that takes another dataset in hand sees what a fresh session sees of it, on every page."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from components import state
from tests.components.finished_runs import finished
from tests.conftest import draw_photos
from transfer_core.types import Dataset
from transfer_core.workspace import Workspace

PAGES = Path(__file__).resolve().parents[2] / "pages"
WALK = (
    "data",
    "decide",
    "train",
    "predict",
    *(f"compare {tab}" for tab in ("Approaches", "Cost", "Classes", "Images")),
)
# What a session may keep from one dataset to the next: how it likes to look at things, and what this machine has.
PREFERENCES = (
    *("device", "section", "show_settings", "pilot_budget", "compare_worth", "promised_accuracy", "images_from"),
    *("cost_kind", "curves_", "together", "pairs_metric", "errors_part", "errors_heat", "offline_only"),
)
NAMES = "id|element_id|form_id|deferred_file_id|active_script_hash|url|persistent_key|set_value|raw_values"
LIVE = re.compile(rf'(?m)^\s*({NAMES})\s*: .*\n?|"[0-9a-f]{{40,}}[^"]*"')


class Label(str):
    """An option as it is written: what it stands for, AppTest does not tell."""


@pytest.fixture(autouse=True)
def by_label(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Selectbox.index.fget

    def index(box: Any) -> Any:
        return box.options.index(box.value) if isinstance(box.value, Label) else known(box)  # type: ignore[misc]

    monkeypatch.setattr(Selectbox, "index", property(index))


@pytest.fixture
def both(opened: Workspace, dataset: Dataset, tmp_path: Path) -> tuple[Dataset, Dataset]:
    """Two datasets of different classes, with runs."""
    folder = draw_photos(tmp_path / "more", per_class=12)
    for number, each in enumerate(sorted(each for each in folder.iterdir() if each.is_dir())):
        each.rename(folder / f"other {number}")
    for _ in opened.jobs.drive(opened.datasets.import_path(folder, name="others")):
        pass
    other = opened.datasets.find("others")
    for each in (dataset, other):
        for strategy, wrong in (("linear_probe", 3), ("linear_svm", 4), ("fine_tune_top", 1), ("fine_tune_all", 2)):
            finished(opened, each, strategy, wrong)
    return dataset, other


def visit(page: str, dataset: Dataset) -> AppTest:
    name, _, tab = page.partition(" ")
    at = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=60)
    at.session_state[state.opened.key] = True
    at.query_params["dataset"] = dataset.id
    if tab:
        at.query_params["section"] = tab
    at.session_state[state.setup.of(dataset.id).key] = name == "train"
    return at.run()


def disturbed(at: AppTest) -> AppTest:
    """Everything that can be set is set to something else, one after the other."""
    for key in [each.key for each in widgets(at)]:
        found = next((each for each in widgets(at) if each.key == key), None)  # what was set before may have folded it
        if found is not None and not found.disabled and set_otherwise(found):
            at.run()
            assert not at.exception, at.exception
    return at


def widgets(at: AppTest) -> Iterator[Any]:
    kinds = (at.selectbox, at.multiselect, at.checkbox, at.toggle, at.number_input, at.select_slider, at.button_group)
    for kind in kinds:
        yield from (each for each in kind if each.key and not each.key.startswith((*PREFERENCES, "dataset_in_hand")))


def set_otherwise(widget: Any) -> bool:
    if widget.type in ("checkbox", "toggle"):
        widget.set_value(not widget.value)
    elif widget.type == "number_input":
        widget.set_value(widget.max if widget.value is None else widget.value + widget.step)
    elif widget.type == "selectbox" and len(widget.options) > 1:
        widget.set_value(Label(widget.options[-1]))
    elif widget.type == "select_slider":
        widget.set_value(widget.options[0])
    elif widget.type == "multiselect" and len(widget.options) > 1:
        widget.set_value([])
    else:
        return False
    return True


def shown(at: AppTest) -> list[str]:
    """Every element with what it shows and holds, without what names it to the browser."""
    found = []
    for each in at.main:
        told = LIVE.sub("", str(getattr(each, "proto", "")))
        found.append(f"{each.type} {getattr(each, 'value', '')!s}\n{told}")
    return found


@pytest.mark.parametrize("page", WALK)
def test_another_dataset_looks_as_in_a_fresh_session(page: str, both: tuple[Dataset, Dataset]) -> None:
    before, after = both
    at = disturbed(visit(page, before))
    next(box for box in at.selectbox if box.label == "Dataset").set_value(after.id)
    at.session_state[state.setup.of(after.id).key] = page == "train"
    at.run()
    assert not at.exception and at.session_state[state.dataset.key] == after.id
    fresh = visit(page, after)
    assert not fresh.exception
    assert shown(at) == shown(fresh)
