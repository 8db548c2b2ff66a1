"""What is to be predicted, photos, a zip, a folder, the camera's picture or a test image; and which runs are asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

import streamlit as st

from components import state
from components.kit import text
from components.kit.runs import taken, titles
from transfer_core.types import TEST, Dataset, Run
from transfer_core.workspace import MOST_RUNS, Workspace

WAYS = {"files": "Photos or an archive", "folder": "A folder", "camera": "The camera"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Given:
    """Images to look at, and a mark that is equal for the same ones."""

    mark: str
    files: tuple[tuple[str, IO[bytes]], ...] = ()
    sample: int | None = None  # one of the dataset's own
    label: str = ""  # what the dataset says it is
    unlabelled: bool = False  # those that came with the dataset without a label


def given(workspace: Workspace, dataset: Dataset) -> Given | None:
    """What the user gave last; None while nothing was."""
    _, without = workspace.datasets.unlabelled(dataset)
    ways = WAYS | ({"unlabelled": f"{text.count(without)} without a label"} if without else {})
    way = st.segmented_control(
        "Images from", list(ways), format_func=ways.__getitem__, default="files", key="images_from", required=True
    )
    uploads = []
    if way == "files":
        uploads = st.file_uploader(
            "Photos, or an archive of them", accept_multiple_files=True, key=f"photos_{dataset.id}"
        )
    elif way == "folder":
        uploads = st.file_uploader(
            "A folder, with those inside it", accept_multiple_files="directory", key=f"photo_folder_{dataset.id}"
        )
    elif way == "camera":
        shot = st.camera_input("A picture", key=f"camera_{dataset.id}")
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
    if way == "unlabelled":
        return Given(mark=f"unlabelled {dataset.id}", unlabelled=True)
    if not uploads:
        return None
    return Given(mark=_mark(uploads), files=tuple((each.name, each) for each in uploads))


def _mark(uploads: list) -> str:  # type: ignore[type-arg]
    return " ".join(each.file_id for each in uploads)


def runs_to_ask(workspace: Workspace, dataset: Dataset, done: Sequence[Run]) -> tuple[str, ...]:
    """The runs picked, in the order in which they were; Compare's choice until somebody picks."""
    names = titles(workspace, done)
    asked = state.asked.of(dataset.id)
    ids = [run.id for run in done]
    kept = [id for id in asked.get() if id in ids]
    wanted = state.to_predict.pop()
    if wanted in ids:  # the Compare page sends it
        kept = [wanted]
    best = taken(workspace, dataset)
    asked.set(kept or ([best.id] if best is not None and best.id in ids else ids[:1]))
    picked = st.multiselect(
        "Runs",
        ids,
        format_func=lambda id: text.plain(names[id]),
        key=asked.key,
        max_selections=MOST_RUNS,
        help="Compare's choice comes first. Several runs answer side by side.",
    )
    return tuple(picked)
