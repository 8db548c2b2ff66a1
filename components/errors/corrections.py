"""What is marked of a dataset's images, and the button that makes a corrected version of it."""

from collections.abc import Sequence
from dataclasses import asdict

import streamlit as st

from components import shell, state
from components.errors.gallery import first, more
from components.errors.label_marks import mark_tiles
from components.errors.labels import SPLIT
from components.kit import text
from components.kit.buttons import button
from components.kit.feed import feed
from components.kit.guard import said
from components.kit.status import ENDED_BADLY, phase_bar, say_ended_badly
from transfer_core.types import SPLITS, Dataset, Job, Mark
from transfer_core.workspace import Comparison, DatasetRow, Workspace

CAUTION = (
    "Look at each image before you mark it: the suggestions are the opinion of these very runs, and a test that is "
    "changed to it becomes easier for them. Train anew on the corrected version and compare those runs with each "
    "other, not with runs from before."
)


def corrections_view(workspace: Workspace, dataset: Dataset, comparison: Comparison, was_active: bool) -> None:
    """Call in a fragment that runs by itself while a version is made."""
    marks, job = workspace.corrections.marks(dataset), workspace.corrections.job(dataset)
    active = job is not None and job.active
    if was_active != active:
        st.rerun()
    if marks or active:
        with st.container(border=True, key="corrections"):
            st.markdown(words(marks))
            _marked(workspace, dataset, marks)
            if job is not None and active:
                st.markdown(f"Making **{text.escape(workspace.jobs.task(job).name)}**")
                phase_bar(feed(workspace, job.id))
                stopping = job.status == "stopping"
                button("Cancel", "corrections_cancel", "", workspace.jobs.stop, job.id, disabled=stopping)
            else:
                _made_or_make(workspace, dataset, comparison, marks, job)
    _undo(workspace, dataset, marks)


def words(marks: Sequence[Mark]) -> str:
    """ "**5 images marked:** 4 get another label, 1 is dropped." """
    if not marks:
        return "**No image is marked.**"
    dropped = sum(mark.label is None for mark in marks)
    moved = len(marks) - dropped
    parts = [f"{text.count(moved)} {'gets' if moved == 1 else 'get'} another label"] * bool(moved)
    parts += [f"{text.count(dropped)} {'is' if dropped == 1 else 'are'} dropped"] * bool(dropped)
    return f"**{text.count(len(marks))} {'image' if len(marks) == 1 else 'images'} marked:** {', '.join(parts)}."


def _marked(workspace: Workspace, dataset: Dataset, marks: Sequence[Mark]) -> None:
    """The marked images, each with a choice of what becomes of it."""
    if not marks:
        return
    key = f"corrections_marked_{dataset.id}"
    with st.expander("Look at what is marked", key=key, on_change="rerun") as box:
        if box.open:
            known = {mark.sample: mark for mark in marks}
            samples = first(list(known), key=key)
            lines = {i: f'<li class="others">{SPLIT[SPLITS[int(dataset.splits[i])]]} image</li>' for i in samples}
            mark_tiles(workspace, dataset, dict.fromkeys(samples), known, key=f"{key}_tiles", lines=lines)
            more(list(known), key=key)


def _made_or_make(
    workspace: Workspace, dataset: Dataset, comparison: Comparison, marks: Sequence[Mark], job: Job | None
) -> None:
    version = workspace.corrections.made(dataset)
    if version is not None:
        _made(workspace, dataset, comparison, version)
        return
    st.markdown(CAUTION)
    if job is not None and workspace.jobs.task(job).marks == tuple(marks):
        if job.status in ENDED_BADLY:
            say_ended_badly(job)
        elif job.status == "stopped":
            st.info("The corrected version was not finished; nothing was kept.")
    with st.container(horizontal=True):
        make = st.button("Make a corrected version", key="corrections_make", icon=":material/library_add_check:")
        _clear(workspace, dataset, marks)
    if make:
        with said():
            workspace.corrections.submit(dataset)
            st.rerun()


def _made(workspace: Workspace, dataset: Dataset, comparison: Comparison, version: DatasetRow) -> None:
    name, old = text.escape(version.name), text.escape(dataset.name)
    count = len(comparison.runs)
    seconds = sum(run.whole_seconds or 0.0 for run in comparison.runs)
    st.markdown(
        f"They are in **{name}**, a dataset of its own beside **{old}**. Train on it anew and compare those runs with "
        "each other: their test differs from the one before."
    )
    with st.container(horizontal=True):
        train = st.button(
            "Train the same recipe on it" if count == 1 else f"Train the same {count} recipes on it",
            key="corrections_train",
            icon=":material/replay:",
            help=f"Of the runs compared here. On {old} they took {text.duration(seconds)} in all.",
        )
        opened = st.button("Open it on the Train page", key="corrections_open", icon=":material/model_training:")
        _clear(workspace, dataset, workspace.corrections.marks(dataset))
    if train or opened:
        with said():
            if train:
                new = workspace.datasets.get(version.id)
                workspace.runs.submit([workspace.recipes.from_json(asdict(run.recipe), new) for run in comparison.runs])
            shell.take(version.id)
            shell.go("train")


def _clear(workspace: Workspace, dataset: Dataset, marks: Sequence[Mark]) -> None:
    def clear() -> None:
        workspace.corrections.unmark(dataset)
        state.marks_cleared.set((dataset.id, tuple(marks)))

    button("Clear all marks", "corrections_clear", "layers_clear", clear)


def _undo(workspace: Workspace, dataset: Dataset, marks: Sequence[Mark]) -> None:
    """Until something is marked anew."""
    of, cleared = state.marks_cleared.get()
    if marks or of != dataset.id:
        state.marks_cleared.pop()
        return
    with st.container(horizontal=True, vertical_alignment="center", key="corrections_undo"):
        st.markdown("1 mark was cleared." if len(cleared) == 1 else f"{text.count(len(cleared))} marks were cleared.")
        button("Undo", "corrections_back", "", workspace.corrections.mark, dataset, cleared)
