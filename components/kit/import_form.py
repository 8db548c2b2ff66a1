"""Images taken in: a place to drop them, examples; then what they are read as, progress, and how it ended."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from components import state
from components.kit import text
from components.kit.buttons import button
from components.kit.drawn import component
from components.kit.feed import feed
from components.kit.gallery import data_uri
from components.kit.guard import follow, said
from components.kit.preview import give, preview
from components.kit.status import phase_bar, say_ended
from transfer_core.types import Job
from transfer_core.workspace import ARCHIVES, Workspace, import_roots

PICTURES = Path(__file__).with_name("examples")  # tools/example_pictures.py makes them
LAYOUT = f"""
Class folders (`cats/01.jpg`), at any depth, alone or inside `train/`, `val/` and `test/`; labels in file names
(`cat_01.jpg`); or a table beside the images (`labels.csv` with a file and its label in each line).

{ARCHIVES.capitalize()}, loose files or a folder; archives in an archive, one level deep. Graft shows how it reads them
before anything is taken in.
"""
FILES, FOLDER = "Archive or files", "Folder"
STYLE = """
<style>
.st-key-drop_zone [data-testid="stFileUploaderDropzone"] { min-height: 9.5rem; border: 2px dashed
  color-mix(in srgb, currentColor 32%, transparent); justify-content: center; align-items: center;
  flex-direction: column; gap: .75rem; }
.st-key-drop_zone [data-testid="stFileUploaderDropzoneInstructions"] { flex: none; margin: 0; width: auto;
  justify-content: center; }
.st-key-drop_zone [data-testid="stFileUploaderDropzone"]:is(:hover, :focus-within) { border-color: currentColor; }
.st-key-examples [data-testid="stHorizontalBlock"] { flex-wrap: nowrap; }
.st-key-examples [data-testid="stColumn"] { min-width: 0; flex: 1 1 0; }
</style>
"""
CARD = """
.example { color: var(--st-text-color); font-family: var(--st-font); font-size: .875rem; line-height: 1.4; }
.example img { display: block; width: 100%; aspect-ratio: 404 / 266; }
.example p { margin: .6rem 0 0; }
"""
mount = component("graft_example", '<div class="example"></div>', css=CARD, js='export default shows(".example")')


def import_form(workspace: Workspace, arrived: Callable[[str], None], *, primary: bool = False) -> None:
    """A place to drop images, which shows how they are read; a path on the server where that is allowed; the examples.

    `arrived` gets the id of a dataset that is here already. `primary`: the first example is what to press here.
    """
    first = primary and state.given.get() is None
    left, right = st.columns([6, 5], gap="medium")
    with left:
        st.markdown("### Your images")
        _drop_zone(workspace)
    with right:
        st.markdown("### No images yet? Take an example")
        with st.container(key="examples"):
            places = st.columns(2, gap="medium")
        for number, (place, example) in enumerate(zip(places, workspace.datasets.examples(), strict=True)):
            known = workspace.datasets.from_example(example.name)
            with place:
                picture = data_uri((PICTURES / f"{example.name}.webp").read_bytes())
                alt = text.html(f"Six images of the example: {example.title}")
                words = f"<b>{text.html(example.title)}</b><br>{text.count(example.images)} images, "
                mount(
                    key=f"picture_{example.name}",
                    data={"html": f'<img src="{picture}" alt="{alt}"><p>{words}{example.classes} classes</p>'},
                )
                label = f"{'Open' if known else 'Try'} {example.name}"
                kind: Literal["primary", "secondary"] = "primary" if first and not number else "secondary"
                help = text.escape(f"{example.description} {example.source}")
                if st.button(label, key=f"example_{example.name}", type=kind, help=help, width="stretch"):
                    if known:
                        arrived(known)
                        st.rerun()
                    _watch(workspace.datasets.import_example(example.name, first_model=True))


def _drop_zone(workspace: Workspace) -> None:
    st.html(STYLE)
    turn = state.upload_turn.get()
    with st.container(key="drop_zone"):
        kind = st.segmented_control(
            "What is given",
            [FILES, FOLDER],
            default=FILES,
            required=True,
            label_visibility="collapsed",
            key="upload_kind",
        )
        several: Any = "directory" if kind == FOLDER else True
        words = (
            "Pick or drop a folder"
            if kind == FOLDER
            else "Drop a zip, 7z or tar here, or images with a table of labels"
        )
        uploads = st.file_uploader(words, accept_multiple_files=several, key=f"upload_{turn}_{kind}")
    if uploads:
        with said(), st.spinner("Taking the files over…"):
            kept = workspace.datasets.keep_upload([(upload.name, upload) for upload in uploads])
            state.upload_turn.set(turn + 1)  # a new widget, so that the upload's memory is freed
            give(workspace, kept)
            st.rerun()
    if import_roots():
        with st.form("import_path", border=False):
            path = st.text_input("Or a path on this server", placeholder=str(import_roots()[0]))
            if st.form_submit_button("Look at it") and path:
                with said():
                    give(workspace, Path(path))
                    st.rerun()
    with st.expander("What Graft reads", icon=":material/folder_zip:"):
        st.markdown(LAYOUT)


def _watch(job: str) -> None:
    state.import_job.set(job)
    st.rerun()


def import_progress(workspace: Workspace, arrived: Callable[[str], None]) -> None:
    """What was given, as it would be read; then its import, or another that runs: how far it is. `arrived` gets the id
    of its dataset once that is here.

    Call at top level. One that failed says why until it is closed.
    """
    if job := preview(workspace):
        _watch(job)
    running = (job.id for job in workspace.jobs.list(kind="import", active=True))
    watched = state.import_job.get() or next(running, "")
    if watched:
        follow(_body, partial(workspace.jobs.get, watched), workspace, every=0.5, ended=partial(_ended, arrived))


def _ended(arrived: Callable[[str], None], job: Job) -> None:
    if job.status == "done":
        state.import_job.pop()
        arrived(job.result["id"])
    else:
        state.import_job.set(job.id)


def _body(job: Job, workspace: Workspace) -> None:
    if job.active:
        with st.container(border=True, key="import_progress"):
            st.markdown(f"Importing **{text.escape(workspace.jobs.task(job).name)}**")
            phase_bar(feed(workspace, job.id))
            button("Cancel", "cancel_import", "", workspace.jobs.stop, job.id, disabled=job.status == "stopping")
        return
    with st.container(key="import_ended"):
        say_ended(job, "The import was cancelled; nothing was kept.")
        if st.button("Close", key="close_import"):
            state.import_job.pop()
            st.rerun()
