"""A run as it trains: phase, figures, live curves; its recipe; the layer that it chose."""

from collections.abc import Sequence

import streamlit as st

from components import charts, text
from components.depth_chart import depth_curve
from components.live_chart import run_chart
from components.queue_view import shown_run
from components.recipe_view import recipe_of_run
from components.status import phase_bar
from transfer_core.types import Dataset, EpochEnd, Event, Notice, Progress, Run
from transfer_core.workspace import Workspace

TICK_SECONDS = 1.5  # on two cores without a GPU, a second instead of two takes a seventh of training's speed


def run_view(workspace: Workspace, dataset: Dataset) -> None:
    """The picked run, live while it trains. Call at top level."""
    runs = workspace.runs(dataset.id)
    shown = next(run for run in runs if run.id == shown_run(runs))
    st.fragment(_view, run_every=TICK_SECONDS if shown.active else None)(workspace, shown.id, shown.active)
    recipe_of_run(workspace, dataset, shown)


def _view(workspace: Workspace, id: str, was_active: bool) -> None:
    run = workspace.run(id)
    if was_active and not run.active:
        _follow_next(workspace, run)
        st.rerun()
    events = workspace.events(id)
    title = workspace.titles(workspace.runs(run.recipe.dataset)).get(id, run.recipe.strategy)
    st.subheader(text.escape(title), anchor=False)  # with its seed and fold, where others differ in these
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
    if run.depth_curve:
        taps = workspace.backbone(run.recipe.backbone).taps
        drawn = depth_curve(taps, dict(run.depth_curve), run.tap, chance)
        st.plotly_chart(drawn, key=f"depth_{id}", config=charts.CONFIG)


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
