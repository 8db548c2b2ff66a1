"""A comparison as a page that stands on its own, and as JSON. Pure: values go in, text comes out."""

import json
from dataclasses import dataclass
from typing import Any

from transfer_core.report.content import Gathered, contents
from transfer_core.report.page import rendered


@dataclass(frozen=True, kw_only=True)
class Report:
    """Two files' text, and what they say in short."""

    html: str
    json: str
    verdict: str
    runs: tuple[str, ...]  # that are compared


def made(gathered: Gathered) -> Report:
    """The report on one comparison."""
    values = contents(gathered)
    return Report(
        html=rendered(values),
        json=_lines(values),
        verdict=gathered.comparison.verdict.reason,
        runs=tuple(run.id for run in gathered.comparison.runs),
    )


def _lines(values: dict[str, Any]) -> str:
    """JSON with a line for each field of the whole, so that it can be looked through and stays small."""
    fields = [
        f"{json.dumps(name)}: {json.dumps(each, ensure_ascii=False, allow_nan=False)}" for name, each in values.items()
    ]
    return "{\n" + ",\n".join(fields) + "\n}\n"
