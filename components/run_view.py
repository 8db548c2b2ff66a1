"""A run as it trains: phase, figures, live curves, stop; and the queue of a dataset's runs."""

from collections.abc import Sequence

import streamlit as st

from components import text
from components.live_chart import run_chart
from components.status import phase_bar, run_badge
from transfer_core.types import Dataset, EpochEnd, Event, Notice, Progress, Run
from transfer_core.workspace import Workspace

TICK_SECONDS = 1.0


def queue_view(workspace: Workspace, dataset: Dataset) -> None:
    """The dataset's runs, newest first, each with how it stands; picking one shows it below. Call at top level."""
    active = bool(workspace.runs(dataset.id, active=True))
    st.fragment(_queue, run_every=TICK_SECONDS if active else None)(workspace, dataset, active)


def _queue(workspace: Workspace, dataset: Dataset, was_active: bool) -> None:
    runs = workspace.runs(dataset.id)
    if was_active and not any(run.active for run in runs):
        st.rerun()
    titles = workspace.titles(runs)
    shown = _shown(runs)
    with st.container(key="queue", gap="xsmall"):
        for run in runs:
            with st.container(horizontal=True, vertical_alignment="center", key=f"queue_{run.id}"):
                label = text.escape(titles[run.id])
                if st.button(
                    label,
                    key=f"show_{run.id}",
                    type="secondary" if run.id == shown else "tertiary",
                    icon=":material/visibility:" if run.id == shown else ":material/show_chart:",
                ):
                    st.session_state["run"] = run.id
                    st.rerun()
                run_badge(run)
                st.caption(_words(run))
                if run.active:
                    if st.button(
                        "Stop", key=f"stop_{run.id}", icon=":material/stop:", disabled=run.status == "stopping"
                    ):
                        workspace.stop(run.id)
                        st.rerun(scope="fragment")
                elif st.button("Remove", key=f"remove_{run.id}", type="tertiary", icon=":material/delete:"):
                    workspace.delete_run(run.id)
                    st.session_state["removed_run"] = (run.id, titles[run.id])
                    st.rerun()
        removed = st.session_state.get("removed_run")
        if removed is not None:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.caption(f"{text.escape(removed[1])} was removed.")
                if st.button("Undo", key="undo_remove", type="tertiary"):
                    workspace.restore_run(removed[0])
                    del st.session_state["removed_run"]
                    st.rerun()


def _words(run: Run) -> str:
    parts = [run.recipe.backbone] + ([] if run.status == "queued" else [run.device])
    if run.seconds is not None:
        parts.append(text.duration(run.seconds))
    return text.escape(", ".join(parts))


def _shown(runs: Sequence[Run]) -> str:
    """The run picked by the user; else the one that trains, else the newest."""
    picked = st.session_state.get("run")
    if any(run.id == picked for run in runs):
        return str(picked)
    running = [run for run in runs if run.status in ("running", "stopping")]
    return (running or list(runs))[0].id


def run_view(workspace: Workspace, dataset: Dataset) -> None:
    """The picked run, live while it trains. Call at top level."""
    runs = workspace.runs(dataset.id)
    shown = next(run for run in runs if run.id == _shown(runs))
    st.fragment(_view, run_every=TICK_SECONDS if shown.active else None)(workspace, shown.id, shown.active)


def _view(workspace: Workspace, id: str, was_active: bool) -> None:
    run = workspace.run(id)
    if was_active and not run.active:
        _follow_next(workspace, run)
        st.rerun()
    events = workspace.events(id)
    strategy = workspace.strategy(run.recipe.strategy)
    st.subheader(strategy.title, anchor=False)
    with st.container(key="run_status"):
        if run.status == "queued":
            st.info("Waiting for the run before it to end, or for the worker to start.", icon=":material/schedule:")
        elif run.active:
            phase_bar(events)
        elif run.status == "failed":
            st.error(text.escape(run.error), icon=":material/error:")
            if run.log:
                with st.expander("The worker's log, its last lines"):
                    st.code(run.log, language=None)
        elif run.status != "done":
            st.info(text.escape(run.error) or "Stopped. What it had learned until then was not kept.")
    if not run.active and not any(isinstance(event, EpochEnd) for _, _, event in events):
        return  # it ended before there was anything to draw
    _figures(run, events)
    chance = 1 / len(workspace.dataset(run.recipe.dataset).classes)
    run_chart(events, key=f"live_{id}", strategy=run.recipe.strategy, chance=chance)
    for _, _, event in events:
        if isinstance(event, Notice):
            st.caption(text.escape(event.text))


def _follow_next(workspace: Workspace, ended: Run) -> None:
    """When the run on show is done, show the next one that trains."""
    following = workspace.runs(ended.recipe.dataset, active=True)
    if ended.status == "done" and following:
        st.session_state["run"] = following[-1].id


def _figures(run: Run, events: Sequence[tuple[int, float, Event]]) -> None:
    epochs = [event for _, _, event in events if isinstance(event, EpochEnd) and event.val_accuracy is not None]
    progress = [event for _, _, event in events if isinstance(event, Progress)]
    speeds = [event.images_per_second for event in progress if event.images_per_second]
    memory = [event.memory_bytes for event in progress if event.memory_bytes]
    best = next((event for event in reversed(epochs) if event.best), None)
    with st.container(horizontal=True, key="figures"):
        st.metric(
            "Validation accuracy, best",
            text.percent(best.val_accuracy) if best and best.val_accuracy is not None else "–",
            border=True,
        )
        if run.status == "done":
            st.metric("Test accuracy", text.percent(run.test_accuracy or 0.0), border=True)
        speed = run.images_per_second or (speeds[-1] if speeds else None)
        st.metric("Speed", f"{text.count(round(speed))} images/s" if speed else "–", border=True)
        peak = run.peak_bytes or (max(memory) if memory else None)
        st.metric("Memory, peak", text.size(peak) if peak else "–", border=True)
        if run.seconds is not None:
            st.metric("Time", text.duration(run.seconds), border=True)
