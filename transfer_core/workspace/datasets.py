"""Datasets of a workspace, their images, and how they come in."""

import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import IO

from PIL import Image

from transfer_core.data.archive import LISTED, Member
from transfer_core.data.checks import Profile, profile
from transfer_core.data.decoding import Shape, decoders
from transfer_core.data.examples import EXAMPLES, Example, example
from transfer_core.data.meant import AS_FOUND, Meant
from transfer_core.data.members import SUFFIXES, ending, is_archive, suffix
from transfer_core.data.pixels import encoded, lost
from transfer_core.data.previews import Preview, preview
from transfer_core.data.tables import beside
from transfer_core.data.unlabelled import UNLABELLED
from transfer_core.errors import ArchiveError, DatasetError, ImageError, disk_words
from transfer_core.jobs.tasks import staging
from transfer_core.jobs.tasks.import_images import ImportImages
from transfer_core.kept import save_json
from transfer_core.store import Store
from transfer_core.types import NEWEST, Dataset, Remark, Rendering
from transfer_core.workspace.jobs import Jobs
from transfer_core.workspace.naming import expanded, matching, title
from transfer_core.workspace.previews import Look, Upload
from transfer_core.workspace.uploads import keep_upload, new_id

_one_at_a_time = threading.Lock()  # sessions share the process that decodes


@dataclass(frozen=True, kw_only=True)
class DatasetRow:
    """A line of the list of datasets."""

    id: str
    name: str
    created: float  # seconds since 1970
    images: int
    classes: int
    remark: Remark  # its note and tags


