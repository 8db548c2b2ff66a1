"""Figures on a page, in the colours of the theme in use."""

import streamlit as st

from components.kit.palette import COLORS
from transfer_core.presentation.figures import Figure
from transfer_core.presentation.theme import painted

CONFIG = {"displayModeBar": False, "doubleClick": "reset", "showTips": False}


def plot(figure: Figure, *, key: str) -> None:
    st.plotly_chart(painted(figure.titled(), COLORS), key=key, config=CONFIG)
