"""An import as it goes: progress, cancel, and how it ended."""

from functools import partial

import streamlit as st

from components import shell, state
from components.kit import text
from components.kit.buttons import button
from components.kit.feed import feed
from components.kit.guard import follow
from components.kit.status import phase_bar, say_ended
from transfer_core.types import Job
from transfer_core.workspace import Workspace


def import_progress(workspace: Workspace, job: str) -> None:
    """Show an import; once it has ended, put its dataset in hand or show what was wrong. Call at top level."""
    follow(_body, partial(workspace.jobs.get, job), workspace, every=0.5, ended=_ended)


def _ended(job: Job) -> None:
    if job.status == "done":
        shell.take(job.result["id"])
        state.import_job.pop()
        state.show_import.set(False)
    else:
        state.import_job.set(job.id)


def _body(job: Job, workspace: Workspace) -> None:
    if job.active:
        with st.container(border=True, key="import_progress"):
            st.markdown(f"Bringing in **{text.escape(workspace.jobs.task(job).name)}**")
            phase_bar(feed(workspace, job.id))
            button("Cancel", "cancel_import", "", workspace.jobs.stop, job.id, disabled=job.status == "stopping")
        return
    with st.container(key="import_ended"):
        say_ended(job, "The import was cancelled; nothing was kept.")
        if st.button("Close", key="close_import"):
            state.import_job.pop()
            st.rerun()
