"""A run's network taken on: kept as a backbone, which is then chosen for the next runs."""

import streamlit as st

from components import state
from components.kit import text
from components.kit.guard import said
from components.kit.own_weights import added, suggested
from transfer_core.types import Dataset, Run
from transfer_core.workspace import Workspace


def continue_view(workspace: Workspace, dataset: Dataset, run: Run) -> None:
    """The button; nothing for a run that left no network, or left its backbone as it was."""
    if not run.usable or workspace.strategies.get(run.recipe.strategy).weights == "kept":
        return
    with st.popover("Continue from this run", icon=":material/fork_right:", key=f"continue_{run.id}"):
        st.caption(
            "Its network becomes a backbone: choose it for further runs on these images or on others. On a dataset that"
            " holds images which this run trained on, test figures would be too good."
        )
        proposed = suggested(f"{text.file_stem(dataset.name)[:18]}-{run.recipe.strategy}"[:33] + f"-{run.id[:4]}.pth")
        name = st.text_input("Name of the backbone", value=proposed, key=f"continue_name_{run.id}")
        if st.button("Keep it and set up a run", key=f"continue_go_{run.id}", type="primary", disabled=not name):
            with said():
                kept = added(workspace, workspace.backbones.add_run(run.id, name=name), "Reading the network.")
                if kept is not None:
                    state.backbone.set(kept)
                    state.continued.set(kept)
                    st.rerun()
