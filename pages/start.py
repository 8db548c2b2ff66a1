"""Start: what Graft does, two ways in, and where one left off."""

import streamlit as st

from components import shell, state
from components.kit import text
from components.kit.runs import titles
from components.kit.status import run_badge
from components.start.journey import journey

NEWEST = 5  # of datasets and of runs, in their lists

workspace = shell.begin("Graft", header=False)

st.markdown("### From a folder of labelled images to the best classifier transfer learning can give")
st.write(
    "Graft places your images on the four-scenario flowchart, trains the strategies that fit, compares them on the "
    "same test images, and says which one to take, and why."
)
journey()

with st.container(horizontal=True, key="ways_in"):
    if st.button("Try the built-in example", type="primary", key="try_example", icon=":material/grid_view:"):
        known = [row.id for row in workspace.datasets.list() if row.name == "wallpaper"]
        if known:
            shell.take(known[0])
        else:
            state.import_job.set(workspace.datasets.import_example("wallpaper"))
        shell.go("data")
    if st.button("Upload your zip", key="upload_zip", icon=":material/upload:"):
        state.show_import.set(True)
        shell.go("data")
st.caption(
    "The example draws the 17 wallpaper groups: about a thousand patterns that only their symmetry tells apart, "
    "as unlike ImageNet as images get."
)

datasets, runs = workspace.datasets.list(), workspace.runs.list()
left, right = st.columns(2, gap="large")
with left:
    st.subheader("Recent datasets", anchor=False)
    if not datasets:
        st.caption("None yet. The example or your own zip will stand here.")
    for row in datasets[:NEWEST]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"dataset_{row.id}"):
            if st.button(text.escape(row.name), key=f"open_{row.id}", icon=":material/photo_library:"):
                shell.take(row.id)
                shell.go("data")
            st.caption(f"{text.count(row.images)} images, {row.classes} classes, {text.ago(row.created)}")
    if len(datasets) > NEWEST:
        st.caption(f"The newest {NEWEST} of {text.count(len(datasets))}. The list above each page has them all.")
with right:
    st.subheader("Recent runs", anchor=False)
    if not runs:
        st.caption("None yet. Runs that you launch will stand here, with how far they are.")
    names = {row.id: row.name for row in datasets}
    for run in runs[:NEWEST]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"recent_{run.id}"):
            title = titles(workspace, [each for each in runs if each.recipe.dataset == run.recipe.dataset])[run.id]
            if st.button(text.escape(title), key=f"run_{run.id}", icon=":material/model_training:"):
                shell.take(run.recipe.dataset)
                state.run.set(run.id)
                shell.go("train")
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                run_badge(run)
                st.caption(text.escape(names.get(run.recipe.dataset, "")))
    if len(runs) > NEWEST:
        st.caption(f"The newest {NEWEST} of {text.count(len(runs))}. The Train page has all those of a dataset.")
