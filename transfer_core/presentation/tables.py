"""The figures of compared runs as rows: numbers, for each place to write as it likes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transfer_core.compare.compared import Comparison, Interval
from transfer_core.presentation.entries import Entry, lead


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """A run against the one that is taken, and what it took; fractions and bytes, None: not known."""

    entry: Entry
    taken: bool  # by the verdict
    lead: Interval | None  # over the run that is taken; None for that one itself
    sure: bool  # whether that is significant
    train_images: int
    model_bytes: int | None


def run_rows(
    shown: Sequence[Entry], comparison: Comparison, model_bytes: Mapping[str, int | None]
) -> tuple[RunRow, ...]:
    rows = []
    for each in shown:
        pair = lead(comparison, each.run.id)
        rows.append(
            RunRow(
                entry=each,
                taken=pair is None,
                lead=None if pair is None else pair.counts,
                sure=pair is not None and pair.sure,
                train_images=comparison.trained_on(each.run.id),
                model_bytes=model_bytes[each.run.id],
            )
        )
    return tuple(rows)
