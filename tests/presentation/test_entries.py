"""Runs as entries of a figure."""

from tests.presentation.drawn import (
    compared,
)
from transfer_core.presentation.entries import entries


def test_entries_are_numbered_from_the_most_accurate() -> None:
    shown = entries(compared(accuracies=(0.5, 0.7, 0.6)))
    assert [(each.number, each.run.id) for each in shown] == [(1, "r1"), (2, "r2"), (3, "r0")]
