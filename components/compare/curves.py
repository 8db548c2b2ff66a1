"""The curves of several runs over each other, smoothed as far as one likes."""

from collections.abc import Sequence

import streamlit as st

from components.kit.charts import plot
from components.kit.guard import fragment
from transfer_core.presentation import figures
from transfer_core.presentation.entries import Entry
from transfer_core.presentation.figures.curves import FEW, TITLES, Story, Unit
from transfer_core.types import Dataset, EpochEnd, StageStart
from transfer_core.workspace import Workspace


@fragment
def curves_view(workspace: Workspace, dataset: Dataset, shown: Sequence[Entry], choice: str) -> None:
    """The controls and the figure; `choice`: the run that is taken."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        unit: Unit = st.segmented_control(
            "Along", list(TITLES), default="Epochs", key="curves_along", required=True, persist_state="page"
        )
        smoothing = st.slider(
            "Smoothing",
            0.0,
            0.95,
            0.0,
            0.05,
            key="curves_smoothing",
            persist_state="page",
            width=240,
            help="Exponential moving average, corrected for its start. The raw line stays faint behind it.",
        )
        training = st.toggle(
            "Training too", value=len(shown) <= FEW, key=f"curves_training_{len(shown) <= FEW}", persist_state="page"
        )
    found = []
    for each in shown:
        if each.run.members:
            continue  # an ensemble was never trained
        images = workspace.runs.train_images(dataset, each.run)
        if unit != "Images seen" or images is not None:
            told = _story(workspace, str(workspace.root), each.run.id)
            found.append(figures.curve(each, told, unit, images or 0))
    if not any(curve.points for curve in found):
        st.caption("Folds deal the images anew, so how many each has seen is not known." if not found else NOTHING)
        return
    plot(figures.curves(found, unit, smoothing, training=training, choice=choice), key="curves")
    st.caption(SOLVERS[unit])


@st.cache_resource(max_entries=256, show_spinner=False)
def _story(_workspace: Workspace, root: str, run: str) -> Story:
    """A finished run's stages and epochs, in order."""
    return tuple(event for _, _, event in _workspace.jobs.events(run) if isinstance(event, StageStart | EpochEnd))


NOTHING = "These runs have left no curves."
SOLVERS: dict[Unit, str] = {
    "Epochs": "A solver fits linear heads: their curves count its steps, or the strengths it tried, not epochs,"
    " and may go on beyond the edge. Fine-tuning begins with such a head; what that had reached is drawn at 0.",
    "Images seen": "Epochs times training images. A solver of linear heads looks at the features of all images in each"
    " step, and may go on beyond the edge; what it saw before fine-tuning is not counted.",
    "Seconds": "With the time that reading images and computing features took before the first point.",
}
