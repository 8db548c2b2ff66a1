"""What a run will take, before one has: from measurements where there are some, else from how fast the device is."""

from contextlib import suppress
from functools import partial

import streamlit as st

from components import state
from components.kit.guard import fragment
from components.kit.status import ENDED_BADLY, say_ended_badly
from transfer_core.errors import GraftError
from transfer_core.types import Backbone, Dataset
from transfer_core.workspace import Workspace

TICK_SECONDS = 1.0


def expected_seconds(workspace: Workspace, dataset: Dataset, backbone: Backbone, device: str) -> dict[str, float]:
    """Seconds of each strategy by its rules, measured on these images or expected; the unknown are left out."""
    measured = workspace.studies.measured(dataset, backbone.name)
    if measured is not None and device == "auto":
        found = measured.estimates
    else:
        ask_for_times(workspace, backbone, device)
        found = workspace.studies.estimates(dataset, backbone.name, device)
    return {each.strategy: each.seconds for each in found}


def ask_for_times(workspace: Workspace, backbone: Backbone, device: str) -> None:
    """Queue, once a session, the timing of a backbone that was not timed on a device yet."""
    asked = state.timed.begin(set())
    if workspace.jobs.devices() and (backbone.name, device) not in asked:
        asked.add((backbone.name, device))
        with suppress(GraftError):  # then no times are shown; what keeps the queue from working has its own banner
            workspace.backbones.measure_missing_speeds(backbone.name, device)


@partial(fragment, run_every=TICK_SECONDS)
def wait_for_times(workspace: Workspace, dataset: Dataset, backbone: Backbone) -> None:
    """Says that this machine times the network; the page is drawn anew once that is known."""
    if workspace.jobs.devices():
        with suppress(GraftError):
            workspace.backbones.measure_missing_speeds(backbone.name)  # anew where it made way for something else
    if workspace.studies.estimates(dataset, backbone.name):
        st.rerun()
    job = workspace.backbones.speed_job(backbone.name)
    if job is not None and job.status in ENDED_BADLY:
        say_ended_badly(job)
    else:
        waits = " once what runs on the device has ended" if job is not None and job.status == "queued" else ""
        st.caption(f":material/timer: timing…{waits}", help="Graft passes some images through the network: seconds.")
