"""A dataset that a job has made becomes one of the workspace."""

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from transfer_core.data.dataset import read_dataset
from transfer_core.errors import DatasetError
from transfer_core.jobs.tasks.task import Place
from transfer_core.store import Store
from transfer_core.types import Dataset


def keep_dataset(place: Place, store: Store, result: dict[str, Any], name: str) -> dict[str, Any]:
    """Move the dataset from staging to its place by one rename, then write its rows.

    Of images that are here already nothing is added but files that are gone. Of those that were deleted a moment ago
    the old rows come back, so that their numbers, and what is kept by them, stay true. Raises DatasetError when files
    are gone and these images are numbered otherwise.
    """
    staged = place.staging / "dataset"
    dataset = read_dataset(staged / "dataset.json")
    known = next((row[1] for row in store.dataset_rows() if row[0] == dataset.id), None)
    if known is not None:
        _bring_files(store.dataset(dataset.id), dataset, staged, place.root / "datasets" / dataset.id)
        return {**result, "name": known, "known": True}
    name, final = name or dataset.name, place.root / "datasets" / dataset.id
    if final.is_dir():
        back = store.bring_back(dataset.id, name)
        if back is not None:
            _bring_files(store.dataset(dataset.id), dataset, staged, final)
            return {**result, "name": back, "known": False}
        shutil.rmtree(final)  # left by a crash between the rename and the rows
    for stale in (place.root / "features").glob(f"{dataset.id}-*"):
        stale.unlink()  # of rows that may have had other numbers
    final.parent.mkdir(exist_ok=True)
    (staged / "dataset.json").unlink()  # from here on the rows are the truth
    if hasattr(os, "sync"):
        os.sync()  # the images reach the disk before the rows that promise them
    staged.rename(final)
    try:
        name = store.add_dataset(replace(dataset, name=name, created=time.time()))
    except BaseException:
        shutil.rmtree(final, ignore_errors=True)  # a full disk needs the room
        raise
    return {**result, "name": name, "known": False}


def _bring_files(known: Dataset, again: Dataset, staged: Path, final: Path) -> None:
    """Put the files of a dataset's samples that are gone in their place, from the same images in staging."""
    samples = final / "samples"
    there = set(os.listdir(samples)) if samples.is_dir() else set()
    gone = [file for file in known.files if file not in there]
    if not gone:
        return
    if (known.paths, known.files) != (again.paths, again.files):
        raise DatasetError(
            f"'{known.name}' holds these images already, but {len(gone):,} of its {len(known):,} files are gone, and"
            " the images have other names or another order now. Import them from the zip or folder that they came from."
        )
    samples.mkdir(parents=True, exist_ok=True)
    for file in gone:
        os.replace(staged / "samples" / file, samples / file)
