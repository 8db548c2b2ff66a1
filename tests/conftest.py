"""What tests of several rooms share."""

from pathlib import Path

import pytest


@pytest.fixture
def workspace_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace folder; GRAFT_WORKSPACE names it, so nothing reaches the user's own."""
    folder = tmp_path / "workspace"
    monkeypatch.setenv("GRAFT_WORKSPACE", str(folder))
    folder.mkdir()
    return folder
