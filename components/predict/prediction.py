"""A prediction: queued once, watched, and its answers as people, spreadsheets and programs read them."""

from collections.abc import Sequence
from functools import partial

from components import state
from components.kit.guard import follow
from components.kit.job_panel import under_way
from components.kit.status import ENDED_BADLY, say_ended
from components.kit.take_home import promised
from components.predict.answer import many_answers, one_answer
from components.predict.given import Given
from transfer_core.types import Job
from transfer_core.workspace import Workspace


def prediction(workspace: Workspace, runs: Sequence[str], titles: Sequence[str], given: Given) -> None:
    """What the runs say of what was given. Call at top level."""
    key = f"{workspace.root} {' '.join(runs)} {given.mark}"
    jobs = state.predictions.begin({})
    if key not in jobs:
        jobs[key] = _queued(workspace, runs, given)
    follow(_body, partial(workspace.jobs.get, jobs[key]), workspace, titles, given.label, every=0.3)


def _queued(workspace: Workspace, runs: Sequence[str], given: Given) -> str:
    if given.sample is not None:
        dataset = workspace.datasets.get(workspace.runs.get(runs[0]).recipe.dataset)
        return workspace.predictions.submit_samples(runs, dataset, [given.sample])
    for _, file in given.files:
        file.seek(0)
    return workspace.predictions.submit(runs, given.files, heat=True)


def _body(job: Job, workspace: Workspace, titles: Sequence[str], label: str) -> None:
    if job.active:
        under_way(workspace, job, "predict")
    elif job.status in ENDED_BADLY or not job.result:
        say_ended(job, "Stopped before an image was looked at.")
    else:
        found = workspace.predictions.get(job.id, promise=promised())
        if found.of == 1:
            one_answer(workspace, job.id, found, titles, label)
        else:
            many_answers(workspace, job.id, found, titles)
