"""Images brought in: the form, then progress, a way to cancel, and how it ended."""

from functools import partial
from pathlib import Path

import streamlit as st

from components import shell, state
from components.kit import text
from components.kit.buttons import button
from components.kit.feed import feed
from components.kit.guard import follow, said
from components.kit.status import phase_bar, say_ended
from transfer_core.types import Job
from transfer_core.workspace import Workspace, import_roots

LAYOUT = """
```
photos.zip
├── cats/  01.jpg  02.jpg …
└── dogs/  01.jpg  02.jpg …
```
or the same inside `train/`, `validation/` and `test/`.
"""


def import_form(workspace: Workspace) -> None:
    """Upload, a path on the server where that is allowed, or the built-in example."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        turn = state.upload_turn.get()
        upload = st.file_uploader("A zip with one folder per class", type="zip", key=f"upload_{turn}")
        if upload is not None:
            with said():
                job = workspace.datasets.import_upload(upload, upload.name)
                state.upload_turn.set(turn + 1)  # a new widget, so that the upload's memory is freed
                _watch(job)
        if import_roots():
            with st.form("import_path", border=False):
                path = st.text_input("Or a path on this server", placeholder=str(import_roots()[0]))
                if st.form_submit_button("Import") and path:
                    with said():
                        _watch(workspace.datasets.import_path(Path(path), allowed=import_roots()))
        for example in workspace.datasets.examples():
            if st.button(
                f"Draw the example: {example.title}", key=f"example_{example.name}", icon=":material/grid_view:"
            ):
                _watch(workspace.datasets.import_example(example.name))
    with right:
        st.caption("What Graft expects")
        st.markdown(LAYOUT)
        st.caption("jpg, png, webp, bmp, gif or tiff. Files that cannot be read are listed, not fatal.")


def _watch(job: str) -> None:
    state.import_job.set(job)
    st.rerun()


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
