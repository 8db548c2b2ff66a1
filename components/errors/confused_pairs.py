"""Pairs of classes that are mixed up, listed where there are too many classes for a matrix."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from components.errors.look import ROOT, STYLE, mark, strategy_of
from components.kit import text
from components.kit.drawn import component
from transfer_core.presentation.confusions import Mixed
from transfer_core.types import Comparison, Dataset

LISTED = 12  # in the list

Panel = Literal["first", "second", "difference"]

mount = component("graft_confused_pairs", ROOT, beside=__file__, css=STYLE)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Test images of one label that are predicted as one class: by one of the two runs, or by either."""

    panel: Panel
    label: int
    predicted: int


def pair_list(
    dataset: Dataset,
    comparison: Comparison,
    runs: Sequence[str],
    pairs: Sequence[Mixed],
    cell: Cell | None,
    *,
    key: str,
    press: Callable[[], None],
) -> None:
    """The most confused pairs, each a button."""
    titles = [(strategy_of(comparison, run), comparison.title(run)) for run in runs]
    chosen = "" if cell is None else f"{cell.label}-{cell.predicted}"
    mount(
        key=key,
        data={"html": listed(dataset.classes, titles, pairs[:LISTED]), "selected": chosen},
        on_cell_change=press,
    )


def listed(classes: Sequence[str], titles: Sequence[tuple[str, str]], pairs: Sequence[Mixed]) -> str:
    """HTML. `titles`: strategy and title of each run."""
    most = max(count for pair in pairs for count in (pair.first, pair.second))
    heads = "".join(f"<span>{mark(strategy)}{text.html(title)}</span>" for strategy, title in titles)
    change = '<span class="change">Change</span>' if len(titles) > 1 else ""
    rows = "".join(_row(classes, pair, most, len(titles)) for pair in pairs)
    head = f'<header><span class="what">Label, and what it is taken for</span>{heads}{change}</header>'
    return f'<div class="pairs{"" if len(titles) > 1 else " one"}">{head}{rows}</div>'


def _row(classes: Sequence[str], pair: Mixed, most: int, runs: int) -> str:
    label, predicted = (text.html(text.short(classes[each], 60)) for each in (pair.label, pair.predicted))
    bars = "".join(_bar(count, most) for count in (pair.first, pair.second)[:runs])
    change = text.signed(pair.second - pair.first, 0)
    return (
        f'<button type="button" data-cell="{pair.label}-{pair.predicted}"><span class="names"><b>{label}</b> taken for '
        f"<b>{predicted}</b></span>{bars}{f'<em>{change}</em>' if runs > 1 else ''}</button>"
    )


def _bar(count: int, most: int) -> str:
    return f'<span class="bar"><i style="width: {80 * count / most:.0f}%"></i>{text.count(count)}</span>'
