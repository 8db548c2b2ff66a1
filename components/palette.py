"""One colour and one symbol per strategy, the same in every chart, badge and table."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace

import plotly.io as pio
import streamlit as st  # registers the "streamlit" template

# In a figure that `st.plotly_chart` draws, the template's colours stand for those of the theme in use: the browser
# puts them in, and changes them when the theme changes. The theme's own lists are in .streamlit/config.toml.
TEMPLATE = pio.templates["streamlit"].layout
CATEGORICAL: tuple[str, ...] = tuple(TEMPLATE.colorway)
SEQUENTIAL: tuple[str, ...] = tuple(color for _, color in TEMPLATE.colorscale.sequential)
NEUTRAL = "rgba(128, 134, 139, .75)"  # thin lines: chance, no difference; seen on both backgrounds
SEE_THROUGH = "rgba(0,0,0,0)"


@dataclass(frozen=True, kw_only=True)
class Style:
    slot: int  # index into the theme's chartCategoricalColors
    symbol: str  # Plotly's name
    nth: int = 0  # 1 for the second run of a strategy in one chart, and so on

    @property
    def color(self) -> str:
        return CATEGORICAL[self.slot]

    @property
    def marker(self) -> str:
        """The symbol, hollow or dotted for further runs of one strategy."""
        return self.symbol + ("", "-open", "-dot", "-open-dot")[self.nth % 4]


STRATEGY_STYLE: dict[str, Style] = {
    "linear_probe": Style(slot=0, symbol="circle"),
    "linear_svm": Style(slot=2, symbol="diamond"),
    "fine_tune_top": Style(slot=1, symbol="triangle-up"),
    "fine_tune_all": Style(slot=4, symbol="square"),
    "from_scratch": Style(slot=5, symbol="x"),
    "all_layers": Style(slot=3, symbol="pentagon"),
    "frozen_head": Style(slot=6, symbol="triangle-down"),
    "gradual": Style(slot=7, symbol="star"),
    "small_cnn": Style(slot=8, symbol="cross"),
}
OTHER = Style(slot=5, symbol="hexagon")


def style(strategy: str) -> Style:
    return STRATEGY_STYLE.get(strategy, OTHER)


def styles(strategies: Sequence[str]) -> tuple[Style, ...]:
    """A style for each run of one chart: the strategy's own; further runs of one strategy have another filling."""
    seen: dict[str, int] = {}
    found = []
    for name in strategies:
        base = style(name)
        found.append(replace(base, nth=seen.get(name, 0)))
        seen[name] = seen.get(name, 0) + 1
    return tuple(found)


# The symbols as paths in a square from -8 to 8.
PATHS = {
    "circle": "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z",
    "diamond": "M0-7.5 7.5 0 0 7.5-7.5 0z",
    "triangle-up": "M0-6.5 7 5.5H-7z",
    "triangle-down": "M0 6.5 7-5.5H-7z",
    "square": "M-5.5-5.5h11v11h-11z",
    "x": "M-6.5-3.5-3.5-6.5 0-3 3.5-6.5 6.5-3.5 3 0 6.5 3.5 3.5 6.5 0 3-3.5 6.5-6.5 3.5-3 0z",
    "cross": "M-2-6.5h4v4.5h4.5v4H2v4.5h-4V2h-4.5v-4H-2z",
    "pentagon": "M0-7 6.7-2.2 4.1 5.7h-8.2L-6.7-2.2z",
    "hexagon": "M0-7 6.1-3.5v7L0 7-6.1 3.5v-7z",
    "star": "M0-7.5 1.9-2.5 7.1-2.3 3 .9 4.4 6 0 3.1-4.4 6-3 .9-7.1-2.3-1.9-2.5z",
}


def symbol_uri(strategy: str) -> str:
    """A strategy's symbol in its colour, as an image's address: for an ImageColumn, or an <img> in `st.html`."""
    mark = style(strategy)
    light, dark = (_theme_color(theme, mark.slot) for theme in ("light", "dark"))
    look = f"path{{fill:{light}}}@media(prefers-color-scheme:dark){{path{{fill:{dark}}}}}"
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-9 -9 18 18" width="18" height="18">'
    drawn = f'{head}<style>{look}</style><path d="{PATHS[mark.symbol]}"/></svg>'
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode()}"


def _theme_color(theme: str, slot: int) -> str:
    colors = st.get_option(f"theme.{theme}.chartCategoricalColors") or ["#808080"]
    return str(colors[slot % len(colors)])
