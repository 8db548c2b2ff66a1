"""Runs, pairs, time, curves, calibration, repeats."""

from collections.abc import Sequence
from dataclasses import dataclass

from transfer_core.presentation.entries import Entry
from transfer_core.presentation.figures import thinned
from transfer_core.presentation.marks import Mark, mark_of
from transfer_core.presentation.tables import RunRow, run_rows
from transfer_core.report.gathered import Gathered
from transfer_core.types import EpochEnd, Pair, Repeats, Resampled

MOST_ROWS = 40  # of a curve's table
MOST_IN_MATRIX = 24  # runs
SHADE = 55  # % of the strongest shade at most, so that text stays readable


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Some of a run's epochs, the last always."""

    entry: Entry
    epochs: tuple[EpochEnd, ...]


@dataclass(frozen=True, kw_only=True)
class Against:
    """A cell of the matrix of pairs."""

    pair: Pair  # seen from the row
    shade: int  # %


@dataclass(frozen=True, kw_only=True)
class MatrixRow:
    entry: Entry
    cells: tuple[Against | None, ...]  # None: the run itself


@dataclass(frozen=True, kw_only=True)
class Group:
    """Seeds or folds of one recipe."""

    mark: Mark
    title: str
    repeats: Repeats
    many: str  # "3 seeds", "2 of 5 folds"


@dataclass(frozen=True, kw_only=True)
class ResampledRow:
    first: str
    second: str
    test: Resampled


@dataclass(frozen=True, kw_only=True)
class EvidenceChapter:
    rows: tuple[RunRow, ...]
    titles: dict[str, str]  # by run
    pairs: tuple[Pair, ...]  # the largest lead first, each seen from the run that is ahead
    matrix: tuple[MatrixRow, ...]  # () where there are too many runs
    curves: tuple[Curve, ...]
    calibrated: tuple[Entry, ...]  # the best calibrated first
    here: tuple[Group, ...]  # with compared runs, or of folds
    others: tuple[Group, ...]
    resampled: tuple[ResampledRow, ...]

    @property
    def sure(self) -> int:
        return sum(pair.sure for pair in self.pairs)


def evidence(gathered: Gathered) -> EvidenceChapter:
    shown, comparison = gathered.entries, gathered.comparison
    pairs = sorted(comparison.pairs, key=lambda pair: -abs(pair.accuracy.value))
    groups = [(_group(title, repeats), repeats) for title, repeats in gathered.repeats]
    compared = {run.id for run in comparison.runs}
    own = [group for group, repeats in groups if compared & {run.id for run in repeats.runs}]
    own += [group for group, repeats in groups if repeats.runs[0].recipe.folds and group not in own]
    names = {repeats.runs[0].recipe.repeats: title for title, repeats in gathered.repeats}
    return EvidenceChapter(
        rows=run_rows(shown, comparison, gathered.model_bytes),
        titles={each.run.id: each.title for each in shown},
        pairs=tuple(pair if pair.accuracy.value >= 0 else pair.seen_from(pair.second) for pair in pairs),
        matrix=_matrix(shown, gathered) if 1 < len(shown) <= MOST_IN_MATRIX else (),
        curves=tuple(Curve(entry=each, epochs=_epochs(gathered, each)) for each in shown),
        calibrated=tuple(sorted(shown, key=lambda each: each.score.ece)),
        here=tuple(own),
        others=tuple(group for group, _ in groups if group not in own),
        resampled=tuple(
            ResampledRow(first=names.get(test.first, test.first), second=names.get(test.second, test.second), test=test)
            for test in gathered.resampled
        ),
    )


def _matrix(shown: Sequence[Entry], gathered: Gathered) -> tuple[MatrixRow, ...]:
    comparison = gathered.comparison
    most = max(abs(pair.accuracy.value) for pair in comparison.pairs) or 1.0

    def cell(row: Entry, column: Entry) -> Against | None:
        if row is column:
            return None
        pair = comparison.pair(row.run.id, column.run.id)
        return Against(pair=pair, shade=round(SHADE * abs(pair.accuracy.value) / most))

    return tuple(MatrixRow(entry=row, cells=tuple(cell(row, column) for column in shown)) for row in shown)


def _epochs(gathered: Gathered, entry: Entry) -> tuple[EpochEnd, ...]:
    ends = [event for event in gathered.events[entry.run.id] if isinstance(event, EpochEnd)]
    return tuple(thinned(ends, MOST_ROWS))


def _group(title: str, repeats: Repeats) -> Group:
    recipe, wanted = repeats.runs[0].recipe, len(repeats.runs)
    some = f"{repeats.done} of " if repeats.done < wanted else ""
    kind = "folds" if recipe.folds else "seeds"
    return Group(mark=mark_of(recipe.strategy), title=title, repeats=repeats, many=f"{some}{wanted} {kind}")
