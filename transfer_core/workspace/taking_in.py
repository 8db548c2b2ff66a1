"""A dataset that came from another workspace, with its runs, becomes one of this workspace."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transfer_core.backbones import LOCAL, backbones
from transfer_core.errors import DatasetError, GraftError
from transfer_core.jobs.tasks import task_of
from transfer_core.jobs.tasks.train import Train
from transfer_core.store import Store
from transfer_core.store.moving import PACKED
from transfer_core.types import Dataset
from transfer_core.workspace.remarks import named


def take_in(store: Store, root: Path, packed: Store, staged: Path) -> dict[str, Any]:
    """Add what `Backups.pack` wrote, and was unpacked into `staged` and checked. Returns what `Backups.unpack` tells.

    Files come first, then all rows at once; where these cannot be written the files go again. Raises GraftError.
    """
    found = packed.dataset_rows()
    if len(found) != 1:
        raise GraftError(f"There are {len(found)} datasets in the file, and not one. Nothing was changed.")
    dataset = packed.dataset(found[0][0])
    known = _known(store, dataset)
    jobs = [job for job in reversed(packed.jobs(dataset=dataset.id)) if job.kind in PACKED and not job.active]
    began_with = {job.id: task.recipe.backbone for job in jobs if isinstance(task := task_of(job), Train)}
    here = {each.name: each.weights for each in backbones(root)}
    own = {each.name: each.weights for each in backbones(staged) if each.is_local}
    others = {name for name, weights in own.items() if here.get(name, weights) != weights}
    there = set(store.ids()[1])
    left_out = [id for id, name in began_with.items() if name in others and id not in there]
    added = [job.id for job in jobs if job.id not in there and job.id not in left_out]
    runs = [id for id in added if id in began_with]
    renamed = _renamed(store, packed, dataset.id, runs)
    brought = sorted(own.keys() - here.keys())
    places = [f"runs/{id}" for id in added] + [f"{LOCAL}/{name}" for name in brought]
    moved: list[Path] = []
    try:
        _move(staged, root, places if known else [f"datasets/{dataset.id}", *places], moved)
        name = store.take_in(packed, dataset.id, known=known, jobs=added, names=renamed)
    except BaseException:
        for place in moved:
            shutil.rmtree(place, ignore_errors=True)
        raise
    if not known:
        for stale in (root / "features").glob(f"{dataset.id}-*"):
            stale.unlink()  # of rows that may have had other numbers
    return {
        **{"dataset": dataset.id, "name": name, "packed_name": dataset.name, "known": known, "runs": runs},
        **{"there": [id for id in began_with if id in there], "left_out": left_out, "renamed": renamed},
        "backbones": brought,
    }


def _known(store: Store, dataset: Dataset) -> bool:
    """Whether it is here already. Raises DatasetError where it is deleted here, or its images have other numbers."""
    if store.trashed(dataset.id):
        raise DatasetError(
            f"'{dataset.name}' is here and was deleted. Restore it, or remove it for good, then unpack again."
        )
    if dataset.id not in (row[0] for row in store.dataset_rows()):
        return False
    own = store.dataset(dataset.id)
    alike = own.paths == dataset.paths and own.classes == dataset.classes
    if not alike or (own.labels != dataset.labels).any() or (own.splits != dataset.splits).any():
        raise DatasetError(
            f"'{own.name}' holds these images already, under other names or in another order, so that the runs of the"
            " file would be of other images. Unpack it into another workspace."
        )
    return True


def _renamed(store: Store, packed: Store, dataset: str, runs: Sequence[str]) -> dict[str, str]:
    """By id, the next free name of each run whose own another run of the dataset has here."""
    remarks = store.remarks()
    taken = {remarks[id].name for id in store.standing("train", dataset) if id in remarks}
    renamed = {}
    for id in runs:
        wanted = packed.remark(id).name
        got = named(wanted, taken)
        taken.add(got)
        if got != wanted:
            renamed[id] = got
    return renamed


def _move(staged: Path, root: Path, places: Sequence[str], moved: list[Path]) -> None:
    """Folders to their places, one after the other; each that is there is noted in `moved`."""
    for place in places:
        if (staged / place).is_dir():
            final = root / place
            shutil.rmtree(final, ignore_errors=True)  # of no row: a crash left it
            final.parent.mkdir(parents=True, exist_ok=True)
            (staged / place).rename(final)
            moved.append(final)
