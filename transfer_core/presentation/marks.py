"""One colour and one symbol a strategy, and how further runs of one strategy are told from its first."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from transfer_core.presentation.theme import slot
from transfer_core.strategies import STRATEGIES

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
    """How one run is drawn everywhere."""

    slot: int
    symbol: str
    filling: str = ""  # one of FILLINGS

    @property
    def color(self) -> str:
        """A token."""
        return slot(self.slot)

    @property
    def path(self) -> str:
        """Its outline in SVG, in a square from -8 to 8."""
        return PATHS[self.symbol]

    @property
    def marker(self) -> str:
        """Plotly's name for the symbol, hollow or dotted for further runs of one strategy."""
        return self.symbol + self.filling


def mark_of(strategy: str) -> Mark:
    number, symbol = MARKS.get(strategy, OTHER)
    return Mark(slot=number, symbol=symbol)


def marks(strategies: Sequence[str]) -> tuple[Mark, ...]:
    """A mark for each run: its strategy's own; further runs of one strategy are filled in another way."""
    seen: Counter[str] = Counter()
    found = []
    for name in strategies:
        found.append(replace(mark_of(name), filling=FILLINGS[seen[name] % len(FILLINGS)]))
        seen[name] += 1
    return tuple(found)
