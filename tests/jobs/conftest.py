"""What several of these tests begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.served import ended
from transfer_core.types import Dataset
from transfer_core.workspace import Workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    opened = Workspace(tmp_path_factory.mktemp("served"))
    opened.serve()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def dataset(workspace: Workspace, photos: Path) -> Dataset:
    job = ended(workspace, workspace.datasets.import_path(photos))
    assert job.status == "done", job.error
    return workspace.datasets.get(job.result["id"])
