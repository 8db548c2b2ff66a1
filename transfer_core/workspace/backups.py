"""A workspace, or one dataset with its runs, as one file; and such a dataset added to another workspace."""

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from transfer_core.backbones import LOCAL
from transfer_core.errors import GraftError, disk_words
from transfer_core.jobs.tasks import staging, task_of
from transfer_core.jobs.tasks.export import BUNDLE
from transfer_core.jobs.tasks.train import Train
from transfer_core.kept import whole
from transfer_core.store import Store
from transfer_core.types import CHECKPOINTS, Dataset, Event, RunEnd
from transfer_core.workspace.disk import Disk
from transfer_core.workspace.restoring import check_rows, require_known, require_room
from transfer_core.workspace.sealed import ALONE, is_sealed, sealing, told, unsealed
from transfer_core.workspace.taking_in import take_in
from transfer_core.workspace.uploads import new_id

LEFT_OUT = ("decoded", "features", "exports", "staging", "logs")  # kinds of `Disk`: made again, or of this machine
DATABASE, WORKSPACE, DATASET = "graft.db", "workspace", "dataset"


class Backups:
    """What leaves a workspace whole, and what comes into one. `restore_backup` makes a new workspace of a file."""

    def __init__(self, store: Store, disk: Disk, root: Path) -> None:
        self._store, self._disk, self._root = store, disk, root

    def make(self, out: Path) -> Generator[Event, None, None]:
        """Write the workspace into one file, `out`, while jobs go on; whole or not at all.

        The last event is RunEnd, whose result has the "bytes" of the file, how many "files", "datasets" and "runs" it
        holds, how many images' files are "gone", and what was "left_out", since it is made again: bytes by kind. A run
        that trains is in it as it stands in its newest checkpoint. Raises GraftError for a place that cannot take it.
        """
        left_out = [
            {"kind": each.kind, "title": each.title, "bytes": each.bytes}
            for each in self._disk.usage()
            if each.kind in LEFT_OUT
        ]
        yield from self._write(out, WORKSPACE, left_out=left_out)

    def pack(self, dataset: Dataset, out: Path) -> Generator[Event, None, None]:
        """Write one dataset with its runs into a file, for `unpack` elsewhere; else as `make`.

        With what people wrote of it, what was measured, and the user's own weights that its runs began with. Runs that
        wait, and what was deleted, stay behind; one that trains leaves as interrupted.
        """
        yield from self._write(out, DATASET, dataset.id)

    def unpack(self, file: Path) -> Generator[Event, None, None]:
        """Add the dataset of a file that `pack` wrote, with its runs; of one that is here, the runs that are not.

        Every file is checked first. The last event is RunEnd; its result has the dataset's id, "dataset", its "name"
        here, its "packed_name", whether it was "known", ids of the "runs" that were added, of those that were "there",
        and of those "left_out", since another backbone here has the name of theirs, and by id the names of runs that
        were "renamed". Raises GraftError for a file that is damaged, hostile or of a newer Graft, where the dataset is
        deleted here, and where its images have other numbers here.
        """
        with unsealed(file) as sealed:
            if sealed.facts["kind"] != DATASET:
                raise GraftError(f"{file} is a backup of a whole workspace. `graft restore` makes a workspace of it.")
            require_known(sealed)
            require_room(self._root, sealed.size)
            staged = staging(self._root, new_id())
            try:
                yield from told("Unpacking", sealed.size, (sealed.extract(name, staged) for name in sealed.files))
                check_rows(sealed, staged)
                with closing(Store(staged / DATABASE, write=False)) as packed:
                    result = take_in(self._store, self._root, packed, staged)
            except OSError as error:
                raise GraftError(f"Nothing was added. {disk_words(error, self._root)}") from error
            finally:
                shutil.rmtree(staged, ignore_errors=True)
        yield RunEnd(status="done", result=result)

    # --- out ---

    def _write(self, out: Path, kind: str, dataset: str = "", **more: Any) -> Generator[Event, None, None]:
        self._require_place(out)
        try:
            with tempfile.TemporaryDirectory(prefix=".graft-", dir=out.parent) as beside, whole(out) as part:
                copy = Path(beside) / DATABASE
                self._store.copy_to(copy)
                if dataset:
                    with closing(Store(copy, write=True)) as rows:
                        rows.interrupt_all()
                        rows.keep_only(dataset)
                with closing(Store(copy, write=False)) as rows:
                    folders, images = _folders(rows, self._root, dataset), rows.sample_files()
                    counts = {"datasets": len(rows.dataset_rows()), "runs": len(rows.standing("train"))}
                alone = [self._root / name for name in ALONE if name != DATABASE] if not dataset else []
                total = copy.stat().st_size + sum(map(_size, self._files(folders)))
                require_room(out.parent, total)
                with sealing(part, kind, {"migrations": Store.migrations(), **counts}) as sealed:
                    places = [(copy, DATABASE), *((each, each.name) for each in alone)]
                    yield from told("Copying", total, (sealed.add(place, name) for place, name in places))
                    named = ((place, place.relative_to(self._root).as_posix()) for place in self._files(folders))
                    yield from told("Copying", total, (sealed.add(place, name) for place, name in named))
        except OSError as error:
            raise GraftError(f"{out} could not be written. {disk_words(error, out)}") from error
        gone = sum(f"datasets/{id}/samples/{file}" not in sealed.files for id, file in images)
        found = {"out": str(out), "bytes": out.stat().st_size, "files": len(sealed.files), **counts, "gone": gone}
        yield RunEnd(status="done", result={**found, **more})

    def _require_place(self, out: Path) -> None:
        """Raises GraftError for a place that cannot take a backup, and for a workspace that is none yet."""
        if not (self._root / DATABASE).exists():
            raise GraftError(f"{self._root} is no workspace. Name one with --workspace or GRAFT_WORKSPACE.")
        if out.suffix.lower() != ".zip":
            raise GraftError(f"{out} does not end in .zip. Name the file, say {out.stem or 'graft'}.zip.")
        if not out.parent.is_dir():
            raise GraftError(f"There is no folder {out.parent}. Make it first, or name another one.")
        if out.resolve().is_relative_to(self._root.resolve()):
            raise GraftError(f"{out} lies in the workspace itself. Name a place outside, best on another disk.")
        if out.exists() and not is_sealed(out):
            raise GraftError(f"{out} is there already and is no backup of Graft's. Name another file.")

    def _files(self, folders: Sequence[str]) -> Iterator[Path]:
        """What lies in these folders and is not made again, as it is when it is asked for.

        Of a run's checkpoints the newest comes first: it is there the longest.
        """
        for top in folders:
            for folder, inner, names in os.walk(self._root / top):
                inner[:] = sorted(each for each in inner if not each.endswith(".part"))
                place = Path(folder)
                for name in sorted(names, reverse=place.name == CHECKPOINTS):
                    made_again = name.startswith(("pixels-", ".pixels-", "augmented-")) or name == BUNDLE
                    if not made_again and not name.endswith(".part"):
                        yield place / name


def _folders(rows: Store, root: Path, dataset: str) -> list[str]:
    """Of a workspace, or one dataset: the folders whose files the rows need."""
    datasets, jobs = rows.ids()
    own = [f"datasets/{id}" for id in datasets] + [f"runs/{id}" for id in jobs]
    if not dataset:
        return [*own, LOCAL, "predictions"]
    began_with = {task.recipe.backbone for job in rows.jobs(kind="train") if isinstance(task := task_of(job), Train)}
    return own + [f"{LOCAL}/{name}" for name in sorted(began_with) if (root / LOCAL / name).is_dir()]


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:  # it went meanwhile
        return 0
