"""One colour and one symbol per strategy, the same in every chart, badge and table."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace

import plotly.io as pio
import streamlit as st  # registers the "streamlit" template

from transfer_core.report import look
from transfer_core.report.look import FILLINGS, MARKS, PATHS

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
    def path(self) -> str:
        """The symbol's outline in SVG, in a square from -8 to 8."""
        return PATHS[self.symbol]

    @property
    def marker(self) -> str:
        """The symbol, hollow or dotted for further runs of one strategy."""
        return self.symbol + FILLINGS[self.nth % len(FILLINGS)]


STRATEGY_STYLE = {name: Style(slot=slot, symbol=symbol) for name, (slot, symbol) in MARKS.items()}
OTHER = Style(slot=look.OTHER[0], symbol=look.OTHER[1])


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


def symbol_uri(strategy: str) -> str:
    """A strategy's symbol in its colour, as an image's address: for an ImageColumn, or an <img> in `st.html`."""
    mark = style(strategy)
    light, dark = (_theme_color(theme, mark.slot) for theme in ("light", "dark"))
    colors = f"path{{fill:{light}}}@media(prefers-color-scheme:dark){{path{{fill:{dark}}}}}"
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-9 -9 18 18" width="18" height="18">'
    drawn = f'{head}<style>{colors}</style><path d="{mark.path}"/></svg>'
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode()}"


def _theme_color(theme: str, slot: int) -> str:
    colors = st.get_option(f"theme.{theme}.chartCategoricalColors") or ["#808080"]
    return str(colors[slot % len(colors)])
