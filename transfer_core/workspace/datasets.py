"""Datasets of a workspace, their images, and how they come in."""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

from PIL import Image

from transfer_core.data.checks import profile
from transfer_core.data.examples import EXAMPLES, Example
from transfer_core.data.pixels import fit_square, lost, open_rgb
from transfer_core.errors import ArchiveError, DatasetError, disk_words
from transfer_core.jobs.tasks.import_images import ImportImages
from transfer_core.types import Dataset, Profile
from transfer_core.workspace.naming import matching
from transfer_core.workspace.opened import Opened, expanded, new_id, title


@dataclass(frozen=True, kw_only=True)
class DatasetRow:
    """A line of the list of datasets."""

    id: str
    name: str
    created: float
    images: int
    classes: int


def import_roots() -> tuple[Path, ...]:
    """Folders on the server from which a browser may import, as GRAFT_IMPORT_ROOTS lists them."""
    listed = os.environ.get("GRAFT_IMPORT_ROOTS", "")
    return tuple(expanded(Path(part)) for part in listed.split(os.pathsep) if part)


class Datasets(Opened):
    """What is taken in, looked at, renamed and deleted."""

    def datasets(self) -> tuple[DatasetRow, ...]:
        """Newest first."""
        return tuple(
            DatasetRow(id=id, name=name, created=created, images=images, classes=classes)
            for id, name, created, images, classes in self._store.dataset_rows()
        )

    def dataset(self, id_or_name: str) -> Dataset:
        """By its id, the beginning of its id, or its name. Raises DatasetError when that is none, or more than one."""
        names = {row.id: row.name for row in self.datasets()}
        found = matching(id_or_name, names)
        if len(found) > 1:
            which = ", ".join(f"{id} ({names[id]})" for id in found)
            raise DatasetError(f"{id_or_name!r} may be more than one dataset: {which}. Give the whole id of one.")
        if not found:
            known = ", ".join(names.values()) or "none yet"
            raise DatasetError(f"There is no dataset {id_or_name!r} in this workspace. It has: {known}.")
        return self._store.dataset(found[0])

    def profile(self, dataset: Dataset) -> Profile:
        return profile(dataset)

    def image(self, dataset: Dataset, sample: int) -> bytes:
        """A sample's file as it is stored. Raises DatasetError when it cannot be read."""
        file = self._sample(dataset, sample)
        try:
            return file.read_bytes()
        except OSError as error:
            raise lost(dataset, file, error) from error

    def thumbnail(self, dataset: Dataset, sample: int, px: int = 160) -> bytes:
        """A sample as a square PNG, upright, cropped at the centre: px times px.

        Raises DatasetError or ImageError when it cannot be read.
        """
        file = self._sample(dataset, sample)
        try:
            return _thumbnail(file, file.stat().st_mtime_ns, px)
        except OSError as error:
            raise lost(dataset, file, error) from error

    def _sample(self, dataset: Dataset, sample: int) -> Path:
        return self.root / "datasets" / dataset.id / "samples" / dataset.files[sample]

    def rename_dataset(self, id: str, name: str) -> str:
        """Returns the name that it got: the next free one where another has it. Raises DatasetError if empty."""
        name = " ".join(name.split())
        if not name:
            raise DatasetError("A dataset needs a name of at least one letter.")
        return self._store.rename_dataset(id, name)

    def delete_dataset(self, id: str) -> None:
        """Stop its runs and hide it with them; `restore_dataset` undoes it until Graft starts again."""
        self._store.delete_dataset(id)

    def restore_dataset(self, id: str) -> None:
        self._store.restore_dataset(id)

    def examples(self) -> tuple[Example, ...]:
        return EXAMPLES

    def import_upload(self, file: IO[bytes], name: str) -> str:
        """Copy an uploaded zip to staging and queue its import. Returns the job's id."""
        id = new_id()
        source = self._kept(id, file, f"{title(name)}.zip")  # errors name it
        return self._import(id, source=str(source), name=title(name))

    def import_path(self, path: Path, *, name: str = "", allowed: Sequence[Path] | None = None) -> str:
        """Queue the import of a zip or folder on this machine. With `allowed`, it must lie under one of those folders.

        Raises ArchiveError when it does not exist or is not allowed.
        """
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
            raise ArchiveError(f"{path} does not exist. Check the path; a zip file or a folder is expected.") from error
        except OSError as error:
            raise ArchiveError(disk_words(error, found)) from error
        return self._import(new_id(), source=str(found), name=title(name or found.name))

    def import_example(self, name: str) -> str:
        """Queue the drawing of a built-in example."""
        if name not in {example.name for example in EXAMPLES}:
            known = ", ".join(example.name for example in EXAMPLES)
            raise DatasetError(f"There is no example {name!r}. Graft has: {known}.")
        return self._import(new_id(), example=name, name=name)

    def _import(self, id: str, *, name: str, source: str = "", example: str = "") -> str:
        return self._queue(ImportImages(source=source, example=example, name=name, seed=0), id=id)


@lru_cache(maxsize=4_096)
def _thumbnail(file: Path, changed: int, px: int) -> bytes:
    """`changed`: when, so that another image under the same number is drawn anew."""
    square = fit_square(open_rgb(file), resize_px=px, crop_px=px)
    return _png(Image.fromarray(square))


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
