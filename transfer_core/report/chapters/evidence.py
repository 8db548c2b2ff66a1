"""Runs, pairs, time, curves, calibration, repeats."""

from dataclasses import dataclass

from transfer_core.compare.compared import Pair
from transfer_core.presentation.entries import Entry
from transfer_core.presentation.figures import thinned
from transfer_core.presentation.tables import RunRow, run_rows
from transfer_core.report.gathered import Gathered
from transfer_core.types import EpochEnd, Repeats

MOST_ROWS = 40  # of a curve's table
MOST_IN_MATRIX = 24  # runs

Groups = tuple[tuple[str, Repeats], ...]  # seeds or folds of one recipe, with a title


@dataclass(frozen=True, kw_only=True)
class EvidenceChapter:
    rows: tuple[RunRow, ...]
    pairs: tuple[Pair, ...]  # the largest lead first, each seen from the run that is ahead
    is_matrix: bool  # whether all pairs can be seen at a glance
    curves: tuple[tuple[Entry, tuple[EpochEnd, ...]], ...]  # some epochs of each run, the last always
    calibrated: tuple[Entry, ...]  # the best calibrated first
    here: Groups  # with compared runs, or of folds
    others: Groups
    recipes: dict[str, str]  # the titles of all groups, by Recipe.repeats


def evidence(gathered: Gathered) -> EvidenceChapter:
    shown, comparison, groups = gathered.entries, gathered.comparison, tuple(gathered.repeats)
    pairs = sorted(comparison.pairs, key=lambda pair: -abs(pair.accuracy.value))
    compared = {run.id for run in comparison.runs}
    own = [group for group in groups if compared & {run.id for run in group[1].runs}]
    own += [group for group in groups if group[1].runs[0].recipe.folds and group not in own]
    return EvidenceChapter(
        rows=run_rows(shown, comparison, gathered.model_bytes),
        pairs=tuple(pair if pair.accuracy.value >= 0 else pair.seen_from(pair.second) for pair in pairs),
        is_matrix=len(shown) <= MOST_IN_MATRIX,
        curves=tuple((each, _epochs(gathered, each)) for each in shown),
        calibrated=tuple(sorted(shown, key=lambda each: each.score.ece)),
        here=tuple(own),
        others=tuple(group for group in groups if group not in own),
        recipes={repeats.runs[0].recipe.repeats: title for title, repeats in groups},
    )


def _epochs(gathered: Gathered, entry: Entry) -> tuple[EpochEnd, ...]:
    ends = [event for event in gathered.events[entry.run.id] if isinstance(event, EpochEnd)]
    return tuple(thinned(ends, MOST_ROWS))
