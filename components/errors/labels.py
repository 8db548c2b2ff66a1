"""Images whose label may be wrong: to decide on, one by one, and to take along as a table."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from components import state
from components.errors.gallery import address, line
from components.errors.look import nothing, probability, show
from components.kit import text
from components.kit.buttons import button, save_button
from components.kit.gallery import tag
from components.kit.runs import asked, once
from transfer_core.types import Dataset, Mark
from transfer_core.workspace import Comparison, Seen, Suspected, Workspace

RULE = (
    "All {runs} runs name one class other than the label, and are on average as sure of it as they are of images that "
    "do carry that label (confident learning, "
    "[Northcutt et al. 2021](https://doi.org/10.1613/jair.1.12125))."
)
HINT = (
    "From what you decide Graft makes a corrected version of the dataset, beside this one, which stays as it is. "
    "The keys 1 to 4 press these buttons."
)
KEPT, SKIPPED = "kept", "skipped"  # what leaves no mark
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


def label_errors_view(workspace: Workspace, dataset: Dataset, comparison: Comparison) -> None:
    """How far the compared runs can be trusted against labels; then their suggestions one by one, where they can."""
    st.header("Labels that may be wrong", anchor=False)
    runs = tuple(run.id for run in comparison.runs)
    if len(runs) < 2:
        nothing(
            "Two runs are needed",
            "Where several runs agree against a label and are sure of it, the label is worth a look. "
            "Compare a second run to see such images here.",
            key="errors_no_labels",
        )
        return
    found = asked(lambda: once(workspace.comparisons.suspected, runs))
    if found is None:
        return
    if not found.seen:
        nothing(
            "No label stands out",
            "On no validation or test image do all these runs agree against the label and are as sure of it as that.",
            key="errors_no_labels",
        )
        return
    if not found.tells:
        nothing("These runs are too weak to tell which labels are wrong", weak(found), key="errors_no_labels")
        return
    st.markdown(expected(found))
    st.caption(RULE.format(runs=len(runs)))
    marks = {mark.sample: mark for mark in workspace.corrections.marks(dataset)}
    _queue(workspace, dataset, found.seen, marks)
    saved, back = table(dataset, comparison, found.seen, marks), "With your marks. `graft correct` reads it back."
    save_button("Save the list", saved, "label-errors.csv", "errors_labels_csv", help=back)


def error_rates(found: Suspected) -> str:
    """How often these runs are wrong themselves."""
    wrong, firm = (text.percent(share) for share in (found.wrong / found.images, len(found.seen) / found.sure))
    return (
        f"These runs together name another class than the label on {wrong} of {text.count(found.images)} held-out"
        f" images, and on {firm} of the {text.count(found.sure)} that they are this sure of"
    )


def expected(found: Suspected) -> str:
    """Markdown: how many suggestions there are, and how many of them are to be expected true."""
    count = len(found.seen)
    suggestions = "**1 suggestion**" if count == 1 else f"**{text.count(count)} suggestions**"
    low, high = found.true
    true = f"{low} to {high}" if low < high else f"{high}"
    return (
        f"{suggestions}, the widest margin first. {error_rates(found)}. If 1 to 5{text.NARROW}% of labels are wrong,"
        f" as in common datasets, expect about {true} of them to be true, and fewer where yours are better."
    )


def weak(found: Suspected) -> str:
    """Why nothing is offered."""
    _, high = found.true
    agree = f"They agree against {text.count(len(found.seen))} label{'s' * (len(found.seen) != 1)}."
    return (
        f"{agree} {error_rates(found)}. Even if one label in twenty were wrong, about {high} of these would be true:"
        " most are their own mistakes. Compare more accurate runs alone, and suggestions stand here."
    )


def _queue(workspace: Workspace, dataset: Dataset, seen: Sequence[Seen], marks: Mapping[int, Mark]) -> None:
    """The first suggestion that nothing was decided on, large, with what can be done; Undo takes the last step back."""
    place = state.looked.of(dataset.id)
    passed = {sample for sample, _, _ in place.get()}
    left = [each for each in seen if each.sample not in marks and each.sample not in passed]

    def decide(sample: int, what: str, mark: Mark | None) -> None:
        place.set((*place.get(), (sample, what, marks.get(sample))))
        if mark is not None:
            workspace.corrections.mark(dataset, [mark])

    def undo() -> None:
        *before, (sample, _, mark) = place.get()
        place.set(tuple(before))
        workspace.corrections.unmark(dataset, [sample])
        if mark is not None:
            workspace.corrections.mark(dataset, [mark])

    def again() -> None:
        place.set(tuple(each for each in place.get() if each[1] != SKIPPED))

    with st.container(border=True, key="errors_label"):
        if left:
            _one(
                workspace,
                dataset,
                left[0],
                f"{text.count(len(seen) - len(left) + 1)} of {text.count(len(seen))}",
                decide,
            )
        else:
            st.markdown("**All suggestions are looked at.**")
        with st.container(horizontal=True):
            button("Undo", "errors_label_undo", "undo", undo, type="tertiary", disabled=not place.get())
            skipped = sum(what == SKIPPED for _, what, _ in place.get())
            if skipped and not left:
                button("Look at the skipped ones again", "errors_label_again", "replay", again, type="tertiary")


def _one(
    workspace: Workspace,
    dataset: Dataset,
    seen: Seen,
    place: str,
    decide: Callable[[int, str, Mark | None], None],
) -> None:
    """An image, what it is labelled and what is suggested, and four buttons."""
    label, suggested = (dataset.classes[each] for each in (seen.label, seen.calls[0].predicted))
    left, right = st.columns([1, 1], gap="medium")
    with left:
        said = text.html(f"Labelled {label}: {dataset.paths[seen.sample]}")
        show(
            f'<div class="doubted">{tag(address(workspace, dataset, seen.sample), said)}</div>',
            key="errors_label_image",
        )
    with right:
        st.caption(f"Suggestion {place}, a {SPLIT[seen.split]} image")
        st.markdown(f"Labelled **{text.escape(label)}**. Is it **{text.escape(suggested)}**?")
        show(f'<div class="tiles doubt"><ul>{lines(dataset, seen)}</ul></div>', key="errors_label_lines")
        to, drop = Mark(sample=seen.sample, label=seen.calls[0].predicted), Mark(sample=seen.sample, label=None)
        steps = (
            ("accept", f"It is {text.escape(text.short(suggested, 24))}", "check", "changed", to),
            ("keep", f"Keep {text.escape(text.short(label, 24))}", "label", KEPT, None),
            ("drop", "Drop the image", "delete", "dropped", drop),
            ("skip", "Skip", "skip_next", SKIPPED, None),
        )
        for number, (name, words, icon, what, mark) in enumerate(steps, 1):
            button(
                *(words, f"errors_label_{name}", icon, decide, seen.sample, what, mark),
                shortcut=str(number),
                width="stretch",
            )
        st.caption(HINT)


def lines(dataset: Dataset, seen: Seen) -> str:
    """HTML: how likely the runs hold their suggestion and the label on average, and the margin between."""
    suggestion, label = means(seen)
    suggested, given = (
        text.html(text.short(dataset.classes[each], 30)) for each in (seen.calls[0].predicted, seen.label)
    )
    return (
        line(f"<span>suggested: {suggested}</span>", suggestion, probability(suggestion), right=True)
        + line(f"<span>its label: {given}</span>", label, probability(label), right=False)
        + f'<li class="others">Margin: {100 * (suggestion - label):.0f} points, mean of the runs</li>'
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
