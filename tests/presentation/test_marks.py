"""The marks of runs in figures."""

from typing import get_args

from transfer_core.presentation.marks import MARKS, PATHS, mark_of, marks
from transfer_core.presentation.theme import LIGHT
from transfer_core.strategies.definition import Symbol


def test_every_strategy_has_its_own_symbol_and_runs_of_one_differ_in_filling() -> None:
    known = [mark_of(name) for name in MARKS]
    assert len({mark.symbol for mark in known}) == len(known)
    assert len({mark.slot for mark in known}) == min(len(known), len(LIGHT.strategies)), "shared once all are taken"
    assert {*get_args(Symbol), mark_of("not yet known").symbol} == set(PATHS)
    assert mark_of("not yet known").symbol not in {mark.symbol for mark in known}
    first, second = marks(["fine_tune_all", "fine_tune_all"])
    assert first.color == second.color and first.marker != second.marker
