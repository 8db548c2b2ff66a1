"""Colours and symbols. The symbols are the dashboard's too; that the colours agree with its theme is held by a test."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from transfer_core.strategies import STRATEGIES


@dataclass(frozen=True, kw_only=True)
class Look:
    """The colours of one theme."""

    paper: str
    panel: str
    ink: str
    line: str
    accent: str
    link: str
    strategies: tuple[str, ...]  # by a mark's slot
    shades: tuple[str, ...]  # from paper to strong


LIGHT = Look(
    paper="#ffffff",
    panel="#f4f8f7",
    ink="#131b1a",
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
DARK = Look(
    paper="#0d1413",
    panel="#182120",
    ink="#e6edeb",
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

MARKS: dict[str, tuple[int, str]] = {known.name: (known.slot, known.symbol) for known in STRATEGIES}
OTHER = (5, "hexagon")  # of a run whose strategy Graft does not have
FILLINGS = ("", "-open", "-dot", "-open-dot")  # for further runs of one strategy

PATHS = {  # of the symbols that a strategy may have, and of OTHER, in a square from -8 to 8
    "circle": "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z",
    "diamond": "M0-7.5 7.5 0 0 7.5-7.5 0z",
    "triangle-up": "M0-6.5 7 5.5H-7z",
    "triangle-down": "M0 6.5 7-5.5H-7z",
    "triangle-left": "M-6.5 0 5.5-7V7z",
    "triangle-right": "M6.5 0-5.5-7V7z",
    "diamond-tall": "M0-8 4.5 0 0 8-4.5 0z",
    "square": "M-5.5-5.5h11v11h-11z",
    "x": "M-6.5-3.5-3.5-6.5 0-3 3.5-6.5 6.5-3.5 3 0 6.5 3.5 3.5 6.5 0 3-3.5 6.5-6.5 3.5-3 0z",
    "cross": "M-2-6.5h4v4.5h4.5v4H2v4.5h-4V2h-4.5v-4H-2z",
    "pentagon": "M0-7 6.7-2.2 4.1 5.7h-8.2L-6.7-2.2z",
    "hexagon": "M0-7 6.1-3.5v7L0 7-6.1 3.5v-7z",
    "star": "M0-7.5 1.9-2.5 7.1-2.3 3 .9 4.4 6 0 3.1-4.4 6-3 .9-7.1-2.3-1.9-2.5z",
}


@dataclass(frozen=True, kw_only=True)
class Mark:
    """How one run is drawn everywhere in a report."""

    slot: int
    symbol: str
    filling: str  # one of FILLINGS


def marks(strategies: Sequence[str]) -> tuple[Mark, ...]:
    """A mark for each run: its strategy's own; further runs of one strategy are filled in another way."""
    seen: Counter[str] = Counter()
    found = []
    for name in strategies:
        slot, symbol = MARKS.get(name, OTHER)
        found.append(Mark(slot=slot, symbol=symbol, filling=FILLINGS[seen[name] % len(FILLINGS)]))
        seen[name] += 1
    return tuple(found)
