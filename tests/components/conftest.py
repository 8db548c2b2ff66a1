"""What several of these tests begin with."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from components.kit import guard
from tests.components.finished_runs import Finish, finished
from transfer_core.types import Dataset
from transfer_core.workspace import Workspace


@pytest.fixture
def opened(workspace_folder: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """The pages' workspace, with photos in it, none of whose jobs run."""
    workspace = Workspace(workspace_folder)
    for _ in workspace.jobs.drive(workspace.datasets.import_path(photos)):
        pass
    monkeypatch.setattr(guard, "workspace", lambda: workspace)
    yield workspace
    workspace.close()


@pytest.fixture
def dataset(opened: Workspace) -> Dataset:
    return opened.datasets.get(opened.datasets.list()[0].id)


@pytest.fixture
def finish(opened: Workspace, dataset: Dataset) -> Finish:
    return partial(finished, opened, dataset)
