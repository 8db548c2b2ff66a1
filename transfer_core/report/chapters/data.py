"""The images themselves: how many of each class, and what was found about them."""

from dataclasses import dataclass

from transfer_core.report.gathered import Gathered
from transfer_core.types import Problem, Profile

MOST_PROBLEMS = 30
MOST_UNFOLDED = 40  # classes


@dataclass(frozen=True, kw_only=True)
class Balance:
    """Images of a class."""

    name: str
    counts: tuple[int, int, int]  # to train, to validate, to test
    widths: tuple[float, float, float]  # % of the largest class


@dataclass(frozen=True, kw_only=True)
class DataChapter:
    profile: Profile
    balance: tuple[Balance, ...]  # the largest class first
    problems: tuple[Problem, ...]
    findings: int  # in all
    is_long: bool

    @property
    def more(self) -> int:
        return self.findings - len(self.problems)


def data(gathered: Gathered) -> DataChapter:
    profile, dataset = gathered.profile, gathered.dataset
    most = max((sum(row) for row in profile.counts), default=1) or 1
    rows = sorted(zip(dataset.classes, profile.counts, strict=True), key=lambda row: -sum(row[1]))
    return DataChapter(
        profile=profile,
        balance=tuple(
            Balance(name=name, counts=(a, b, c), widths=(100 * a / most, 100 * b / most, 100 * c / most))
            for name, (a, b, c) in rows
        ),
        problems=dataset.problems[:MOST_PROBLEMS],
        findings=len(dataset.problems),
        is_long=len(rows) > MOST_UNFOLDED,
    )
