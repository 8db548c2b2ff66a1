"""The figures of compared runs as rows: numbers, for each place to write as it likes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transfer_core.presentation.entries import Entry, lead
from transfer_core.types import Comparison, Interval


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """A run. Accuracies are fractions; None: not known."""

    entry: Entry
    taken: bool  # by the verdict
    accuracy: Interval
    lead: Interval | None  # over the run that is taken; None for that one itself
    sure: bool  # whether that is more than luck
    train_images: int
    model_bytes: int | None


def run_rows(
    shown: Sequence[Entry], comparison: Comparison, model_bytes: Mapping[str, int | None]
) -> tuple[RunRow, ...]:
    rows = []
    for each in shown:
        pair, (low, high) = lead(comparison, each.run.id), each.score.interval
        rows.append(
            RunRow(
                entry=each,
                taken=pair is None,
                accuracy=Interval(value=each.score.accuracy, low=low, high=high),
                lead=None if pair is None else pair.accuracy,
                sure=pair is not None and pair.sure,
                train_images=comparison.trained_on(each.run.id),
                model_bytes=model_bytes[each.run.id],
            )
        )
    return tuple(rows)
