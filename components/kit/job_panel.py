"""A study of the images that takes a minute or more: started, watched and stopped here, run elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import streamlit as st

from components.kit.buttons import button
from components.kit.feed import feed
from components.kit.guard import follow
from components.kit.status import phase_bar, say_ended
from transfer_core.types import Backbone, Dataset, Job
from transfer_core.workspace import Workspace

TICK_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Study:
    kind: Literal["measure", "pilot"]
    button: str
    again: str  # the button's label once there is a result
    icon: str
    offer: str  # what it does and how long that takes
    stopped: str


MEASURE = Study(
    kind="measure",
    button="Measure my images",
    again="Measure again",
    icon="straighten",
    offer="Graft passes your training images through the network, sees how much they are like what it was trained on, "
    "compares its layers, and times a few real steps of every strategy. It takes about a minute and trains nothing.",
    stopped="Measuring was stopped before it ended.",
)
PILOT = Study(
    kind="pilot",
    button="Start the pilots",
    again="Race again",
    icon="flag",
    offer="Linear heads are fitted, networks train for a moment, and the one in front goes on for longer. Where "
    "pretrained features do not fit your images, a network from random weights races too. Test images stay unseen.",
    stopped="The pilots were stopped before they ended.",
)


def study_button(study: Study, start: Callable[[], str], *, found: bool = False, **looks: Any) -> None:
    """Starts it; `found`: there is a result already. `start` queues it."""
    label = study.again if found else study.button
    button(label, f"start_{study.kind}", study.icon, start, help=study.offer, **looks)


def study_progress(workspace: Workspace, dataset: Dataset, backbone: Backbone, study: Study) -> None:
    """How far it is, refreshed while it is under way, and why it ended in vain. Call at top level."""

    def view(job: Job | None) -> None:
        with st.container(key=f"study_{study.kind}"):
            if job is not None and job.active:
                under_way(workspace, job, study.kind)
            else:
                say_ended(job, study.stopped)

    asked = partial(workspace.studies.job, study.kind, dataset, backbone.name)
    job = asked()
    if job is not None and job.status != "done":
        follow(view, asked, place=study.kind)


def under_way(workspace: Workspace, job: Job, kind: str) -> None:
    """How far a job is, and a way to stop it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container():
            if job.status == "queued":
                st.caption(":material/schedule: Waiting for its turn on the device.")
            elif job.status == "stopping":
                st.caption(":material/stop_circle: Stopping.")
            else:
                phase_bar(feed(workspace, job.id))
        button("Stop", f"stop_{kind}", "stop", workspace.jobs.stop, job.id, disabled=job.status == "stopping")
    st.caption("It goes on when you leave this page or close the tab.")
