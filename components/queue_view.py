"""A dataset's runs, newest first, each with how it stands; runs that repeat one recipe are one line."""

from collections.abc import Sequence

import streamlit as st

from components import text
from components.status import run_badge
from transfer_core.types import Dataset, Repeats, Run
from transfer_core.workspace import Workspace

TICK_SECONDS = 1.0


def queue_view(workspace: Workspace, dataset: Dataset) -> None:
    """Picking a run shows it below. Call at top level."""
    active = bool(workspace.runs(dataset.id, active=True))
    st.fragment(_queue, run_every=TICK_SECONDS if active else None)(workspace, dataset, active)


def shown_run(runs: Sequence[Run]) -> str:
    """The run picked by the user; else the one that trains, else the newest."""
    picked = st.session_state.get("run")
    if any(run.id == picked for run in runs):
        return str(picked)
    running = [run for run in runs if run.status in ("running", "stopping")]
    return (running or list(runs))[0].id


def _queue(workspace: Workspace, dataset: Dataset, was_active: bool) -> None:
    runs = workspace.runs(dataset.id)
    if was_active and not any(run.active for run in runs):
        st.rerun()
    titles, shown = workspace.titles(runs), shown_run(runs)
    groups = workspace.repeats(dataset.id)
    group_of = {run.id: i for i, group in enumerate(groups) for run in group.runs}
    group_titles = workspace.titles_of_repeats(groups)
    drawn: set[int] = set()
    with st.container(key="queue", gap="xsmall"):
        for run in runs:
            place = group_of.get(run.id)
            if place is None:
                _line(workspace, run, titles[run.id], shown)
            elif place not in drawn:
                drawn.add(place)
                _group(workspace, groups[place], group_titles[place], titles, shown)
        _undo(workspace)


def _group(workspace: Workspace, group: Repeats, title: str, titles: dict[str, str], shown: str) -> None:
    """One line for all of them, folded open to each."""
    first = group.runs[0]
    key = f"group_{first.recipe.repeats}"
    active = [run for run in group.runs if run.active]
    failed = sum(run.status == "failed" for run in group.runs)
    with st.container(horizontal=True, vertical_alignment="center", key=key):
        open_ = st.toggle(text.escape(f"{title}, {kind_of(group)}"), value=bool(active), key=f"open_{key}")
        if group.mean is not None:
            st.markdown(f"**{mean_and_spread(group)}**", width="content")
        ended = f"{group.done} of {len(group.runs)} done" + f", {failed} failed" * bool(failed)
        st.caption(f"{ended} · {text.escape(first.recipe.backbone)}")
        if active and st.button("Stop all", key=f"stop_{key}", icon=":material/stop:"):
            for run in active:
                workspace.stop(run.id)
            st.rerun(scope="fragment")
    if open_:
        with st.container(key=f"runs_{key}", gap="xsmall"):
            for run in group.runs:
                _line(workspace, run, titles[run.id], shown)


def kind_of(group: Repeats) -> str:
    """ "5 folds", "3 seeds", "5 folds of 3 seeds" """
    folds = {run.recipe.fold for run in group.runs}
    seeds = {run.recipe.seed for run in group.runs}
    words = [f"{len(folds)} folds"] * (len(folds) > 1) + [f"{len(seeds)} seeds"] * (len(seeds) > 1)
    return " of ".join(words)


def mean_and_spread(group: Repeats) -> str:
    """ "81.2 % ± 1.3 points": test accuracy, and its standard deviation between the runs."""
    mean = text.percent(group.mean or 0.0)
    return mean if group.spread is None else f"{mean} ± {100 * group.spread:.1f} points"


def _line(workspace: Workspace, run: Run, title: str, shown: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"queue_{run.id}"):
        if st.button(
            text.escape(title),
            key=f"show_{run.id}",
            type="secondary" if run.id == shown else "tertiary",
            icon=":material/visibility:" if run.id == shown else ":material/show_chart:",
        ):
            st.session_state["run"] = run.id
            st.rerun()
        run_badge(run)
        st.caption(_words(run))
        if run.active:
            if st.button("Stop", key=f"stop_{run.id}", icon=":material/stop:", disabled=run.status == "stopping"):
                workspace.stop(run.id)
                st.rerun(scope="fragment")
        elif st.button("Remove", key=f"remove_{run.id}", type="tertiary", icon=":material/delete:"):
            workspace.delete_run(run.id)
            st.session_state["removed_run"] = (run.id, title)
            st.rerun()


def _words(run: Run) -> str:
    parts = [run.recipe.backbone] + ([] if run.status == "queued" else [run.device])
    if run.test_accuracy is not None:
        parts.insert(0, f"{text.percent(run.test_accuracy)} test")
    if run.seconds is not None:
        parts.append(text.duration(run.seconds))
    return text.escape(", ".join(parts))


def _undo(workspace: Workspace) -> None:
    removed = st.session_state.get("removed_run")
    if removed is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{text.escape(removed[1])} was removed.")
            if st.button("Undo", key="undo_remove", type="tertiary"):
                workspace.restore_run(removed[0])
                del st.session_state["removed_run"]
                st.rerun()
