"""A comparison as a page that stands on its own, and as JSON. Pure: values go in, text comes out."""

from dataclasses import dataclass

from transfer_core.report.gathered import Gathered
from transfer_core.report.page import rendered
from transfer_core.report.to_json import to_json


@dataclass(frozen=True, kw_only=True)
class Report:
    """Two files' text, and what they say in short."""

    html: str
    json: str
    verdict: str
    runs: tuple[str, ...]  # that are compared


def made(gathered: Gathered) -> Report:
    """The report on one comparison."""
    verdict = gathered.comparison.verdict
    return Report(
        html=rendered(gathered),
        json=to_json(gathered),
        verdict=f"{verdict.reason} {verdict.warning}".strip(),
        runs=tuple(run.id for run in gathered.comparison.runs),
    )
