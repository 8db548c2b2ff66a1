"""A comparison to take along: its report as a page, and as JSON."""

import json
from functools import partial
from typing import Literal

import streamlit as st

from components.kit import text
from components.kit.buttons import save_button
from transfer_core.errors import GraftError
from transfer_core.types import Dataset
from transfer_core.workspace import Comparison, Workspace


def report_button(workspace: Workspace, dataset: Dataset, comparison: Comparison) -> None:
    """Two buttons that save the report on these runs. It is made when one is pressed, while the page stays in use."""
    name, made = file_name(dataset.name), partial(_made, workspace, dataset, comparison)
    with st.container(key="report", horizontal=True, vertical_alignment="center"):
        save_button(
            "Save as a report",
            partial(made, "html"),
            f"{name}.html",
            "report_html",
            icon="description",
            help="One file with the verdict, its evidence, images and recipes, for a browser or the printer. It needs"
            " no network and shows some of your images. Making it takes a few seconds.",
        )
        save_button(
            "Figures as JSON",
            partial(made, "json"),
            f"{name}.json",
            "report_json",
            icon="data_object",
            help="The same for programs: all scores, pairs, curves, recipes and versions.",
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
