"""A workspace that an earlier Graft left."""

import zipfile
from pathlib import Path

import pytest

from transfer_core.store import Store

EARLIER = Path(__file__).parents[1] / "fixtures" / "workspace-0.1.0.zip"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with a dataset, `colours`, and finished runs."""
    with zipfile.ZipFile(EARLIER) as archive:
        archive.extractall(tmp_path / "work")
    Store(tmp_path / "work" / "graft.db", write=True).close()
    return tmp_path / "work"
