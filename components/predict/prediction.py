"""A prediction: queued once, watched, and its answers as people, spreadsheets and programs read them."""

from collections.abc import Sequence

import streamlit as st

from components import state
from components.kit.guard import fragment
from components.kit.job_panel import under_way
from components.kit.promise import promised
from components.kit.status import ENDED_BADLY, say_ended_badly
from components.predict.answer import one_answer
from components.predict.given import Given
from components.predict.table import many_answers
from transfer_core.workspace import Workspace

TICK_SECONDS = 0.3


def prediction(workspace: Workspace, runs: Sequence[str], titles: Sequence[str], given: Given) -> None:
    """What the runs say of what was given. Call at top level."""
    key = f"{workspace.root} {' '.join(runs)} {given.mark}"
    jobs = state.predictions.begin({})
    if key not in jobs:
        jobs[key] = _queued(workspace, runs, given)
    active = workspace.jobs.get(jobs[key]).active
    body = fragment(_body, run_every=TICK_SECONDS if active else None)
    body(workspace, jobs[key], titles, given.label, active)


def _queued(workspace: Workspace, runs: Sequence[str], given: Given) -> str:
    if given.sample is not None:
        dataset = workspace.datasets.get(workspace.runs.get(runs[0]).recipe.dataset)
        return workspace.predictions.submit_samples(runs, dataset, [given.sample])
    for _, file in given.files:
        file.seek(0)
    return workspace.predictions.submit(runs, given.files, heat=True)


def _body(workspace: Workspace, id: str, titles: Sequence[str], label: str, was_active: bool) -> None:
    job = workspace.jobs.get(id)
    if was_active and not job.active:
        st.rerun()
    if job.status in ENDED_BADLY:
        say_ended_badly(job)
    elif job.active:
        under_way(workspace, job, "predict")
    elif not job.result:
        st.info("Stopped before an image was looked at.", icon=":material/stop_circle:")
    else:
        found = workspace.predictions.get(id, promise=promised())
        if found.of == 1:
            one_answer(workspace, id, found, titles, label)
        else:
            many_answers(workspace, id, found, titles)
