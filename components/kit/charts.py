"""Figures on a page in the colours of the theme in use, and a strategy's symbol as a picture."""

import base64

import plotly.io as pio
import streamlit as st  # registers the "streamlit" template

from transfer_core.presentation.figures import Figure
from transfer_core.presentation.marks import mark_of
from transfer_core.presentation.theme import INK, NEUTRAL, painted, shade, slot

# In a figure that `st.plotly_chart` draws, the template's colours stand for those of the theme in use: the browser
# puts them in, and changes them when the theme changes. The theme's own lists are in .streamlit/config.toml.
TEMPLATE = pio.templates["streamlit"]
COLORS: dict[str, str] = {
    INK: TEMPLATE.data.table[0].cells.font.color,  # the theme's text colour at full contrast
    NEUTRAL: "rgba(128, 134, 139, .75)",  # seen on both backgrounds
    **{slot(number): color for number, color in enumerate(TEMPLATE.layout.colorway)},
    **{shade(number): color for number, (_, color) in enumerate(TEMPLATE.layout.colorscale.sequential)},
}
CONFIG = {"displayModeBar": False, "doubleClick": "reset", "showTips": False}


def plot(figure: Figure, *, key: str) -> None:
    st.plotly_chart(painted(figure.titled(), COLORS), key=key, config=CONFIG)


def symbol_uri(strategy: str) -> str:
    """A strategy's symbol in its colour, as an image's address: for an ImageColumn, or an <img> in `st.html`."""
    mark = mark_of(strategy)
    return _picture(mark.slot, "-9 -9 18 18", mark.path, 'width="18" height="18"')


def color_uri(strategy: str) -> str:
    """A strategy's colour as an image's address, to fill a bar with."""
    return _picture(mark_of(strategy).slot, "0 0 1 1", "M0 0h1v1H0z", 'preserveAspectRatio="none"')


def _picture(slot: int, box: str, path: str, size: str) -> str:
    """One outline, in the colour that a slot has in the theme in use."""
    known = (st.get_option(f"theme.{theme}.chartCategoricalColors") or ["#808080"] for theme in ("light", "dark"))
    light, dark = (colors[slot % len(colors)] for colors in known)
    colors = f"path{{fill:{light}}}@media(prefers-color-scheme:dark){{path{{fill:{dark}}}}}"
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" {size}>'
    drawn += f'<style>{colors}</style><path d="{path}"/></svg>'
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode()}"
