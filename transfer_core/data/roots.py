"""Folders from which a browser may import, and how what lies in them is opened: part by part, no part a link.

A path that was checked may have become a link when it is opened; so no link is followed below an import root, nor below
a folder that is read. Descriptors stay with what was opened, whatever its name leads to later.
"""

import errno
import os
import stat
from pathlib import Path

from transfer_core.errors import GraftError

LINK = (errno.ELOOP, errno.ENOTDIR, errno.EMLINK)  # what opening one without following it ends in


def import_roots() -> tuple[Path, ...]:
    """Folders on the server from which a browser may import, as GRAFT_IMPORT_ROOTS lists them. Raises GraftError."""
    listed = os.environ.get("GRAFT_IMPORT_ROOTS", "")
    try:
        return tuple(Path(part).expanduser().resolve() for part in listed.split(os.pathsep) if part)
    except (ValueError, RuntimeError, OSError) as error:
        raise GraftError(f"GRAFT_IMPORT_ROOTS names what cannot be a folder ({error}). Check its paths.") from error


def root_of(path: Path) -> Path | None:
    """The import root that a path names something in."""
    return next((root for root in import_roots() if path != root and path.is_relative_to(root)), None)


def opened_place(path: Path) -> int:
    """A descriptor of a file or folder. Raises OSError, also where a part below an import root is a link."""
    path = Path(os.path.abspath(path))
    root = root_of(path)
    if root is None:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    top = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return opened_below(top, os.fspath(path.relative_to(root)))
    finally:
        os.close(top)


def opened_below(top: int, inside: str) -> int:
    """A descriptor of what lies in an open folder, "." for itself. Raises OSError, also where a part is a link."""
    *folders, name = [part for part in inside.split("/") if part != "."] or ["."]
    here = top
    try:
        for part in folders:
            below = _opened(here, part, os.O_DIRECTORY)
            if here != top:
                os.close(here)
            here = below
        return _opened(here, name)
    finally:
        if here != top:
            os.close(here)


def _opened(folder: int, name: str, flags: int = 0) -> int:
    if name == "..":
        raise OSError(errno.EXDEV, "its path leads out of the folder")
    flags |= os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe would be waited for
    return os.open(name, flags, dir_fd=folder)


def why(error: OSError) -> str:
    """Why one of these could not be opened, for a bracket."""
    return "it is a link, or lies in one" if error.errno in LINK else error.strerror or str(error)


def regular(descriptor: int) -> bool:
    return stat.S_ISREG(os.fstat(descriptor).st_mode)
