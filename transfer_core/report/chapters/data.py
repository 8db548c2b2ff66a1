"""The images themselves: how many of each class, and what was found about them."""

from dataclasses import dataclass

from transfer_core.report.gathered import Gathered
from transfer_core.types import Problem

MOST_PROBLEMS = 30
MOST_UNFOLDED = 40  # classes


@dataclass(frozen=True, kw_only=True)
class DataChapter:
    balance: tuple[tuple[str, tuple[int, int, int]], ...]  # images of each class, by split; the largest class first
    most: int  # images of a class
    is_long: bool
    problems: tuple[Problem, ...]
    more: int  # problems that are left out


def data(gathered: Gathered) -> DataChapter:
    counts, problems = gathered.profile.counts, gathered.dataset.problems
    return DataChapter(
        balance=tuple(sorted(zip(gathered.dataset.classes, counts, strict=True), key=lambda row: -sum(row[1]))),
        most=max((sum(row) for row in counts), default=1) or 1,
        is_long=len(counts) > MOST_UNFOLDED,
        problems=problems[:MOST_PROBLEMS],
        more=max(0, len(problems) - MOST_PROBLEMS),
    )
