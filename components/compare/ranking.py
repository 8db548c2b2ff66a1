"""The runs from the best on, each with its interval; beside them every two against each other."""

from collections.abc import Sequence

import streamlit as st

from components.compare.matrix import matrix
from components.kit.charts import plot
from transfer_core.presentation import figures
from transfer_core.presentation.entries import Entry
from transfer_core.workspace import Comparison


def ranking_view(comparison: Comparison, shown: Sequence[Entry]) -> None:
    """The forest, and the matrix where there are two runs or more."""
    with st.container(key="compare_charts"):
        places = st.columns([4, 7], gap="medium") if len(shown) > 1 else [st.container()]
    with places[0]:
        plot(figures.forest(shown, comparison), key="bars")
    if len(shown) > 1:
        with places[1]:
            matrix(comparison, shown)
