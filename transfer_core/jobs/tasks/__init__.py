"""The kinds of jobs, a file each: what it needs, its lane, what it does, what becomes visible at its end."""

from typing import Any

from transfer_core.errors import UnknownJob
from transfer_core.jobs.tasks.add_backbone import AddBackbone
from transfer_core.jobs.tasks.continue_run import ContinueRun
from transfer_core.jobs.tasks.correct import Correct
from transfer_core.jobs.tasks.draw_augmented import DrawAugmented
from transfer_core.jobs.tasks.export import Export
from transfer_core.jobs.tasks.find_rate import FindRate
from transfer_core.jobs.tasks.import_images import ImportImages
from transfer_core.jobs.tasks.measure import Measure
from transfer_core.jobs.tasks.pilot import Pilot
from transfer_core.jobs.tasks.predict import Predict
from transfer_core.jobs.tasks.speed import Speed
from transfer_core.jobs.tasks.task import EXPORTS, SHORT, Place, Task, job_log, run_folder, run_folders, staging
from transfer_core.jobs.tasks.train import Train
from transfer_core.types import Job, from_plain

__all__ = [
    "EXPORTS",
    "SHORT",
    "TASKS",
    "Place",
    "Task",
    "job_log",
    "run_folder",
    "run_folders",
    "staging",
    "task_from",
    "task_of",
]

TASKS: tuple[type[Task], ...] = (
    *(ImportImages, Correct, Measure, Pilot, FindRate, Train),
    *(Predict, Export, Speed, AddBackbone, ContinueRun, DrawAugmented),
)


def task_of(job: Job) -> Task:
    """What a job is to do. Raises UnknownJob for a kind or payload that this Graft does not know."""
    return task_from(job.kind, job.payload)


def task_from(kind: str, payload: dict[str, Any]) -> Task:
    """A task from its kind and what JSON made of it. Raises UnknownJob."""
    found = next((known for known in TASKS if known.kind == kind), None)
    if found is None:
        known = ", ".join(each.kind for each in TASKS)
        raise UnknownJob(f"There is no kind of job '{kind}'. This Graft knows: {known}.")
    try:
        return from_plain(found, payload)
    except (TypeError, KeyError, AttributeError) as error:
        raise UnknownJob(f"This job of kind '{kind}' is not one that this Graft can read ({error}).") from error
