"""How a run or a job stands, in a badge, a bar and a few words."""

import time
from typing import Literal

import streamlit as st

from components.kit import text
from components.kit.feed import Feed
from transfer_core.types import Job, Run, Status

Color = Literal["gray", "blue", "orange", "green", "red"]
ENDED_BADLY = ("failed", "interrupted")
BADGES: dict[Status, tuple[str, str, Color]] = {
    "queued": ("Waiting", ":material/schedule:", "gray"),
    "running": ("Training", ":material/hourglass_top:", "blue"),
    "stopping": ("Stopping", ":material/stop_circle:", "orange"),
    "stopped": ("Stopped", ":material/stop_circle:", "gray"),
    "done": ("Done", ":material/check_circle:", "green"),
    "failed": ("Failed", ":material/error:", "red"),
    "interrupted": ("Interrupted", ":material/power_off:", "orange"),
}


def run_badge(run: Run, *, accuracy: bool = True) -> None:
    """`accuracy`: whether the badge of one that has ended says it."""
    label, icon, color = BADGES[run.status]
    if accuracy and run.usable and run.test_accuracy is not None:
        label = f"{label}, {text.percent(run.test_accuracy)}"
    st.badge(label, icon=icon, color=color)


def phase_bar(seen: Feed) -> None:
    """What happens now, how far it is, how long still."""
    share, words = phase(seen)
    st.progress(share, text=words)


def phase(seen: Feed) -> tuple[float, str]:
    """How far the whole job is, which never goes back, and what happens now."""
    stage = seen.stage
    head = f"Step {stage.number} of {stage.stages}: {stage.title}. " if stage is not None and stage.stages > 1 else ""
    if seen.progress is None:
        return 0.0, head or "Starting"
    _, now = seen.progress
    parts = [f"{head}{now.what}: {text.count(now.done)} of {text.count(now.of)} {now.unit}"]
    if now.images_per_second:
        parts.append(f"{text.count(round(now.images_per_second))} images/s")
    still = left(seen)
    if still is not None:
        parts.append(text.remaining(still))
    return seen.share, ", ".join(parts)


def left(seen: Feed) -> float | None:
    """Seconds, as was said last, less what has passed since; None while nobody can tell."""
    if seen.progress is None or seen.progress[1].seconds_left is None:
        return None
    when, now = seen.progress
    return max(0.0, (now.seconds_left or 0.0) - (time.time() - when))


def say_ended(job: Job | Run | None, stopped: str = "") -> None:
    """How it ended where nothing came of it; `stopped`: the words for what was stopped."""
    if job is not None and job.status in ENDED_BADLY:
        say_ended_badly(job)
    elif job is not None and job.status == "stopped" and stopped:
        st.info(stopped, icon=":material/stop_circle:")


def say_ended_badly(job: Job | Run) -> None:
    """Why a job failed or was interrupted, with the last lines of its log where there are any."""
    st.error(text.escape(job.error or "It ended without saying why. Start it again."), icon=":material/error:")
    if job.log:
        with st.expander("The worker's log, its last lines"):
            st.code(job.log, language=None, wrap_lines=True)
