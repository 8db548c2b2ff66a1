"""Images whose label is likely wrong, to look at and to take along as a table."""

import csv
import io
from collections.abc import Mapping, Sequence

import streamlit as st

from components.errors.gallery import first, line, more
from components.errors.label_marks import mark_tiles
from components.errors.look import nothing, probability
from components.kit import text
from components.kit.buttons import button, save_button
from components.kit.runs import asked, once
from transfer_core.types import Dataset, Mark
from transfer_core.workspace import Comparison, Seen, Workspace

RULE = (
    "All {runs} runs name one class other than the label, and are on average as sure of it as they are of images that "
    "do carry that label (confident learning, "
    "[Northcutt et al. 2021](https://doi.org/10.1613/jair.1.12125))."
)
HINT = (
    "Choose under an image what becomes of it. From your marks Graft makes a corrected version of the dataset, beside "
    "this one, which stays as it is."
)
COLUMNS = (
    "file",
    "split",
    "label",
    "suggested label",
    "probability of the suggestion",
    "probability of the label",
    "runs",
    "new label",  # these two for `graft correct`: what was marked on the page
    "drop",
)
SPLIT = {"train": "training", "val": "validation", "test": "test"}


def label_errors_view(workspace: Workspace, dataset: Dataset, comparison: Comparison) -> Sequence[Seen]:
    """The list for all compared runs together, each image with what is to become of it. Returns those in sight."""
    st.header("Labels that may be wrong", anchor=False)
    runs = tuple(run.id for run in comparison.runs)
    if len(runs) < 2:
        nothing(
            "Two runs are needed",
            "Where several runs agree against a label and are sure of it, the label is worth a look. "
            "Compare a second run to see such images here.",
            key="errors_no_labels",
        )
        return ()
    found = asked(lambda: once(workspace.comparisons.label_errors, runs))
    if found is None:
        return ()
    st.caption(RULE.format(runs=len(runs)))
    if not found:
        nothing(
            "No label stands out",
            "On no validation or test image do all these runs agree against the label and are as sure of it as that.",
            key="errors_no_labels",
        )
        return ()
    carry = "image carries" if len(found) == 1 else "images carry"
    st.markdown(f"**{text.count(len(found))}** {carry} a label worth a second look. The likeliest errors come first.")
    st.caption(HINT)
    key = f"errors_labels_{'_'.join(runs)}"
    shown = first(found, key=key)
    marks = {mark.sample: mark for mark in workspace.corrections.marks(dataset)}
    suggested = {seen.sample: seen.calls[0].predicted for seen in shown}
    below = {seen.sample: lines(dataset, seen) for seen in shown}
    mark_tiles(workspace, dataset, suggested, marks, key=f"{key}_tiles", lines=below)
    more(found, key=key)
    open_ = [Mark(sample=sample, label=label) for sample, label in suggested.items() if sample not in marks]
    with st.container(horizontal=True, key="errors_labels_all"):
        label = _take(len(open_), len(shown))
        button(
            *(label, "errors_labels_take", "done_all", workspace.corrections.mark, dataset, open_),
            disabled=not open_,
            help="Marks the images in sight with the class that the runs suggest. Images that are marked stay so.",
        )
        saved, back = table(dataset, comparison, found, marks), "With your marks. `graft correct` reads it back."
        save_button("Save the list", saved, "label-errors.csv", "errors_labels_csv", help=back)
    return shown


def _take(open_: int, shown: int) -> str:
    """The words on the button: "Take the 8 suggestions in sight", "Take the other 3 suggestions in sight" """
    if not open_:
        return "All images in sight are marked"
    which = "the other" if open_ < shown else "the"
    return f"Take {which} {text.count(open_)} suggestions in sight" if open_ > 1 else f"Take {which} suggestion"


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


def table(dataset: Dataset, comparison: Comparison, found: Sequence[Seen], marks: Mapping[int, Mark]) -> bytes:
    """CSV as spreadsheets read it: UTF-8 with its mark. Names that would be formulas begin with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    runs = "; ".join(comparison.titles)
    for seen in found:
        suggested = dataset.classes[seen.calls[0].predicted]
        cells = (dataset.paths[seen.sample], SPLIT[seen.split], dataset.classes[seen.label], suggested)
        shares = [f"{share:.4f}" for share in means(seen)]
        writer.writerow([*map(text.cell, cells), *shares, text.cell(runs), *_wish(dataset, marks.get(seen.sample))])
    return out.getvalue().encode("utf-8-sig")


def _wish(dataset: Dataset, mark: Mark | None) -> tuple[str, str]:
    if mark is None:
        return "", ""
    return ("", "yes") if mark.label is None else (text.cell(dataset.classes[mark.label]), "")
