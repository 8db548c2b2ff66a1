"""Colours: figures name them by tokens, and the page's theme or one of these two puts them in.

That these agree with the dashboard's theme is held by a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

INK, NEUTRAL = "ink", "neutral"  # text; thin lines: chance, no difference


def slot(number: int) -> str:
    """The token of a strategy's colour."""
    return f"c{number}"


def shade(number: int) -> str:
    """The token of a step from paper, 0, to strong, 9."""
    return f"shade{number}"


def painted(figure: Any, colors: Mapping[str, str]) -> Any:
    """The same figure with the colours of a theme for tokens. Only values under a name that ends in "color" are read,
    so no user's text is ever taken for a token."""
    if isinstance(figure, list):
        return [painted(each, colors) for each in figure]
    if not isinstance(figure, dict):
        return figure
    return {name: _painted(name, value, colors) for name, value in figure.items()}


def _painted(name: str, value: Any, colors: Mapping[str, str]) -> Any:
    if not name.endswith("color"):
        return painted(value, colors)
    return [colors.get(each, each) for each in value] if isinstance(value, list) else colors.get(value, value)


@dataclass(frozen=True, kw_only=True)
class Theme:
    """A report's colours on one kind of paper."""

    paper: str
    panel: str
    ink: str
    soft: str  # of axes
    grid: str
    neutral: str
    line: str
    accent: str
    link: str
    strategies: tuple[str, ...]  # by a mark's slot
    shades: tuple[str, ...]  # from paper to strong

    @property
    def colors(self) -> dict[str, str]:
        """By token; the names of its variables in CSS, too."""
        named = {name: getattr(self, name) for name in PLAIN}
        named |= {slot(number): color for number, color in enumerate(self.strategies)}
        return named | {shade(number): color for number, color in enumerate(self.shades)}


PLAIN = ("paper", "panel", INK, "soft", "grid", NEUTRAL, "line", "accent", "link")


LIGHT = Theme(
    paper="#ffffff",
    panel="#f4f8f7",
    ink="#131b1a",
    soft="#4a5452",
    grid="#e9efee",
    neutral="#8a9391",
    line="#d5dfdd",
    accent="#0b6470",
    link="#0a5560",
    strategies=(
        *("#103a85", "#d9690f", "#a648e0", "#0a7389", "#66082f"),
        *("#8b929c", "#b98562", "#7a2a08", "#2b35e0"),
    ),
    shades=(
        *("#eef5f5", "#d6e8e9", "#b9d9dc", "#99c8cd", "#77b5bd"),
        *("#559fa9", "#358894", "#1a727f", "#0b5b66", "#07434c"),
    ),
)
DARK = Theme(
    paper="#0d1413",
    panel="#182120",
    ink="#e6edeb",
    soft="#b3bbb9",
    grid="#222d2b",
    neutral="#7c8684",
    line="#33403e",
    accent="#17808c",
    link="#7fd3dc",
    strategies=(
        *("#67a4e9", "#f5a747", "#a367f0", "#aeeef0", "#d9609a"),
        *("#b7bec2", "#f0e442", "#f6f8cf", "#926636"),
    ),
    shades=(
        *("#15211f", "#183334", "#1b464a", "#1f5a61", "#267079"),
        *("#318793", "#449eaa", "#63b5c0", "#8dccd4", "#bfe3e8"),
    ),
)
