"""Where in a picture a run finds its evidence, on demand: drawn over the picture, with what it says and what not."""

from collections.abc import Sequence

import streamlit as st

from components.kit import text
from components.kit.heat_picture import hottest, legend, overlay
from transfer_core.types import JOINED
from transfer_core.workspace import Heat, Predicted, Workspace

NOT_LOOKED = "Looked for where up to 500 images are given at once. Give this one alone to see it."
NO_MAP = "No layer of this run’s network tells one place of so small a square from another, so there is no map."
ENSEMBLE = "An ensemble has no map of its own; each of its members has. Choose those among the runs to see theirs."
CAUTION = "It shows places, not reasons."
LEGEND = (
    '<div style="display: flex; align-items: center; gap: .5rem; font-size: .8125rem">none<i style="flex: 1; '
    f'max-width: 9rem; height: .6rem; border-radius: 3px; background: {legend()}"></i>most</div>'
)


def picture(workspace: Workspace, job: str, found: Predicted, row: int, titles: Sequence[str]) -> None:
    """One image of a prediction, and the switch that draws a run's evidence over it."""
    (kept,) = workspace.predictions.thumbnails(job, [row])
    above = st.container()
    name = text.escape(found.names[row].split("/")[-1])
    heat = workspace.predictions.heat(job, 0, row)
    on = st.toggle(
        "Show where the evidence is",
        key="heat_on",
        disabled=heat is None,
        help=NOT_LOOKED if heat is None else "Which places of the picture speak for the answer, and how much.",
    )
    if heat is None or not on:
        above.image(kept, caption=name, width="stretch")
        return
    run = 0
    if len(titles) > 1:
        run = st.selectbox(
            "As seen by", range(len(titles)), format_func=lambda each: titles[each], key=f"heat_run_{job}_{row}"
        )
        heat = workspace.predictions.heat(job, run, row) or heat
    if not heat.maps.size:
        above.image(kept, caption=name, width="stretch")
        say_no_map(found.runs[run])
        return
    said = found.probabilities[run, row]
    place = st.radio(
        "Evidence for",
        range(len(heat.classes)),
        key=f"heat_class_{job}_{row}_{run}",
        format_func=lambda each: (
            f"{text.escape(found.classes[heat.classes[each]])}, {text.percent(float(said[heat.classes[each]]))}"
        ),
    )
    above.image(overlay(kept, heat, place, hottest(heat, place)), caption=name, width="stretch")
    st.html(LEGEND)
    st.caption(words(heat, found.classes, place))
    if place == 0 and heat.tried:
        st.caption(tried(heat, found.classes))


def say_no_map(run: str) -> None:
    """Why a run has no map."""
    st.info(ENSEMBLE if JOINED in run else NO_MAP, icon=":material/grid_off:")


def words(heat: Heat, classes: Sequence[str], place: int) -> str:
    """What the drawing shows, and what it does not."""
    of = text.escape(classes[heat.classes[place]])
    side = heat.maps.shape[-1]
    said = [
        f"Brightest where the run’s evidence for “{of}” against all other classes came from, on {side} × {side} places."
    ]
    if hottest(heat, place) <= 0:
        said = [f"No place speaks for “{of}” against all other classes."]
    said.append(CAUTION)
    if heat.fit == "crop":
        said.append("Outside the frame is what the network was not shown.")
    elif heat.fit == "squeeze":
        said.append("The network saw all of it, squeezed into a square.")
    return " ".join(said)


def tried(heat: Heat, classes: Sequence[str]) -> str:
    """What came of covering the hottest places, for whoever wants to know whether the map can be believed."""
    before, hot, any_ = (text.percent(each) for each in heat.tried)
    of = text.escape(classes[heat.classes[0]])
    believed = heat.tried[1] < heat.tried[2]
    return (
        f"Tried on this picture: with the brightest fifth covered, “{of}” goes from {before} to {hot}; with a fifth "
        f"at random, to {any_}. " + ("So these places matter." if believed else "So the map tells little here.")
    )
