"""An import as it goes: progress, cancel, and how it ended."""

import streamlit as st

from components import shell, state
from components.kit import text
from components.kit.buttons import button
from components.kit.feed import feed
from components.kit.guard import fragment
from components.kit.status import ENDED_BADLY, phase_bar, say_ended_badly
from transfer_core.workspace import Workspace


def import_progress(workspace: Workspace, job: str) -> None:
    """Show an import; once it has ended, put its dataset in hand or show what was wrong. Call at top level."""
    active = workspace.jobs.get(job).active
    fragment(_body, run_every=0.5 if active else None)(workspace, job, active)


def _body(workspace: Workspace, id: str, was_active: bool) -> None:
    job = workspace.jobs.get(id)
    if was_active and not job.active:
        if job.status == "done":
            shell.take(job.result["id"])
            state.import_job.pop()
            state.show_import.set(False)
        else:
            state.import_job.set(id)
        st.rerun()
    if job.active:
        with st.container(border=True, key="import_progress"):
            st.markdown(f"Bringing in **{text.escape(workspace.jobs.task(job).name)}**")
            phase_bar(feed(workspace, id))
            button("Cancel", "cancel_import", "", workspace.jobs.stop, id, disabled=job.status == "stopping")
        return
    with st.container(key="import_ended"):
        if job.status in ENDED_BADLY:
            say_ended_badly(job)
        elif job.status == "stopped":
            st.info("The import was cancelled; nothing was kept.", icon=":material/stop_circle:")
        if st.button("Close", key="close_import"):
            state.import_job.pop()
            st.rerun()
