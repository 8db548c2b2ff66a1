"""Data: whether anything is wrong with the images, and what they look like."""

from functools import partial

import streamlit as st

from components import shell, state
from components.data.headline import balance_view, headline
from components.data.problems import problems_view
from components.kit import text
from components.kit.gallery import gallery, or_none
from components.kit.import_form import import_form, import_progress
from components.kit.remark import remark_form
from transfer_core.types import TRAIN

PER_CLASS = 14  # two rows of a wide page

workspace = shell.begin("Data")
import_progress(workspace, shell.take)

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
if dataset is None:
    import_form(workspace, shell.take, primary=True)
    st.caption(
        "Once images are here, this page says whether anything is wrong with them, and shows them class by class."
    )
    st.stop()

profile = workspace.datasets.profile(dataset)
headline(workspace, dataset, profile)
problems_view(workspace, dataset)
balance_view(dataset, profile)

st.header("Images by class", anchor=False)
names = [text.plain(name) for name in dataset.classes]
label = st.selectbox(
    "Class",
    range(len(names)),
    format_func=names.__getitem__,
    label_visibility="collapsed",
    key=f"class_{dataset.id}",
    width=360,
)
samples = [int(i) for i in dataset.rows(TRAIN) if dataset.labels[i] == label][:PER_CLASS]
gallery(
    [(or_none(partial(workspace.datasets.thumbnail, dataset, i)), dataset.paths[i].split("/")[-1]) for i in samples]
)

with st.expander("Import other images", icon=":material/upload:"):
    import_form(workspace, shell.take)
with st.expander("Name, note, tags; delete", icon=":material/edit_note:"):
    remark_form(workspace, dataset.id, workspace.remarks.get(dataset.id), title=dataset.name, run=False)
    if st.button("Delete this dataset and its runs", key="delete_dataset", icon=":material/delete:"):
        workspace.datasets.delete(dataset.id)
        state.deleted_dataset.set((dataset.id, dataset.name))
        st.rerun()

shell.next_step("Next: decide", "decide", quiet=True)
