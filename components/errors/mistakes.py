"""What a run has wrong although it is sure, and where it found its evidence: for the class it named, and the label."""

from collections.abc import Sequence

import streamlit as st

from components import state
from components.errors.gallery import first, more, tiles
from components.errors.look import probability, show, titles_of
from components.kit import text
from components.kit.buttons import button
from components.kit.gallery import data_uri, tag
from components.kit.heat import CAUTION, LEGEND, hottest, overlay, say_no_map
from components.kit.job_panel import under_way
from components.kit.runs import asked, once
from components.kit.status import say_ended
from transfer_core.errors import UnknownJob
from transfer_core.types import Dataset
from transfer_core.workspace import Comparison, Heat, Seen, Workspace


def mistakes_view(workspace: Workspace, dataset: Dataset, comparison: Comparison, was_active: bool) -> None:
    """The run is picked here; the choice at first. Call in a fragment that runs by itself while evidence is sought."""
    st.header("Wrong, and sure of it", anchor=False)
    ids = [run.id for run in comparison.runs]
    run = comparison.verdict.choice
    if len(ids) > 1:
        run = st.selectbox(
            "Run",
            ids,
            index=ids.index(run),
            format_func=titles_of(comparison),
            key=f"errors_mistakes_of_{'_'.join(ids)}",
            width=320,
        )
    beside = tuple(other for other in ids if other != run)
    found = asked(lambda: once(workspace.comparisons.mistakes, run, beside=beside))
    if found is None:
        return
    name = f"**{text.escape(comparison.title(run))}**"
    if not found:
        st.markdown(f"{name} has all {text.count(comparison.images)} test images right.")
        return
    st.markdown(
        f"{name} has {text.count(len(found))} of {text.count(comparison.images)} test images wrong. "
        "Those first that it was surest of."
    )
    key = f"errors_mistakes_{run}_{len(ids)}"
    shown = st.toggle(
        "Show where the evidence was",
        key=state.heat_on.key,
        help="Draws over each picture which places spoke for the class that was named, and which for the label.",
    )
    if not shown:
        tiles(workspace, dataset, comparison, found, key=key)
        return
    try:
        _pairs(workspace, dataset, run, found, key=key)
    except UnknownJob as error:  # its network is gone
        st.info(text.escape(str(error)), icon=":material/info:")
    if waits(workspace) != was_active:
        st.rerun()


def waits(workspace: Workspace) -> bool:
    """Whether evidence is being looked for."""
    job = state.heat_last.get() if state.heat_on.get() else ""
    try:
        return bool(job) and workspace.jobs.get(job).active
    except UnknownJob:  # deleted
        return False


def _pairs(workspace: Workspace, dataset: Dataset, run: str, seen: Sequence[Seen], *, key: str) -> None:
    """The first images of a list, each twice. Call in a fragment that runs by itself while `waits`."""
    shown = first(seen, key=key)
    job = workspace.jobs.get(_job(workspace, dataset, run, [each.sample for each in shown]))
    if job.active:
        under_way(workspace, job, "errors_heat")
        return
    say_ended(job)
    if job.status != "done":
        button("Look for the evidence again", "errors_heat_again", "refresh", state.heat_jobs.get().clear)
        return
    pictures = workspace.predictions.thumbnails(job.id, range(len(shown)))
    heats = [workspace.predictions.heat(job.id, 0, row) for row in range(len(shown))]
    if not any(heat is not None and heat.maps.size for heat in heats):
        say_no_map(run)
    cut = any(heat is not None and heat.fit == "crop" for heat in heats)
    st.caption(
        "Brightest where the run’s evidence against all other classes came from: left for the class that it named, "
        f"right for the label. {CAUTION}" + (" Outside the frame is what the network was not shown." if cut else "")
    )
    st.html(LEGEND)
    drawn = [_pair(dataset, *each) for each in zip(shown, pictures, heats, strict=True)]
    show(f'<div class="tiles pairs">{"".join(drawn)}</div>', key=f"{key}_pairs")
    more(seen, key=key)


def _job(workspace: Workspace, dataset: Dataset, run: str, samples: Sequence[int]) -> str:
    jobs, asked = state.heat_jobs.begin({}), f"{workspace.root} {run} {samples}"
    if asked not in jobs:
        before = state.heat_last.get()
        if before in jobs.values() and workspace.jobs.get(before).active:
            workspace.jobs.stop(before)  # nobody looks at it any more
        jobs[asked] = workspace.predictions.submit_samples([run], dataset, samples)
    state.heat_last.set(jobs[asked])
    return jobs[asked]


def _pair(dataset: Dataset, seen: Seen, picture: bytes, heat: Heat | None) -> str:
    """HTML of an image with the evidence for the class that was named, and with that for its label."""
    named, call = seen.calls[0].predicted, seen.calls[0]
    places = [
        heat.classes.index(each) if heat is not None and each in heat.classes else -1 for each in (named, seen.label)
    ]
    most = 0.0 if heat is None or not heat.maps.size else hottest(heat, *(each for each in places if each >= 0))
    halves = []
    for place, of, share, kind in zip(
        places, (named, seen.label), (call.confidence, call.of_label), ("named", "label"), strict=True
    ):
        drawn = overlay(picture, heat, place, most) if heat is not None and heat.maps.size and place >= 0 else picture
        name = text.html(text.short(dataset.classes[of], 30))
        image = tag(data_uri(drawn), f"Evidence for {name}")
        halves.append(f'<div class="half {kind}">{image}<p>{kind}: {name}<em>{probability(share)}</em></p></div>')
    return f"<figure>{''.join(halves)}</figure>"
