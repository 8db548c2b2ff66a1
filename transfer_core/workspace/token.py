"""What a shared Graft asks for: a token, kept in the workspace."""

import os
import re
import secrets
import stat
from pathlib import Path

from transfer_core.errors import GraftError

LEAST_CHARACTERS = 16  # of one that somebody wrote into the file


def share_token(root: Path) -> tuple[str, bool]:
    """The workspace's token, and whether it was made just now. Its file is for its owner alone.

    Raises GraftError when it cannot be kept or read, or is too short.
    """
    file = root / "token"
    try:
        root.mkdir(parents=True, exist_ok=True)
        try:
            made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return _read(file), False
        token = secrets.token_urlsafe(24)
        with os.fdopen(made, "w") as out:
            out.write(token + "\n")
    except OSError as error:
        raise GraftError(f"The token of this Graft, {file}, cannot be kept or read ({error.strerror}).") from error
    return token, True


def _read(file: Path) -> str:
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW)) as kept:
        if stat.S_IMODE(os.fstat(kept.fileno()).st_mode) & 0o077:
            os.fchmod(kept.fileno(), 0o600)
        token = kept.read(1_000).strip()
    if len(token) < LEAST_CHARACTERS or not re.fullmatch(r"[\w.~-]+", token, re.ASCII):
        raise GraftError(
            f"The token in {file} is not one: at least {LEAST_CHARACTERS} letters, digits, - or _ are needed. Delete"
            " the file, and Graft makes another."
        )
    return token
