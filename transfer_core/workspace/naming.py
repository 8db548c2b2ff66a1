"""What a user may call a thing by, and where it is: names, ids, enough of an id's beginning, paths."""

import os
from collections.abc import Mapping
from pathlib import Path

from transfer_core.data.members import ending, is_archive
from transfer_core.errors import GraftError


def matching(text: str, names: Mapping[str, str]) -> list[str]:
    """The ids that a text may mean, of names by id. A whole id or name is never taken for the beginning of another."""
    whole = [id for id, name in names.items() if text and text in (id, name)]
    return whole or [id for id in names if text and id.startswith(text)]


def default_root() -> Path:
    """The folder that GRAFT_WORKSPACE names, else `workspace` here."""
    return expanded(Path(os.environ.get("GRAFT_WORKSPACE") or "workspace"))


def expanded(path: Path) -> Path:
    """A path as a user gives it, made whole. Raises GraftError for one that cannot name anything."""
    try:
        return path.expanduser().resolve()
    except (ValueError, RuntimeError, OSError) as error:  # a zero byte, a user who is not here, links in a circle
        raise GraftError(f"{str(path)!r} names no file or folder ({error}). Check the path.") from error


def title(name: str) -> str:
    """A dataset's name from a file's: without folders and an archive's ending, on one line, at most 80 characters."""
    base = name.replace("\\", "/").rstrip("/").split("/")[-1]
    base = base[: -len(ending(base))] if is_archive(base) else base
    return " ".join("".join(c if c.isprintable() else " " for c in base).split())[:80] or "images"
