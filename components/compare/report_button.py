"""A comparison to take along: its report as a page, and as JSON."""

import json
from functools import partial
from typing import Literal

from components.kit import text
from components.kit.buttons import save_button
from transfer_core.errors import GraftError
from transfer_core.types import Dataset
from transfer_core.workspace import Comparison, Workspace


def report_button(workspace: Workspace, dataset: Dataset, comparison: Comparison) -> None:
    """Saves the report on these runs. It is made when the button is pressed, while the page stays in use."""
    save_button(
        "Save as a report",
        partial(_made, workspace, dataset, comparison, "html"),
        f"{file_name(dataset.name)}.html",
        "report_html",
        icon="description",
        help="One file with the verdict, its evidence, images and recipes, for a browser or the printer. It needs"
        " no network and shows some of your images. Making it takes a few seconds.",
    )


def figures_button(workspace: Workspace, dataset: Dataset, comparison: Comparison) -> None:
    """Saves the report's figures, for programs."""
    save_button(
        "Figures as JSON",
        partial(_made, workspace, dataset, comparison, "json"),
        f"{file_name(dataset.name)}.json",
        "report_json",
        icon="data_object",
        help="All scores, pairs, curves, recipes and versions, for programs.",
    )


def _made(workspace: Workspace, dataset: Dataset, comparison: Comparison, kind: Literal["html", "json"]) -> bytes:
    runs = [run.id for run in comparison.runs]
    try:
        report = workspace.comparisons.report(dataset, runs, worth=comparison.verdict.worth)
    except GraftError as error:  # deleted in another tab: a download has no other place to say so
        said = f"<p>{text.html(str(error))}</p>" if kind == "html" else json.dumps({"error": str(error)})
        return said.encode()
    return (report.html if kind == "html" else report.json).encode()


def file_name(dataset: str) -> str:
    """ "graft-report-my-photos": letters, digits and dashes of the dataset's name."""
    return f"graft-report-{text.file_stem(dataset)}".rstrip("-")
