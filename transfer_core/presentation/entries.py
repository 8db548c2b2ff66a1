"""The runs of a comparison as every chart and table shows them."""

from dataclasses import dataclass

from transfer_core.compare.compared import Comparison, Interval, Pair, Score
from transfer_core.goals import words
from transfer_core.presentation.marks import Mark, marks
from transfer_core.types import Run


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A run as all charts and tables of one comparison show it."""

    run: Run
    score: Score
    title: str
    mark: Mark
    number: int  # 1: the most of what counts, of test images right by default

    @property
    def accuracy(self) -> Interval:
        """Of the test images, with its 95 % interval."""
        low, high = self.score.interval
        return Interval(value=self.score.accuracy, low=low, high=high)


def entries(comparison: Comparison) -> tuple[Entry, ...]:
    """The runs of a comparison, the one first that reaches most of what counts."""
    looks = marks([run.strategy for run in comparison.runs])
    listed = list(zip(comparison.runs, comparison.scores, comparison.titles, looks, strict=True))
    listed.sort(key=lambda each: -each[1].counts.value)
    return tuple(
        Entry(run=run, score=score, title=title, mark=mark, number=number)
        for number, (run, score, title, mark) in enumerate(listed, 1)
    )


def lead(comparison: Comparison, run: str) -> Pair | None:
    """A run against the one that is taken; None for that one itself."""
    choice = comparison.verdict.choice
    return None if run == choice else comparison.pair(run, choice)


def always(comparison: Comparison) -> str:
    """What the row and the line of the constant answer are called."""
    return f"Always “{comparison.classes[comparison.constant.label]}”"


def what_counts(comparison: Comparison) -> str:
    """As the title of a column or an axis: "Test accuracy", "Test recall of “rare” at 90 % precision"."""
    return f"Test {words(comparison.goal)}"
