"""One colour and one symbol per strategy, the same in every chart, badge and table."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.io as pio
import streamlit  # noqa: F401  (registers the "streamlit" template)

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
        found.append(Style(slot=base.slot, symbol=base.symbol, nth=seen.get(name, 0)))
        seen[name] = seen.get(name, 0) + 1
    return tuple(found)
