"""How a job's end becomes a state of the store: in the background thread and inline alike."""

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from transfer_core.data.dataset import read_dataset
from transfer_core.jobs.work import staging
from transfer_core.store import Store
from transfer_core.types import Event, Job, RunEnd

LOG_TAIL = 16_000  # characters kept of a worker's log; the dump of all threads after a crash has 4,000 and more


def record(store: Store, job: Job, events: list[Event]) -> None:
    """Keep events; the last one of a job that went well is kept by `finish` instead."""
    kept = [event for event in events if not isinstance(event, RunEnd)]
    if kept:
        store.append(job.id, kept)


def finish(store: Store, root: Path, job: Job, end: RunEnd, log: str = "") -> RunEnd:
    """Commit what the job made, write its state, clear its staging. Returns the end as it was kept."""
    if end.status == "done" and job.kind in ("import", "correct"):
        end = replace(end, result=_commit(store, root, job, end.result))
    store.append(job.id, [end])
    kept = log[-2 * LOG_TAIL :] if end.status == "failed" else ""
    store.finish(job.id, end.status, error=end.error, log=kept, result=end.result)
    shutil.rmtree(staging(root, job.id), ignore_errors=True)
    return end


def _commit(store: Store, root: Path, job: Job, result: dict[str, Any]) -> dict[str, Any]:
    """Move a finished dataset from staging to its place by one rename, then write its rows."""
    staged = staging(root, job.id) / "dataset"
    dataset = read_dataset(staged / "dataset.json")
    rows = store.dataset_rows()
    known = next((name for id, name, *_ in rows if id == dataset.id), None)
    if known is not None:
        return {**result, "name": known, "known": True}
    dataset = replace(dataset, name=free_name(job.payload["name"] or dataset.name, rows), created=time.time())
    place = root / "datasets" / dataset.id
    shutil.rmtree(place, ignore_errors=True)  # left by a crash between the rename and the rows, or deleted before
    place.parent.mkdir(exist_ok=True)
    (staged / "dataset.json").unlink()  # from here on the rows are the truth
    if hasattr(os, "sync"):
        os.sync()  # the images reach the disk before the rows that promise them
    staged.rename(place)
    store.add_dataset(dataset)
    return {**result, "name": dataset.name, "known": False}


def free_name(name: str, rows: list[tuple[str, str, float, int, int]]) -> str:
    """The name itself, or with the first number that makes it unique."""
    taken = {row[1] for row in rows}
    if name not in taken:
        return name
    return next(n for i in range(2, len(taken) + 3) if (n := f"{name} {i}") not in taken)
