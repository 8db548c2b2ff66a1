"""Train: choose, launch, watch live, stop."""

import streamlit as st

from components import shell, text
from components.backbone_picker import backbone_picker, download_note
from components.backbone_picture import backbone_picture, rows
from components.forms import settings
from components.run_view import queue_view, run_view
from transfer_core.errors import GraftError

workspace = shell.begin("Train")
dataset = shell.dataset_in_hand(workspace)
if dataset is None:
    shell.empty(
        "Training needs images",
        "Here you launch strategies on your dataset and watch loss and accuracy as they train.",
        "Bring in images",
        "data",
    )

runs = workspace.runs(dataset.id)
if st.session_state.pop("fold_setup", False):
    st.session_state["setup"] = False
with st.expander("Set up runs", icon=":material/tune:", expanded=not runs, key="setup", on_change="rerun"):
    titles = {strategy.name: strategy.title for strategy in workspace.strategies()}
    backbone = backbone_picker(workspace, st.session_state.get("device", "auto"))
    picked = st.pills(
        "Strategies",
        list(titles),
        selection_mode="multi",
        default=["linear_probe"],
        format_func=lambda name: titles[name],
        key="strategies",
    )
    for name in picked:
        strategy = workspace.strategy(name)
        st.caption(f"**{strategy.title}**. {strategy.when} Trains: {strategy.trains}")
    picture = st.container()
    devices = {device.name: device.title for device in workspace.devices()}
    device = st.selectbox(
        "Device",
        ["auto", *devices],
        format_func=lambda name: devices.get(name, "The fastest one here"),
        key="device",
        help=f"Found: {', '.join(devices.values()) or 'the worker is still looking'}.",
    )
    changed = settings(backbone) if st.toggle("Change the settings", key="show_settings") else {}
    recipes = []
    try:
        recipes = [workspace.recipe(dataset, name, backbone.name, **changed) for name in picked]
    except GraftError as error:
        st.error(text.escape(str(error)), icon=":material/error:")
    with picture:
        backbone_picture(backbone, rows(workspace, backbone, recipes), key="backbone_picture")
    if not workspace.available(backbone) and any(recipe.weights != "random" for recipe in recipes):
        st.warning(text.escape(download_note(backbone)), icon=":material/download:")
    if st.button(
        "Launch", type="primary", key="launch", icon=":material/play_arrow:", disabled=not recipes, width="content"
    ):
        try:
            before = {run.id for run in runs if run.status == "done"}
            ids = workspace.submit(recipes, device=device)
            same = [id for id in ids if id in before]
            st.session_state["run"] = next((id for id in ids if id not in before), ids[0])
            st.session_state["fold_setup"] = True
            if same:
                st.session_state["same"] = len(same)
            st.rerun()
        except GraftError as error:
            st.error(text.escape(str(error)), icon=":material/error:")

same = st.session_state.pop("same", 0)
if same:
    st.info(
        f"{same} of these recipes {'has' if same == 1 else 'have'} finished before, so that result is shown. "
        "Change the seed to train once more."
    )

if not runs:
    st.caption("Nothing has been trained on this dataset yet. Choose strategies above, or let Decide recommend them.")
    st.stop()

queue_view(workspace, dataset)
run_view(workspace, dataset)
shell.next_step("Compare the runs", "compare", disabled=not any(run.status == "done" for run in runs))
