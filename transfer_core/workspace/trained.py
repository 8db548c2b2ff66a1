"""A run, as its job tells of it."""

from typing import Any

from transfer_core.errors import UnknownJob
from transfer_core.jobs.tasks import task_of
from transfer_core.jobs.tasks.train import Train
from transfer_core.store import Store
from transfer_core.types import Job, Remark, Run, attributes

RESULTS = (
    *("seconds", "saved_seconds", "test_accuracy", "val_accuracy", "images_per_second", "peak_bytes"),
    *("epochs_done", "epochs_planned"),
)


def trained(store: Store, id: str) -> Run:
    """The run of that id, which is no ensemble's. Raises UnknownJob."""
    job = store.job(id)
    if job.kind != "train":
        raise UnknownJob(f"{id!r} is not a run.")
    return run_of(job, store.remark(id))


def run_of(job: Job, remark: Remark) -> Run:
    task = task_of(job)
    assert isinstance(task, Train)
    figures: dict[str, Any] = {name: job.result.get(name) for name in RESULTS}
    return Run(
        id=job.id,
        remark=remark,
        recipe=task.recipe,
        device=job.device or job.lane,
        tap=job.result.get("tap", ""),
        depth_curve=tuple((tap, accuracy) for tap, accuracy in job.result.get("depth_curve", ())),
        untested=job.result.get("untested", False),
        by_itself=task.by_itself,
        pausing=task.pausing,
        expected_seconds=task.expected,
        overtaken_seconds=task.overtaken,
        **attributes(job, "status", "created", "started", "finished", "error", "log", "stops"),
        **figures,
    )
