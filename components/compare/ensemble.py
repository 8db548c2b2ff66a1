"""An ensemble made of finished runs: chosen, named, held against them, taken back."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from components import state
from components.compare.runs import comparable, pick
from components.kit import text
from components.kit.buttons import button
from components.kit.runs import kept, kind_of, titles
from transfer_core.types import Dataset, Run
from transfer_core.workspace import Workspace


def ensemble_maker(workspace: Workspace, dataset: Dataset, done: Sequence[Run], compared: Sequence[Run]) -> None:
    """The button that opens it. `done`: all finished runs; `compared`: those that stand side by side."""
    if len(done) < 2:
        return
    with st.popover("Make an ensemble", icon=":material/layers:", key="ensemble"):
        st.caption(
            "The mean of what several runs say is often more accurate than each. It costs nothing to train, and as much"
            " as all its members to keep and to ask."
        )
        names = titles(workspace, done)
        members = state.ensemble_of.of(dataset.id)
        if not members.known:
            tried = [run for run in compared if not run.members]
            tried = tried if len(tried) > 1 else comparable(done)
            best = kept(workspace, workspace.ensembles.suggest, tried, by=tuple(run.id for run in tried))
            members.set(list(best))
        members.set([id for id in members.get() if id in names])
        _repeats(workspace, dataset)
        chosen = st.multiselect(
            "Runs",
            list(names),
            format_func=lambda id: text.plain(names[id]),
            key=members.key,
            help="At first those that are best together on the validation images.",
        )
        add, few = partial(_add, workspace, dataset, chosen, [run.id for run in compared]), len(chosen) < 2
        button("Add it to the comparison", "ensemble_add", "add", add, type="primary", disabled=few)
        if alone := state.ensemble_alone.get():
            st.info(
                f"“{text.escape(alone)}” is made of runs that share no test images, as folds are, so"
                " it cannot be compared. You find it on Predict, where you can take it home.",
                icon=":material/info:",
            )
        _made(workspace, dataset)


def _repeats(workspace: Workspace, dataset: Dataset) -> None:
    """Seeds or folds of one recipe, taken together at a click."""
    groups = [group for group in workspace.runs.repeats(dataset.id) if group.done == len(group.runs) > 1]
    for number, (group, title) in enumerate(zip(groups, workspace.runs.titles_of_repeats(groups), strict=True)):
        label = f"All {kind_of(group)} of {text.plain(text.short(title, 40))}"
        take, runs = state.ensemble_of.of(dataset.id).set, [run.id for run in group.runs]
        button(label, f"ensemble_group_{number}", "library_add_check", take, runs, type="tertiary")


def _made(workspace: Workspace, dataset: Dataset) -> None:
    """Those that there are, each with a way to take it back."""
    made = workspace.ensembles.list(dataset.id)
    if not made:
        return
    st.markdown("### Made so far")
    names = workspace.runs.titles(made)
    for run in made:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(text.escape(text.short(names[run.id], 60)))
            again = "Its members stay, and it can be made again."
            remove = partial(workspace.ensembles.delete, run.id)
            button("Remove", f"ensemble_remove_{run.id}", "close", remove, type="tertiary", help=again)


def _add(workspace: Workspace, dataset: Dataset, members: Sequence[str], compared: Sequence[str]) -> None:
    run = workspace.runs.get(workspace.ensembles.make(members))
    state.ensemble_alone.set("" if run.tested else workspace.runs.titles([run])[run.id])
    if run.tested:
        pick(dataset, [*(id for id in compared if id != run.id), run.id])
