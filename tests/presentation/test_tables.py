"""Rows of the table of runs."""

from tests.presentation.drawn import THREE, compared
from transfer_core.presentation.tables import run_rows


def test_rows_hold_each_run_against_the_chosen_one() -> None:
    rows = run_rows(THREE, compared(), {"r0": 5, "r1": None, "r2": 7})
    assert [row.taken for row in rows] == [False, True, False]
    assert [row.lead and round(row.lead.value, 3) for row in rows] == [0.006, None, -0.067]
    assert [row.sure for row in rows] == [False, False, True] and [row.model_bytes for row in rows] == [5, None, 7]
