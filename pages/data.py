"""Data: bring images in, look at them, know their problems."""

from functools import partial

import streamlit as st

from components import shell, state
from components.data.import_form import import_form, import_progress
from components.kit import text
from components.kit.charts import plot
from components.kit.gallery import gallery, or_none
from transfer_core.presentation import figures
from transfer_core.presentation.answers import KINDS
from transfer_core.types import SPLITS, TRAIN

PER_CLASS = 12

workspace = shell.begin("Data")

if job := state.import_job.get() or next((each.id for each in workspace.jobs.list(kind="import", active=True)), ""):
    import_progress(workspace, job)

deleted, name = state.deleted_dataset.get()
if deleted:
    with st.container(horizontal=True, vertical_alignment="center", key="undo_delete", border=True):
        st.write(f"{text.escape(name)} and its runs were deleted.")
        if st.button("Undo", key="undo"):
            workspace.datasets.restore(deleted)
            shell.take(deleted)
            state.deleted_dataset.pop()
            st.rerun()

dataset = shell.dataset_in_hand(workspace)
if state.show_import.known:
    state.bring_in.set(state.show_import.pop())
with st.expander(
    "Bring in images", icon=":material/upload:", expanded=dataset is None, key=state.bring_in.key, on_change="rerun"
):
    import_form(workspace)
if dataset is None:
    st.caption("Once images are in, this page shows how many each class has, what they look like, and their problems.")
    st.stop()

profile = workspace.datasets.profile(dataset)
splits = [dataset.count(number) for number in range(len(SPLITS))]
st.markdown(
    f"**{text.escape(dataset.name)}** has {text.count(len(dataset))} images in {len(dataset.classes)} classes: "
    f"{text.count(splits[0])} to train on, {text.count(splits[1])} to validate, {text.count(splits[2])} to test. "
    + (
        "The splits are the archive's own."
        if dataset.splits_from == "archive"
        else "Graft cut the validation split from the training images."
        if dataset.splits_from == "archive, val cut from train"
        else "Graft split them by seed, near-duplicates kept together."
    )
)
for problem in dataset.problems:
    if problem.kind == "note" and not problem.file:  # of the whole dataset: what it was made from, how it was split
        st.caption(text.escape(problem.reason))
with st.container(horizontal=True, key="profile"):
    st.metric("Training images", text.count(profile.train_images), border=True)
    st.metric(
        "Imbalance",
        f"{profile.imbalance:.1f} ×",
        border=True,
        help="Training images of the largest class over those of the smallest.",
    )
    st.metric("Median size", f"{profile.median_width_px} × {profile.median_height_px} px", border=True)
    st.metric(
        "Near-duplicates",
        text.count(profile.duplicate_images),
        border=True,
        help="Images that look the same as another one. Graft keeps them in one split when it makes the splits.",
    )
    st.metric("Problems", text.count(len(dataset.problems)), border=True)

shape = workspace.recipes.fit_reason(dataset)
if shape is not None:
    st.caption(text.escape(f"{shape.rule} ({shape.evidence})"))

plot(figures.class_balance(dataset.classes, profile.counts), key="class_balance")

st.subheader("Images by class", anchor=False)
names = [text.plain(name) for name in dataset.classes]
label = st.selectbox("Class", range(len(names)), format_func=names.__getitem__, key="class")
samples = [int(i) for i in dataset.rows(TRAIN) if dataset.labels[i] == label][:PER_CLASS]
gallery(
    [(or_none(partial(workspace.datasets.thumbnail, dataset, i)), dataset.paths[i].split("/")[-1]) for i in samples]
)

if dataset.problems:
    st.subheader("Problems", anchor=False)
    st.dataframe(
        {
            "Kind": [KINDS[problem.kind] for problem in dataset.problems],
            "File": [text.plain(problem.file) for problem in dataset.problems],
            "What": [text.plain(problem.reason) for problem in dataset.problems],
        },
        hide_index=True,
        key="problems",
    )
else:
    st.caption("No problems found: every file could be read, and no image stands in two splits.")

with st.expander("Rename or delete", icon=":material/settings:"):
    with st.form("rename", border=False):
        name = st.text_input("Name", dataset.name, max_chars=80)
        if st.form_submit_button("Rename"):
            workspace.datasets.rename(dataset.id, name)
            st.rerun()
    if st.button("Delete this dataset and its runs", key="delete_dataset", icon=":material/delete:"):
        workspace.datasets.delete(dataset.id)
        state.deleted_dataset.set((dataset.id, dataset.name))
        st.rerun()

shell.next_step("Decide on a strategy", "decide")
