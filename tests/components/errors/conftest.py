"""A workspace whose runs left known predictions."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from tests.components.finished_runs import fill
from transfer_core.workspace import Workspace


@pytest.fixture
def opened(workspace_folder: Path) -> Iterator[Workspace]:
    st.cache_data.clear()
    workspace = Workspace(workspace_folder)
    fill(workspace)
    yield workspace
    workspace.close()
