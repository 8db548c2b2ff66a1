"""How a run or a job stands, in a badge, a bar and a few words."""

import time
from collections.abc import Sequence

import streamlit as st

from components import text
from transfer_core.types import Event, Progress, Run, StageStart

BADGES = {
    "queued": ("Waiting", ":material/schedule:", "gray"),
    "running": ("Training", ":material/hourglass_top:", "blue"),
    "stopping": ("Stopping", ":material/stop_circle:", "orange"),
    "stopped": ("Stopped", ":material/stop_circle:", "gray"),
    "done": ("Done", ":material/check_circle:", "green"),
    "failed": ("Failed", ":material/error:", "red"),
    "interrupted": ("Interrupted", ":material/power_off:", "orange"),
}


def run_badge(run: Run) -> None:
    label, icon, color = BADGES[run.status]
    if run.status == "done" and run.test_accuracy is not None:
        label = f"Done, {text.percent(run.test_accuracy)}"
    st.badge(label, icon=icon, color=color)


def phase_bar(events: Sequence[tuple[int, float, Event]]) -> None:
    """What happens now, how far it is, how long still."""
    stage = next((event for _, _, event in reversed(events) if isinstance(event, StageStart)), None)
    found = next(((when, event) for _, when, event in reversed(events) if isinstance(event, Progress)), None)
    head = f"Step {stage.number} of {stage.stages}: {stage.title}. " if stage is not None and stage.stages > 1 else ""
    if found is None:
        st.progress(0.0, text=head or "Starting")
        return
    when, now = found
    parts = [f"{head}{now.what}: {text.count(now.done)} of {text.count(now.of)} {now.unit}"]
    if now.images_per_second:
        parts.append(f"{text.count(round(now.images_per_second))} images/s")
    if now.seconds_left is not None:
        parts.append(f"{text.duration(max(0.0, now.seconds_left - (time.time() - when)))} left")
    st.progress(min(1.0, now.done / now.of) if now.of else 0.0, text=", ".join(parts))
