"""A study of the images that takes a minute or more: started, watched and stopped here, run elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

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


def study_view(
    workspace: Workspace,
    dataset: Dataset,
    backbone: Backbone,
    study: Study,
    start: Callable[[], str],
    *,
    found: bool,
    watch: Callable[[Job], None] | None = None,
    options: Callable[[], None] | None = None,
) -> None:
    """How the study stands, refreshed while it is under way. Call at top level.

    `start` queues it. `watch` draws more of a job under way than how far it is, `options` what goes before the button.
    """

    def view(job: Job | None) -> None:
        with st.container(key=f"study_{study.kind}"):
            if job is not None and job.active:
                under_way(workspace, job, study.kind)
                if watch is not None:
                    watch(job)
                return
            say_ended(job, study.stopped)
            if not found:
                st.markdown(study.offer)
            with st.container(horizontal=True, vertical_alignment="bottom"):
                if options is not None:
                    options()
                in_vain = job is not None and job.status != "done"
                label = "Try again" if in_vain else study.again if found else study.button
                button(label, f"start_{study.kind}", study.icon, start)

    follow(view, partial(workspace.studies.job, study.kind, dataset, backbone.name), place=study.kind)


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
