"""Sixty photos in a workspace."""

from collections.abc import Iterator

import pytest

from tests.conftest import draw_photos
from transfer_core.types import (
    Dataset,
)
from transfer_core.workspace import Workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, small_networks: None) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("measured")
    opened = Workspace(folder / "workspace")
    for _ in opened.jobs.drive(opened.datasets.import_path(draw_photos(folder / "photos"), name="photos")):
        pass
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def dataset(workspace: Workspace) -> Dataset:
    return workspace.datasets.find("photos")
