"""The token of a shared Graft, as its file keeps it."""

import stat
from pathlib import Path

import pytest

from transfer_core.errors import GraftError
from transfer_core.workspace import share_token


def test_the_token_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    token, new = share_token(tmp_path / "work")
    file = tmp_path / "work" / "token"
    assert new and len(token) >= 32 and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert share_token(tmp_path / "work") == (token, False)
    assert share_token(tmp_path / "other")[0] != token
    file.chmod(0o644)  # as somebody copied it
    assert share_token(tmp_path / "work") == (token, False) and stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "short", "a" * 15, "has a space in its middle", "semicolon;in;the;cookie"])
def test_a_file_that_holds_no_token_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "token").write_text(text)
    with pytest.raises(GraftError, match="Delete the file"):
        share_token(tmp_path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("a" * 32)
    (tmp_path / "token").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(GraftError, match="cannot be kept or read"):
        share_token(tmp_path)
