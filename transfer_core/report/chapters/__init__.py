"""The chapters of a report as frozen values; `templates/` has a file of the same name for each."""

from collections.abc import Callable
from typing import Any

from transfer_core.presentation.tables import RunRow, run_rows
from transfer_core.report.chapters.advice import advice
from transfer_core.report.chapters.again import again
from transfer_core.report.chapters.classes import classes
from transfer_core.report.chapters.data import data
from transfer_core.report.chapters.evidence import evidence
from transfer_core.report.chapters.images import images
from transfer_core.report.chapters.transfer import transfer
from transfer_core.report.gathered import Gathered


def verdict(gathered: Gathered) -> RunRow:
    """The run that is taken."""
    return run_rows([gathered.chosen], gathered.comparison, gathered.model_bytes)[0]


CHAPTERS: tuple[tuple[str, str, Callable[[Gathered], Any]], ...] = (  # id, in the navigation, what it is made of
    ("verdict", "Verdict", verdict),
    ("advice", "Advice", advice),
    ("transfer", "Transfer", transfer),
    ("evidence", "Evidence", evidence),
    ("classes", "Classes", classes),
    ("images", "Mistakes", images),
    ("data", "Dataset", data),
    ("again", "Repeat it", again),
)

__all__ = ["CHAPTERS"]
