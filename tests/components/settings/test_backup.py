"""The Settings page says how to back up."""

import shlex
from pathlib import Path

from streamlit.testing.v1 import AppTest

from components import state
from transfer_core.workspace import Workspace

PAGES = Path(__file__).resolve().parents[3] / "pages"


def test_the_command_names_this_workspace(opened: Workspace) -> None:
    page = AppTest.from_file(str(PAGES / "settings.py"), default_timeout=20)
    page.session_state[state.opened.key] = True
    shown = [each.value for each in page.run().code]
    assert f"graft backup graft.zip --workspace {shlex.quote(str(opened.root))}" in shown and not page.exception
