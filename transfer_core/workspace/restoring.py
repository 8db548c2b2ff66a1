"""A backup becomes a workspace again: checked from its first byte to its last before anything of it is there."""

import os
import shutil
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from transfer_core import __version__
from transfer_core.backbones import LOCAL, backbones
from transfer_core.errors import GraftError, WorkspaceBusy, disk_words
from transfer_core.store import Store
from transfer_core.types import Event, RunEnd
from transfer_core.words import size
from transfer_core.workspace.sealed import Sealed, told, unsealed

SPARE = 64 << 20  # bytes that stay free


def restore_backup(file: Path, folder: Path) -> Generator[Event, None, None]:
    """Make a workspace of what `backups.make` or `backups.pack` wrote, in a folder that is empty or not there.

    The last event is RunEnd, whose result counts "datasets", "runs", "files" and "bytes". Every file is checked by its
    SHA-256, and the database as a whole, before the first one is in its place; an older database is brought up to date
    when the workspace is opened. Raises GraftError for a backup that is damaged, hostile or of a newer Graft, and for a
    folder that holds something; then nothing is left behind.
    """
    with unsealed(file) as sealed:
        require_known(sealed)
        with _empty(folder) as staged:
            require_room(folder, sealed.size)
            yield from told("Restoring", sealed.size, (sealed.extract(name, staged) for name in sealed.files))
            check_rows(sealed, staged)
            with closing(Store(staged / "graft.db", write=False)) as rows:
                datasets, runs = len(rows.dataset_rows()), len(rows.standing("train"))
            if hasattr(os, "sync"):
                os.sync()  # all of it reaches the disk before the database that promises it is in its place
            _move(sealed, staged, folder)
        counts = {"datasets": datasets, "runs": runs, "files": len(sealed.files), "bytes": sealed.size}
    yield RunEnd(status="done", result={"workspace": str(folder), **counts})


def require_known(sealed: Sealed) -> None:
    """Raises GraftError for a database that a newer Graft has changed."""
    known = Store.migrations()
    strange = [name for name in sealed.facts.get("migrations", []) if name not in known]
    if strange:
        raise GraftError(
            f"{sealed.file} was made by Graft {str(sealed.facts.get('version'))[:20]}, this is Graft {__version__},"
            f" which does not know its '{str(strange[0])[:80]}'. Update Graft."
        )


def require_room(folder: Path, need: int) -> None:
    """Raises GraftError unless its disk has room for so many bytes."""
    free = shutil.disk_usage(folder).free
    if free < need + SPARE:
        raise GraftError(f"{folder} has {size(free)} free, and {size(need + SPARE)} are needed. Free some space there.")


def check_rows(sealed: Sealed, folder: Path) -> None:
    """Read the whole database of what was unpacked into a folder. Raises GraftError for one that is not as Graft's."""
    try:
        with closing(Store(folder / "graft.db", write=False)) as rows:
            why = "; ".join(rows.damage())[:300] or rows.strange()
        for own in backbones(folder):
            if own.is_local and own.file != f"{LOCAL}/{own.name}/weights.safetensors":
                why = f"the weights of the backbone {own.name[:80]!r} lie elsewhere"
    except (GraftError, sqlite3.Error) as error:
        why = str(error)
    if why:
        why = why.rstrip(".")
        raise GraftError(f"The rows in {sealed.file} are damaged, or not Graft's: {why}. Nothing was changed.")


@contextmanager
def _empty(folder: Path) -> Iterator[Path]:
    """A place for half a workspace inside the folder it is to be, under its lock; if the block fails all is as before.

    Raises GraftError for a folder that holds something.
    """
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        if not made and (not folder.is_dir() or any(folder.iterdir())):
            raise GraftError(
                f"{folder} is there already and not empty. Name an empty or a new folder with --workspace."
            )
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "lock", timeout=0)
        with lock:
            staged = folder / ".restoring"
            try:
                staged.mkdir()
                yield staged
            except BaseException:
                _clear(folder)
                raise
            finally:
                shutil.rmtree(staged, ignore_errors=True)
    except Timeout as error:
        raise WorkspaceBusy(f"{folder} is open in another Graft. Name another folder with --workspace.") from error
    except BaseException as error:
        for each in made:
            with suppress(OSError):
                each.rmdir()
        if isinstance(error, OSError):
            raise GraftError(f"Nothing was restored. {disk_words(error, folder)}") from error
        raise


def _clear(folder: Path) -> None:
    """Of a folder that was empty before."""
    for each in folder.iterdir():
        if each.is_dir():
            shutil.rmtree(each, ignore_errors=True)
        else:
            each.unlink(missing_ok=True)


def _move(sealed: Sealed, staged: Path, folder: Path) -> None:
    """Its parts to their places, the database last: without it a folder is no workspace."""
    parts = {name.partition("/")[0] for name in sealed.files}
    for part in sorted(parts, key=lambda each: each == "graft.db"):
        (staged / part).rename(folder / part)
