"""A user's own weights as a backbone: a file, its architecture, a name; checked by a job, then chosen."""

import re
import time
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from components import state
from components.kit.guard import said
from components.kit.status import say_ended
from transfer_core.types import Backbone
from transfer_core.workspace import Workspace

LOOK_SECONDS = 0.2


def own_weights(workspace: Workspace, backbones: Sequence[Backbone], *, expanded: bool = False) -> str | None:
    """The form; returns the name of a backbone that was just added."""
    with st.expander("Add weights of your own", icon=":material/upload_file:", expanded=expanded):
        turn = state.weights_turn.get()
        file = st.file_uploader(
            "A file of weights",
            type=["pth", "pt", "safetensors"],
            key=f"weights_{turn}",
            help="The state_dict() of a network of torchvision's, bare or in a checkpoint, with any number of classes. "
            "No code in the file is run.",
        )
        archs = {known.arch: known.title for known in backbones if known.name == known.arch}
        arch = st.selectbox(
            "Its architecture", list(archs), index=None, format_func=lambda arch: archs[arch], key=f"arch_{turn}"
        )
        name = st.text_input("Name", value=suggested(file.name) if file else "", key=f"name_{turn}_{bool(file)}")
        if st.button("Check and add", key="add_weights", disabled=not (file and arch and name)) and file and arch:
            with said():
                job = workspace.backbones.add_upload(file, file.name, arch=arch, name=name)
                kept = added(workspace, job, "Checking the weights.")
                if kept is not None:
                    state.weights_turn.set(turn + 1)  # a new widget, so that the upload's memory is freed
                return kept
    return None


def added(workspace: Workspace, job: str, what: str) -> str | None:
    """Wait for a job that keeps a backbone: its name, or None, once it is said why there is none."""
    with st.spinner(f"{what} Another page may be opened meanwhile; this goes on."):
        while workspace.jobs.get(job).active:
            time.sleep(LOOK_SECONDS)
    ended = workspace.jobs.get(job)
    if ended.status == "done":
        return str(ended.result["name"])
    say_ended(ended, "It was stopped, so no backbone was added.")
    return None


def suggested(file: str) -> str:
    """A file's name as a backbone's: "My ResNet (3).pth" -> "my-resnet-3"."""
    return re.sub(r"[^a-z0-9_]+", "-", Path(file).stem.casefold()).strip("-_")[:40]
