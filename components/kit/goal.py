"""What counts: asked once for a dataset, and kept with it."""

import streamlit as st

from components.kit import text
from transfer_core.types import Dataset, Goal, Kind
from transfer_core.workspace import ASKED, KINDS, LEAST, MOST, Workspace, written

HELP = (
    "By this Graft compares runs and pilots, and picks the epoch that is kept. Accuracy: the share of images that is"
    " right. Macro-F1: every class weighs the same, however few images it has. Recall: how many images of one class are"
    " found while most of what is called so is right."
)


def goal_view(workspace: Workspace, dataset: Dataset, *, place: str) -> None:
    """A select box, and for a recall its class and precision; what is chosen is kept. `place`: where it stands, since
    a page may show it once."""
    kept = workspace.studies.goal(dataset)
    key = f"goal_{place}_{dataset.id}"
    kinds: list[Kind] = list(KINDS)
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{key}_row"):
        kind = st.selectbox(
            "What counts",
            kinds,
            index=kinds.index(kept.kind),
            format_func=KINDS.__getitem__,
            key=f"{key}_kind",
            help=HELP,
            width=220,
        )
        wanted = Goal(kind=kind)
        if kind == "recall":
            label = st.selectbox(
                "Class to find",
                list(dataset.classes),
                index=dataset.classes.index(kept.label) if kept.label else len(dataset.classes) - 1,
                format_func=text.plain,
                key=f"{key}_class",
                width=220,
            )
            precision = st.number_input(
                "Right among those found, %",
                min_value=100 * LEAST,
                max_value=100 * MOST,
                value=100 * (kept.precision or ASKED),
                step=1.0,
                format="%.0f",
                key=f"{key}_precision",
                width=220,
                help="The precision. Each run sets its threshold on validation images so that it keeps this.",
            )
            wanted = Goal(kind="recall", label=label, precision=round(precision / 100, 4))
    if wanted != kept:
        workspace.studies.count(dataset, written(wanted))
        st.rerun()
