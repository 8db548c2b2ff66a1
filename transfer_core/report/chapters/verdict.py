"""Which run to take."""

from dataclasses import dataclass

from transfer_core.presentation.tables import RunRow, run_rows
from transfer_core.report.gathered import Gathered
from transfer_core.types import Verdict


@dataclass(frozen=True, kw_only=True)
class VerdictChapter:
    verdict: Verdict
    taken: RunRow
    runs: int
    test_images: int


def verdict(gathered: Gathered) -> VerdictChapter:
    comparison = gathered.comparison
    (taken,) = run_rows([gathered.chosen], comparison, gathered.model_bytes)
    return VerdictChapter(
        verdict=comparison.verdict, taken=taken, runs=len(comparison.runs), test_images=comparison.images
    )
