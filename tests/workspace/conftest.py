"""Sixty photos in a workspace, with networks that look at few pixels."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.driving import drive
from transfer_core.types import Dataset
from transfer_core.workspace import Workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, small_networks: None) -> Iterator[Workspace]:
    opened = Workspace(tmp_path_factory.mktemp("door"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def dataset(workspace: Workspace, photos: Path) -> Dataset:
    return workspace.datasets.get(drive(workspace, workspace.datasets.import_path(photos)).result["id"])
