"""Images whose label is likely wrong, to look at and to take along as a table."""

import csv
import io
from collections.abc import Sequence

import streamlit as st

from components import text
from components.errors_answers import asked, label_errors
from components.errors_gallery import line, tiles
from components.errors_look import nothing, probability
from transfer_core.types import Comparison, Dataset, Seen
from transfer_core.workspace import Workspace

RULE = (
    "All {runs} runs name one class other than the label, and are on average as sure of it as they are of images that "
    "do carry that label (confident learning, "
    "[Northcutt et al. 2021](https://doi.org/10.1613/jair.1.12125))."
)
COLUMNS = (
    "file",
    "split",
    "label",
    "suggested label",
    "probability of the suggestion",
    "probability of the label",
    "runs",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs a cell that begins so
SPLIT = {"val": "validation", "test": "test"}


def label_errors_view(workspace: Workspace, dataset: Dataset, comparison: Comparison) -> None:
    """The list for all compared runs together."""
    runs = tuple(run.id for run in comparison.runs)
    if len(runs) < 2:
        nothing(
            "Two runs are needed",
            "Where several runs agree against a label and are sure of it, the label is worth a look. "
            "Compare a second run to see such images here.",
            key="errors_no_labels",
        )
        return
    found = asked(lambda: label_errors(workspace, runs))
    if found is None:
        return
    st.caption(RULE.format(runs=len(runs)))
    if not found:
        nothing(
            "No label stands out",
            "On no validation or test image do all these runs agree against the label and are as sure of it as that.",
            key="errors_no_labels",
        )
        return
    carry = "image carries" if len(found) == 1 else "images carry"
    st.markdown(f"**{text.count(len(found))}** {carry} a label worth a second look. The likeliest errors come first.")
    tiles(
        workspace,
        dataset,
        comparison,
        found,
        key=f"errors_labels_{'_'.join(runs)}",
        lines=lambda seen: lines(dataset, seen),
    )
    st.download_button(
        "Save the list",
        table(dataset, comparison, found),
        file_name="label-errors.csv",
        mime="text/csv",
        icon=":material/download:",
        key="errors_labels_csv",
        on_click="ignore",
    )


def lines(dataset: Dataset, seen: Seen) -> str:
    """HTML: what the runs suggest, how likely they hold it and the label on average, and the split."""
    suggestion, label = means(seen)
    suggested = text.html(text.short(dataset.classes[seen.calls[0].predicted], 30))
    return (
        line(f"<span>suggested: {suggested}</span>", suggestion, probability(suggestion), right=True)
        + line("<span>its label</span>", label, probability(label), right=False)
        + f'<li class="others">{SPLIT[seen.split]} image</li>'
    )


def means(seen: Seen) -> tuple[float, float]:
    """Mean probability over the runs of the class that they suggest, and of the label."""
    suggestion, label = (
        sum(shares) / len(seen.calls)
        for shares in zip(*((call.confidence, call.of_label) for call in seen.calls), strict=True)
    )
    return suggestion, label


def table(dataset: Dataset, comparison: Comparison, found: Sequence[Seen]) -> bytes:
    """CSV as spreadsheets read it: UTF-8 with its mark. Names that would be formulas begin with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    runs = "; ".join(comparison.titles)
    for seen in found:
        suggested = dataset.classes[seen.calls[0].predicted]
        cells = (dataset.paths[seen.sample], SPLIT[seen.split], dataset.classes[seen.label], suggested)
        writer.writerow([*map(harmless, cells), *(f"{share:.4f}" for share in means(seen)), harmless(runs)])
    return out.getvalue().encode("utf-8-sig")


def harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
