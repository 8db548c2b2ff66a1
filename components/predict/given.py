"""What is to be predicted: photos, a zip, a folder, a picture of the camera, or one of the test images."""

from dataclasses import dataclass
from typing import IO

import streamlit as st

from components import state
from transfer_core.types import TEST, Dataset
from transfer_core.workspace import Workspace

KINDS = ["jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff"]
WAYS = {"files": "Photos or a zip", "folder": "A folder", "camera": "The camera"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Given:
    """Images to look at, and a mark that is equal for the same ones."""

    mark: str
    files: tuple[tuple[str, IO[bytes]], ...] = ()
    sample: int | None = None  # one of the dataset's own
    label: str = ""  # what the dataset says it is


def given(workspace: Workspace, dataset: Dataset) -> Given | None:
    """What the user gave last; None while nothing was."""
    way = st.segmented_control(
        "Images from", list(WAYS), format_func=WAYS.__getitem__, default="files", key="images_from", required=True
    )
    uploads = []
    if way == "files":
        uploads = st.file_uploader(
            "Photos, or a zip of them", [*KINDS, "zip"], accept_multiple_files=True, key="photos"
        )
    elif way == "folder":
        uploads = st.file_uploader(
            "A folder, with those inside it", KINDS, accept_multiple_files="directory", key="photo_folder"
        )
    else:
        shot = st.camera_input("A picture", key="camera")
        uploads = [] if shot is None else [shot]
    tests = dataset.count(TEST)
    if st.button(
        "Try one of the test images",
        key="try_test",
        icon=":material/casino:",
        disabled=not tests,
        help=None if tests else f"“{dataset.name}” has no test images.",
    ):
        turn = state.test_turn.get() + 1
        state.test_turn.set(turn)
        state.tried.set((dataset.id, int(dataset.rows(TEST)[(turn * 7919) % tests]), _mark(uploads)))
    of, tried, before = state.tried.get()
    if of == dataset.id and before == _mark(uploads):  # until other images are given
        label = dataset.classes[dataset.labels[tried]]
        return Given(mark=f"{of} {tried}", sample=tried, label=label)
    if not uploads:
        return None
    return Given(mark=_mark(uploads), files=tuple((each.name, each) for each in uploads))


def _mark(uploads: list) -> str:  # type: ignore[type-arg]
    return " ".join(each.file_id for each in uploads)
