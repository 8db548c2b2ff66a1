"""One photo and what a run makes of it."""

import hashlib

import streamlit as st

from components import charts, text
from components.guard import fragment
from components.status import ENDED_BADLY, say_ended_badly
from transfer_core.errors import GraftError
from transfer_core.workspace import Workspace


def prediction(workspace: Workspace, run: str, image: bytes, name: str, *, label: str | None) -> None:
    """Queue the prediction once for this run and image, wait without blocking, show the top five. Call at top level."""
    key = f"{run}-{hashlib.sha256(image).hexdigest()[:16]}"
    jobs = st.session_state.setdefault("predictions", {})
    try:
        picture = workspace.preview(image)  # what cannot be read is said here, before anything is queued
        if key not in jobs:
            jobs[key] = workspace.predict(run, image)
    except GraftError as error:
        st.error(text.escape(str(error)), icon=":material/error:")
        return
    active = workspace.job(jobs[key]).active
    fragment(_body, run_every=0.3 if active else None)(workspace, jobs[key], picture, name, label, active)


def _body(workspace: Workspace, id: str, picture: bytes, name: str, label: str | None, was_active: bool) -> None:
    job = workspace.job(id)
    if was_active and not job.active:
        st.rerun()
    left, right = st.columns([1, 2], gap="large")
    if job.status in ENDED_BADLY:
        say_ended_badly(job)
        return
    with left:
        st.image(picture, caption=text.escape(name.split("/")[-1]), width="stretch")
    with right:
        if job.status == "queued":
            st.info("Waiting for a free worker.", icon=":material/schedule:")
        elif job.active:
            st.info("Loading the network and looking at the photo.", icon=":material/hourglass_top:")
        elif job.status == "done":
            top = [(str(name), float(share)) for name, share in job.result["top"]]
            head = f"**{text.escape(top[0][0])}**, {text.percent(top[0][1])} sure."
            if label is not None:
                head += f" Its label is {text.escape(label)}."
            st.markdown(f"#### {head}")
            st.plotly_chart(charts.top_five(top), key=f"top_{id}", config=charts.CONFIG)
