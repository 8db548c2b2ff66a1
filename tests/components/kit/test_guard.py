"""What goes wrong on a page: a box with a sentence, never a traceback."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from components import shell
from components.kit import guard
from transfer_core.errors import DatasetError, GraftError
from transfer_core.store import Store
from transfer_core.workspace import Workspace

APP = Path(guard.__file__).parents[2] / "app.py"
PAGES = [file for file, _, _ in shell.PAGES]


class Broken:
    """Something of which every method raises."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def fails(*args: Any, **kwargs: Any) -> None:
            raise self.error

        return fails


@pytest.fixture(autouse=True)
def navigation(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a server in which a session has run: pages/ is no navigation of its own, app.py runs each page."""
    begin = PagesManager.__init__

    def begun(self: PagesManager, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", begun)


def _app(page: str = PAGES[0]) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=30).run()
    return app if page == PAGES[0] else app.switch_page(page)


def _errors(app: AppTest) -> str:
    assert not app.exception
    return " ".join(box.value.replace("\\", "") for box in app.error)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_whose_reads_fail_says_so_in_a_box(
    page: str, opened: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = _app(page)
    with monkeypatch.context() as broken:
        broken.setattr(Store, "read", Broken(DatasetError("The database is gone; bring it back.")).read)
        assert _errors(app.run()) == "The database is gone; bring it back."
        broken.setattr(Store, "read", Broken(RuntimeError("no such luck")).read)
        said = _errors(app.run())
        (id,) = re.findall("ERROR error ([0-9a-f]{6}):", opened.log.read_text())
        assert id in said and "no such luck" not in said
        assert "RuntimeError: no such luck" in opened.log.read_text()
    assert not _errors(app.run())


def test_an_error_in_a_fragment_is_boxed_there_and_logged_once_while_it_lasts(opened: Workspace) -> None:
    def page(fails):  # AppTest runs its source, without this file's imports
        import streamlit as st

        from components.kit.guard import fragment

        def body():
            if fails:
                raise KeyError("a detail")
            st.write("drawn")

        fragment(body)()
        st.write("the rest")

    app = AppTest.from_function(page, args=([1],)).run()
    assert "went wrong here" in _errors(app) and [words.value for words in app.markdown] == ["the rest"]
    first = _errors(app)
    assert _errors(app.run()) == first
    assert opened.log.read_text().count("ERROR error") == 1


def test_what_a_button_runs_into_stands_beside_it_until_another_is_pressed(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = GraftError("The database cannot be written: the disk is full.")
    app = _app("pages/decide.py").run()
    assert not _errors(app)
    with monkeypatch.context() as broken:
        broken.setattr(opened.studies, "measure", Broken(full).measure)
        app.button(key="start_measure").click().run()
        assert _errors(app) == "The database cannot be written: the disk is full."
        assert _errors(app.run()), "it stays while the page runs again by itself"
        assert app.button(key="launch"), "and the rest of the page is there"
        app.switch_page("pages/data.py").run()
        assert not _errors(app)
        app.switch_page("pages/decide.py").run()
        app.button(key="start_measure").click().run()
        assert _errors(app)
    app.button(key="start_measure").click().run()
    assert not _errors(app) and opened.jobs.list(kind="measure")[0].active


@pytest.mark.parametrize("page", PAGES)
def test_trouble_is_a_banner_on_every_page_and_goes(
    page: str, opened: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = _app(page)
    with monkeypatch.context() as trouble:
        trouble.setattr(opened.jobs, "troubles", lambda: ("The disk is full.",))
        assert _errors(app.run()) == "The disk is full."
    assert not _errors(app.run())


def test_where_the_worker_is_awaited_trouble_is_what_stands_there(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def beside_the_backbone() -> list[str]:
        return [words.value for words in _app("pages/train.py").run().caption if "evices" in words.value]

    assert beside_the_backbone() == ["Looking for the devices of this machine."]
    monkeypatch.setattr(opened.jobs, "troubles", lambda: ("No devices: the worker cannot start.",))
    assert beside_the_backbone() == [":red[No devices\\: the worker cannot start\\.]"]


def test_a_workspace_that_cannot_open_is_a_sentence_and_opens_once_that_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard.workspace.clear()
    folder = tmp_path / "workspace"
    monkeypatch.setenv("GRAFT_WORKSPACE", str(folder))
    folder.write_text("a file in the way")
    app = _app()
    said = _errors(app.run())
    assert "Graft cannot write to its workspace" in said and str(folder) in said
    folder.unlink()
    with monkeypatch.context() as broken:
        broken.setattr(Workspace, "serve", Broken(GraftError("No thread can start.")).serve)
        assert _errors(app.run()) == "No thread can start."
    monkeypatch.setattr(Workspace, "serve", lambda self, by_itself: None)
    try:
        assert not _errors(app.run())
    finally:
        guard.workspace().close()
        guard.workspace.clear()
