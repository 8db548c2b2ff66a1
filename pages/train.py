"""Train: choose, launch, watch live, stop."""

import streamlit as st

from components import shell, state
from components.kit import text
from components.kit.backbone_picker import backbone_picker, download_note
from components.kit.buttons import button
from components.kit.expected import expected_seconds
from components.kit.guard import said
from components.kit.tab import notify_switch
from components.kit.train_form import by_rule, one_each, recipes, reset, rest, train_form
from components.train.augmented import augmented_view
from components.train.backbone_picture import backbone_picture, rows
from components.train.queue import queue_view, shown_run
from components.train.rate import rate_view
from components.train.recipe import recipes_to_launch
from components.train.run import run_view
from components.train.settings import changed, strategy_cards, train_settings
from components.train.together import together_view
from transfer_core.types import Recipe

workspace = shell.begin("Train")
dataset = shell.dataset_or_empty(
    workspace,
    "Training needs images",
    "Here you launch strategies on your dataset and watch loss and accuracy as they train.",
)

runs = workspace.runs.list(dataset.id)
opened = state.setup.of(dataset.id)
if state.fold_setup.pop():
    opened.set(False)
continued = state.continued.pop()
if continued:
    opened.set(True)
    st.toast(f"Runs start from “{text.escape(continued)}” now.", icon=":material/fork_right:")
setup = st.expander("Set up runs", icon=":material/tune:", expanded=not runs, key=opened.key, on_change="rerun")
same = state.same.pop()
if same:
    words = "has finished before and was" if same == 1 else "have finished before and were"
    st.info(f"{same} of these recipes {words} not trained again. Change the seed to train once more.")

if runs:  # before the form, which takes longer to draw
    queue_view(workspace, dataset, runs)
    switches = st.container(horizontal=True, vertical_alignment="center", key="switches")
    with switches:
        notify_switch()
    together_view(workspace, dataset, runs, switch=switches)
    run_view(workspace, dataset, runs)
    shell.next_step("Compare the runs", "compare", disabled=not any(run.tested for run in runs))
else:
    st.caption("Nothing has been trained on this dataset yet. Choose strategies above, or let Decide recommend them.")

if not setup.open:  # a folded form is not drawn: with it each tick of a live page costs the browser twice as much
    state.device.set(state.device.get())  # else Streamlit forgets what a widget held that is not drawn
    state.show_settings.set(state.show_settings.get())
    st.stop()

with setup:
    recommended = workspace.studies.decided(dataset).strategy
    form = train_form(workspace, recommended)
    backbone = backbone_picker(workspace, state.device.get())
    devices = {device.name: device.title for device in workspace.jobs.devices()}
    on = state.device.get()
    strategy_cards(workspace, form, expected_seconds(workspace, dataset, backbone, on), recommended)
    picture = st.container()
    device = st.selectbox(
        "Device",
        ["auto", *devices],
        format_func=lambda name: devices.get(name, "The fastest one here"),
        key=state.device.key,
        help=f"Found: {', '.join(devices.values()) or 'none yet'}.",
    )
    over_settings = st.container(horizontal=True, vertical_alignment="center")
    shown = over_settings.toggle("Change the settings", key=state.show_settings.key)
    filled = state.filled.pop()
    if filled:
        st.toast(f"The form above holds that recipe now: {filled}.", icon=":material/edit:")
    made: tuple[Recipe, ...] = ()
    place = None
    with said():
        if shown:
            place = train_settings(workspace, backbone, by_rule(workspace, dataset, form, backbone.name), form)
        else:
            rest(form)
        made = recipes(workspace, dataset, form, backbone.name)
    with over_settings:
        if changed(workspace, form):
            st.caption(f"Changed: {text.escape(changed(workspace, form))}")
            button("Back to the rules", "reset", "", reset, form, type="tertiary")
    each = one_each(made)
    with place or st.container():
        augmented_view(workspace, dataset, each, always=shown)
    if shown:
        rate_view(workspace, dataset, each, form, device)
        recipes_to_launch(workspace, dataset, each)
    with picture:
        backbone_picture(backbone, rows(workspace, backbone, each), key="backbone_picture")
    if not workspace.backbones.available(backbone) and any(recipe.weights == backbone.weights for recipe in made):
        st.warning(text.escape(download_note(backbone)), icon=":material/download:")
    with st.container(horizontal=True, vertical_alignment="center"):
        launch = st.button(
            f"Launch {len(made)} runs" if len(made) > 1 else "Launch",
            type="primary",
            key="launch",
            icon=":material/play_arrow:",
            disabled=not made,
            width="content",
        )
        if not form.chosen:
            st.caption("Choose a strategy above.")
    if launch:
        with said():
            before = {run.id for run in runs if run.status == "done"}
            ids = workspace.runs.submit(made, device=device)
            watched = next((run.id for run in runs if run.active and run.id == shown_run(runs)), "")  # stays in view
            state.run.set(watched or workspace.runs.first_of([id for id in ids if id not in before] or ids))
            state.fold_setup.set(True)
            state.same.set(sum(id in before for id in ids))
            st.rerun()