class Datasets:
    """What is taken in, looked at, renamed and deleted."""

    def __init__(self, store: Store, jobs: Jobs, root: Path) -> None:
        self._store, self._jobs, self._root = store, jobs, root

    def list(self) -> tuple[DatasetRow, ...]:
        """A line for each dataset, newest first; `get` gives it with all its images."""
        remarks = self._store.remarks()
        return tuple(
            DatasetRow(
                id=id, name=name, created=created, images=images, classes=classes, remark=remarks.get(id, Remark())
            )
            for id, name, created, images, classes in self._store.dataset_rows()
        )

    def get(self, id: str) -> Dataset:
        """The dataset of that id. Raises DatasetError when there is none, or it was deleted."""
        return self._store.dataset(id)

    def find(self, text: str) -> Dataset:
        """The dataset of that name or id, or whose id begins so. Raises DatasetError when it is none, or several."""
        names = {row.id: row.name for row in self.list()}
        found = matching(text, names)
        if len(found) > 1:
            which = ", ".join(f"{id} ({names[id]})" for id in found)
            raise DatasetError(f"{text!r} may be more than one dataset: {which}. Give the whole id of one.")
        if not found:
            known = ", ".join(names.values()) or "none yet"
            raise DatasetError(f"There is no dataset {text!r} in this workspace. It has: {known}.")
        return self.get(found[0])

    def import_path(
        self,
        path: Path,
        *,
        name: str = "",
        allowed: Sequence[Path] | None = None,
        first_model: bool = False,
        labels: str = "",
        encoding: str = "",
        bands: tuple[int, ...] = NEWEST.bands,
    ) -> str:
        """Queue the import of an archive or folder on this machine. Returns the job's id; its result holds the
        dataset's "id".

        `name`: what to call it; '' takes the file's. `allowed`: folders under one of which it must lie; None: any.
        `bands`: of files with more than three bands, which are red, green and blue, from 1.
        `first_model`: train one by itself afterwards, where the workspace serves so and its settings allow it.
        `labels`: how classes are told: folder, leaf, level:N, name:PATTERN or a table's path; '' finds out, and fails
        where two ways are about as likely. `encoding`: of a zip's names that do not say theirs; '' guesses.
        Raises ArchiveError when it does not exist or is not allowed.
        """
        found = self._there(path, allowed)
        meant = replace(self._meant(found, allowed, labels, encoding), bands=bands)
        return self._import(
            new_id(), source=str(found), name=title(name or found.name), first_model=first_model, meant=meant
        )

    def preview_path(
        self, path: Path, *, allowed: Sequence[Path] | None = None, labels: str = "", encoding: str = ""
    ) -> Preview:
        """What `import_path` would make of it, by the names inside alone. Raises ArchiveError as it and its job do."""
        found = self._there(path, allowed)
        return preview(found, found.name, self._meant(found, allowed, labels, encoding))

    def keep_upload(self, files: Sequence[tuple[str, IO[bytes]]]) -> Upload:
        """Copy what came from a browser, an archive or any files with their paths, to staging. Raises GraftError."""
        id = new_id()
        name, content = files[0]
        if len(files) == 1 and suffix(name) not in SUFFIXES:
            whole = title(name) + ending(name) * is_archive(name)  # errors name it
            kept = keep_upload(self._root, id, content, whole)
            return Upload(id=id, source=kept, name=title(name))
        names = {f"{number:06d}{Path(name).suffix[:9]}": name for number, (name, _) in enumerate(files)}
        for kept_as, (_, content) in zip(names, files, strict=True):
            keep_upload(self._root, id, content, f"upload/{kept_as}")
        folder = staging(self._root, id) / "upload"
        save_json(names, folder / LISTED)
        top = {name.partition("/")[0] for name, _ in files if "/" in name}
        return Upload(id=id, source=folder, name=title(top.pop() if len(top) == 1 else "images"))

    def look(self, source: Upload | Path, *, allowed: Sequence[Path] | None = None) -> Look:
        """The same of a kept upload or a path, in a process of its own, with some pictures; other readings on demand.

        Raises ArchiveError as `import_path` does; what its job would run into is the look's error.
        """
        if isinstance(source, Upload):
            return Look(source.source, source.name, AS_FOUND)
        found = self._there(source, allowed)
        return Look(found, found.name, self._meant(found, allowed, "", ""))

    def import_kept(
        self,
        upload: Upload,
        *,
        labels: str = "",
        encoding: str = "",
        bands: tuple[int, ...] = NEWEST.bands,
        first_model: bool = False,
    ) -> str:
        """Queue the import of a kept upload. Returns the job's id, as `import_path` does."""
        meant = Meant(labels=labels, encoding=encoding, bands=bands)
        return self._import(
            upload.id, source=str(upload.source), name=upload.name, first_model=first_model, meant=meant
        )

    def give_up(self, upload: Upload) -> None:
        """Forget a kept upload."""
        shutil.rmtree(staging(self._root, upload.id), ignore_errors=True)

    def _meant(self, found: Path, allowed: Sequence[Path] | None, labels: str, encoding: str) -> Meant:
        inside = allowed is None or any(found.parent.is_relative_to(root) for root in allowed)
        tables = beside(found) if inside else ()
        return Meant(labels=labels, encoding=encoding, tables=tables, without=self._root)

    def _there(self, path: Path, allowed: Sequence[Path] | None) -> Path:
        found = expanded(path)
        if allowed is not None and not any(found.is_relative_to(root) for root in allowed):
            roots = ", ".join(map(str, allowed)) or "none is set"
            raise ArchiveError(
                f"{path} is outside the folders that may be imported from ({roots}). "
                "GRAFT_IMPORT_ROOTS names them when the dashboard starts."
            )
        try:
            found.stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ArchiveError(f"{path} does not exist. Check the path; an archive or a folder is expected.") from error
        except OSError as error:
            raise ArchiveError(disk_words(error, found)) from error
        return found

    def import_upload(self, file: IO[bytes], name: str, *, first_model: bool = False) -> str:
        """Copy an uploaded archive to staging and queue its import. Returns the job's id, as `import_path` does.

        Raises GraftError when it cannot be kept.
        """
        return self.import_kept(self.keep_upload([(name, file)]), first_model=first_model)

    def examples(self) -> tuple[Example, ...]:
        """Datasets that Graft draws itself, to try it with."""
        return EXAMPLES

    def from_example(self, name: str) -> str:
        """Id of the dataset that a built-in example became; '' where it was not imported, or was deleted since."""
        known = {row.id for row in self.list()}
        made = (job for job in self._jobs.list(kind="import") if job.payload.get("example") == name)
        return next((id for job in made if (id := str(job.result.get("id", ""))) in known), "")

    def import_example(self, name: str, *, first_model: bool = False) -> str:
        """Queue the drawing of a built-in example. Returns the job's id. Raises DatasetError for one that is not."""
        return self._import(new_id(), example=example(name).name, name=name, first_model=first_model)

    def _import(
        self, id: str, *, name: str, source: str = "", example: str = "", first_model: bool, meant: Meant = AS_FOUND
    ) -> str:
        if first_model:
            self._jobs.stop_timings()  # decoding slows it down, and what it finds is kept
        task = ImportImages(
            source=source,
            example=example,
            name=name,
            seed=0,
            bands=meant.bands,
            first_model=first_model,
            reading=meant.labels,
            encoding=meant.encoding,
            tables=tuple(map(str, meant.tables)),
        )
        return self._jobs.add(task, id=id)

    def profile(self, dataset: Dataset) -> Profile:
        """Counts by class and split, imbalance, sizes in px, duplicates, problems."""
        return profile(dataset)

    def image(self, dataset: Dataset, sample: int) -> bytes:
        """A sample's file as it is stored. Raises DatasetError when it cannot be read."""
        file = self.sample_file(dataset, sample)
        try:
            return file.read_bytes()
        except OSError as error:
            raise lost(dataset, file, error) from error

    def thumbnail(self, dataset: Dataset, sample: int, px: int = 160) -> bytes:
        """A sample as a square PNG, upright, cropped at the centre: px times px.

        Raises DatasetError or ImageError when it cannot be read.
        """
        file = self.sample_file(dataset, sample)
        try:
            return _thumbnail(file, file.stat().st_mtime_ns, px, dataset.rendering)
        except OSError as error:
            raise lost(dataset, file, error) from error

    def sample_file(self, dataset: Dataset, sample: int) -> Path:
        """Where a sample, by its number from 0, is stored."""
        return self.folder(dataset) / "samples" / dataset.files[sample]

    def folder(self, dataset: Dataset) -> Path:
        """Where its images are."""
        return self._root / "datasets" / dataset.id

    def unlabelled(self, dataset: Dataset) -> tuple[Path, int]:
        """Where its images without a label are kept for prediction, and how many they are."""
        folder = self.folder(dataset) / UNLABELLED
        return folder, sum(file.name != LISTED for file in folder.iterdir()) if folder.is_dir() else 0

    def files(self, dataset: Dataset) -> tuple[Path, ...]:
        """Files and folders that are its own: images, kept pixels and features; without its runs'."""
        places = (self.folder(dataset), *sorted(self._root.glob(f"features/{dataset.id}-*")))
        return tuple(place for place in places if place.exists())

    def rename(self, id: str, name: str) -> str:
        """Returns the name that it got: the next free one where another has it. Raises DatasetError if empty."""
        name = " ".join(name.split())
        if not name:
            raise DatasetError("A dataset needs a name of at least one letter.")
        return self._store.rename_dataset(id, name)

    def delete(self, id: str) -> None:
        """Stop its runs and hide it with them; `restore` undoes it until the workspace is opened anew."""
        self._store.delete_dataset(id)

    def restore(self, id: str) -> None:
        """Undo `delete`, also when the same images came in again meanwhile. Raises DatasetError once it is gone."""
        self._store.restore_dataset(id)
        self._store.dataset(id)


@lru_cache(maxsize=4_096)
def _thumbnail(file: Path, changed: int, px: int, rendering: Rendering) -> bytes:
    """`changed`: when, so that another image under the same number is drawn anew."""
    shape = Shape(resize_px=px, crop_px=px, fit="crop", rendering=rendering)
    with _one_at_a_time:
        (look,) = decoders().looks([(file, Member(path=file.name, size=0, index=0))], [shape], thumbnail_px=0)
    if look.error:
        raise ImageError(look.error)
    return encoded(Image.fromarray(look.squares[0]), "PNG")
