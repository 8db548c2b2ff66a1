"""A workspace whose runs left known predictions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.finished_runs import filled
from transfer_core.workspace import Workspace


@pytest.fixture
def opened(workspace_folder: Path) -> Iterator[Workspace]:
    with filled(workspace_folder) as workspace:
        yield workspace
