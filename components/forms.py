"""Forms: bringing images in, and setting up runs."""

from pathlib import Path
from typing import Any

import streamlit as st

from components import text
from transfer_core.errors import GraftError
from transfer_core.types import Backbone
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
        turn = st.session_state.setdefault("upload_turn", 0)
        upload = st.file_uploader("A zip with one folder per class", type="zip", key=f"upload_{turn}")
        if upload is not None:
            job = _started(lambda: workspace.import_upload(upload, upload.name))
            if job:
                st.session_state["upload_turn"] = turn + 1  # a new widget, so that the upload's memory is freed
                _watch(job)
        if import_roots():
            with st.form("import_path", border=False):
                path = st.text_input("Or a path on this server", placeholder=str(import_roots()[0]))
                if st.form_submit_button("Import") and path:
                    job = _started(lambda: workspace.import_path(Path(path), allowed=import_roots()))
                    if job:
                        _watch(job)
        for example in workspace.examples():
            if st.button(
                f"Draw the example: {example.title}", key=f"example_{example.name}", icon=":material/grid_view:"
            ):
                _watch(workspace.import_example(example.name))
    with right:
        st.caption("What Graft expects")
        st.markdown(LAYOUT)
        st.caption("jpg, png, webp, bmp, gif or tiff. Files that cannot be read are listed, not fatal.")


def _started(start: Any) -> str | None:
    try:
        return str(start())
    except GraftError as error:
        st.error(text.escape(str(error)), icon=":material/error:")
        return None


def _watch(job: str) -> None:
    st.session_state["import_job"] = job
    st.rerun()


def settings(backbone: Backbone) -> dict[str, Any]:
    """The folded settings: what the user changed from the defaults by rule; each strategy takes those that it has."""
    changed: dict[str, Any] = {}
    columns = st.columns(3)
    with columns[0]:
        epochs = st.number_input(
            "Epochs (0: by rule)", 0, 1_000, 0, key="epochs", help="At most; early stopping may end a run before."
        )
        seed = st.number_input("Seed", 0, 2**31 - 1, 0, key="seed")
    with columns[1]:
        batch = st.number_input("Batch size (0: by rule)", 0, 4_096, 0, key="batch_size")
        lr = st.number_input(
            "Learning rate of the head (0: by rule)", 0.0, 10.0, 0.0, format="%.5f", step=0.0005, key="lr"
        )
    with columns[2]:
        titles = {tap.name: tap.title for tap in backbone.taps}
        tap = st.selectbox(
            "Features for the SVM from",
            [None, *titles],
            format_func=lambda name: titles.get(name, "by rule"),
            key="tap",
            help="A tap is a place in the backbone where its activations are read. Earlier ones are more general.",
        )
        augment = st.selectbox(
            "Augmentation",
            [None, "none", "light", "standard"],
            format_func=lambda name: name or "by rule",
            key="augment",
            help="Random shifts, turns and flips of the training images. Turn flips off when left and right differ in "
            "meaning.",
        )
    for name, value in (("epochs", epochs), ("batch_size", batch), ("lr", lr), ("tap", tap), ("augment", augment)):
        if value:
            changed[name] = value
    if seed:
        changed["seed"] = int(seed)
    return changed
