"""Which class is taken for which: two runs' confusion matrices, their difference, and the images of a cell."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

import streamlit as st

from components import state
from components.errors.gallery import tiles
from components.errors.look import ROOT, STYLE, mark, strategy_of
from components.kit import text
from components.kit.drawn import component
from components.kit.runs import asked, once
from transfer_core.presentation.confusions import Mixed, mixed
from transfer_core.types import Dataset
from transfer_core.workspace import Call, Comparison, Seen, Workspace

MATRIX = 40  # more classes than this are shown as pairs of classes
LISTED = 12  # of these pairs
FEW, LONG, SHORT = 6, 24, 14  # classes up to which there is room for long names; characters of a name

HTML = """
<div class="errors confusion">
  <div class="tabs" role="group" aria-label="Matrix in sight"></div>
  <div class="panels">
    <div class="aside">
      <p class="readout" aria-hidden="true"></p>
      <p class="legend"><span><i class="right"></i>named right</span><span><i class="wrong"></i>mistaken</span>
        <span>The shade is the share of the label's images.</span></p>
      <p class="legend difference"><span><i class="right"></i>difference: more right, or fewer mistaken</span>
        <span><i class="wrong"></i>the other way round</span></p>
    </div>
  </div>
</div>
"""
mount = component("graft_confusion", HTML, beside=__file__, css=STYLE)
BESIDE = str(Path(__file__).with_name("confused_pairs.py"))
mount_pairs = component("graft_confused_pairs", ROOT, beside=BESIDE, css=STYLE)

Panel = Literal["first", "second", "difference"]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Test images of one label that are predicted as one class: by one of the two runs, or by either."""

    panel: Panel
    label: int
    predicted: int


def confusion_view(
    workspace: Workspace, dataset: Dataset, comparison: Comparison, first: str, second: str | None
) -> None:
    """Both matrices and their difference, and below them the images of the cell in hand. Alone: one matrix."""
    runs = (first,) if second is None else (first, second)
    pairs = mixed(*(comparison.score(run).confusion for run in runs))
    key = f"errors_confusion_{dataset.id}"
    kept, classes = state.confusion_cell.of(dataset.id), len(dataset.classes)
    cell = in_hand(kept.get(), classes, len(runs))
    if cell is None and pairs:
        cell = Cell(
            panel="first" if second is None else "difference", label=pairs[0].label, predicted=pairs[0].predicted
        )

    def press() -> None:
        kept.set(state.widget(f"{key}_drawn").get()["cell"])

    drawn = drawing(dataset, comparison, runs, cell) if classes <= MATRIX else None
    if drawn:
        mount(key=f"{key}_drawn", data=drawn, on_cell_change=press)
    elif pairs:
        titles = [(strategy_of(comparison, run), comparison.title(run)) for run in runs]
        chosen = "" if cell is None else f"{cell.label}-{cell.predicted}"
        listing = {"html": listed(dataset.classes, titles, pairs[:LISTED]), "selected": chosen}
        mount_pairs(key=f"{key}_drawn", data=listing, on_cell_change=press)
    if pairs:
        _choose(dataset, pairs, cell, len(runs))
    else:
        st.caption("No test image is taken for another class.")
    if cell is not None:
        _images(workspace, dataset, comparison, runs, cell, key)


def drawing(dataset: Dataset, comparison: Comparison, runs: Sequence[str], cell: Cell | None) -> dict[str, Any]:
    """What the browser draws from: a panel for each run, and one for their difference."""
    full = [text.plain(name) for name in dataset.classes]
    panels = [_panel(comparison, run, name) for run, name in zip(runs, ("first", "second"), strict=False)]
    if len(runs) > 1:
        first, second = (comparison.title(run) for run in runs)
        matrix = comparison.score(runs[1]).confusion - comparison.score(runs[0]).confusion
        panels.append(
            {
                "name": "difference",
                "title": "Difference, in images",
                "tab": "Difference",
                "mark": "",
                "note": text.plain(f"{second} minus {first}"),
                "says": text.plain(f"{second} minus {first}, in images. Rows are labels, columns predictions."),
                "matrix": matrix.tolist(),
            }
        )
    return {
        "names": [text.short(name, LONG if len(full) <= FEW else SHORT) for name in full],
        "full": full,
        "panels": panels,
        "selected": None if cell is None else asdict(cell),
        "hint": "Press a cell to see its images.",
    }


def _panel(comparison: Comparison, run: str, name: str) -> dict[str, Any]:
    title, score = text.plain(comparison.title(run)), comparison.score(run)
    return {
        "name": name,
        "title": title,
        "tab": text.short(title, 22),
        "mark": mark(strategy_of(comparison, run)),
        "note": f"{text.percent(score.accuracy)} of {text.count(score.images)} right",
        "says": f"Confusion matrix of {title}. Rows are labels, columns predictions.",
        "matrix": score.confusion.tolist(),
    }


def listed(classes: Sequence[str], titles: Sequence[tuple[str, str]], pairs: Sequence[Mixed]) -> str:
    """HTML of pairs of classes that are mixed up, each a button. `titles`: strategy and title of each run."""
    most = max(count for pair in pairs for count in (pair.first, pair.second))
    heads = "".join(f"<span>{mark(strategy)}{text.html(title)}</span>" for strategy, title in titles)
    change = '<span class="change">Change</span>' if len(titles) > 1 else ""
    rows = "".join(_row(classes, pair, most, len(titles)) for pair in pairs)
    head = f'<header><span class="what">Label, and what it is taken for</span>{heads}{change}</header>'
    return f'<div class="pairs{"" if len(titles) > 1 else " one"}">{head}{rows}</div>'


def _row(classes: Sequence[str], pair: Mixed, most: int, runs: int) -> str:
    label, predicted = (text.html(text.short(classes[each], 60)) for each in (pair.label, pair.predicted))
    bars = "".join(_bar(count, most) for count in (pair.first, pair.second)[:runs])
    change = text.signed(pair.second - pair.first, 0)
    return (
        f'<button type="button" data-cell="{pair.label}-{pair.predicted}"><span class="names"><b>{label}</b> taken for '
        f"<b>{predicted}</b></span>{bars}{f'<em>{change}</em>' if runs > 1 else ''}</button>"
    )


def _bar(count: int, most: int) -> str:
    return f'<span class="bar"><i style="width: {80 * count / most:.0f}%"></i>{text.count(count)}</span>'


def in_hand(said: Any, classes: int, runs: int) -> Cell | None:
    """The cell that the browser or an earlier visit named; None where there is no such cell."""
    if not isinstance(said, dict):
        return None
    named: list[Any] = [said.get(name) for name in ("panel", "label", "predicted")]
    panel, label, predicted = named
    known = type(label) is int and type(predicted) is int and 0 <= label < classes and 0 <= predicted < classes
    if not known or panel not in get_args(Panel):
        return None
    return Cell(panel=panel if runs > 1 else "first", label=label, predicted=predicted)


def _choose(dataset: Dataset, pairs: Sequence[Mixed], cell: Cell | None, runs: int) -> None:
    """The cells that matter as a list, for fingers and keyboards."""
    places = {(pair.label, pair.predicted): place for place, pair in enumerate(pairs)}
    box = state.widget("errors_confusion_pair").of(dataset.id)

    def words(place: int) -> str:
        pair = pairs[place]
        counts = f"{pair.first}" if runs == 1 else f"{pair.first} and {pair.second}"
        label, predicted = (text.short(dataset.classes[each], 40) for each in (pair.label, pair.predicted))
        return f"{label} \N{RIGHTWARDS ARROW} {predicted}: {counts}"

    def take() -> None:
        if (place := box.get()) is not None:
            pair = pairs[place]
            panel: Panel = "first" if runs == 1 else "difference"
            asked_for = Cell(panel=panel, label=pair.label, predicted=pair.predicted)
            state.confusion_cell.of(dataset.id).set(asdict(asked_for))

    box.set(None if cell is None else places.get((cell.label, cell.predicted)))
    st.selectbox(
        "Mistakes, the most frequent first: label \N{RIGHTWARDS ARROW} prediction",
        range(len(pairs)),
        index=None,
        format_func=words,
        placeholder="Choose two classes",
        key=box.key,
        on_change=take,
        width=520,
    )


def _images(
    workspace: Workspace, dataset: Dataset, comparison: Comparison, runs: Sequence[str], cell: Cell, key: str
) -> None:
    """The images of a cell; of both runs' cells, those of either alone apart from those of both."""
    others = [tuple(other for other in runs if other != run) for run in runs]
    ask = partial(once, workspace.comparisons.confused)
    found = asked(
        lambda: [ask(run, cell.label, cell.predicted, beside=beside) for run, beside in zip(runs, others, strict=True)]
    )
    if found is None:
        return
    label, predicted = (f"**{text.escape(dataset.classes[each])}**" for each in (cell.label, cell.predicted))
    what = f"labelled {label}, " + ("rightly named so" if label == predicted else f"taken for {predicted}")
    place = f"{key}_{'_'.join(runs)}_{cell.panel}_{cell.label}_{cell.predicted}"
    parts = groups(found, runs, [comparison.title(run) for run in runs], cell)
    whose = next(iter(parts), None)
    if whose is None:
        st.markdown(f"No image {what}.")
        return
    if len(parts) == 1:
        images = "1 image" if len(parts[whose]) == 1 else f"{text.count(len(parts[whose]))} images"
        st.markdown(f"{images} {what} {text.escape(whose)}")
    else:
        st.markdown(f"Images {what}")
        whose = st.pills(
            "By whom",
            list(parts),
            default=whose,
            format_func=lambda by: f"{text.escape(by)}: {text.count(len(parts.get(by, ())))}",
            key=f"{place}_by",
            required=True,
            label_visibility="collapsed",
        )
    tiles(workspace, dataset, comparison, parts.get(whose, ()), key=f"{place}_{whose}")


def groups(
    found: Sequence[Sequence[Seen]], runs: Sequence[str], titles: Sequence[str], cell: Cell
) -> dict[str, list[Seen]]:
    """The images of a cell, by which of the runs put them there. What the runs say stands in the order of `runs`."""

    def by(call: Call) -> int:
        return runs.index(call.run)

    ordered = [[replace(seen, calls=tuple(sorted(seen.calls, key=by))) for seen in each] for each in found]
    if cell.panel != "difference":
        at = ("first", "second").index(cell.panel)
        split = {f"by {titles[at]}": ordered[at]}
    else:
        first, second = ({seen.sample for seen in each} for each in ordered)
        split = {
            f"by {titles[1]} alone": [seen for seen in ordered[1] if seen.sample not in first],
            f"by {titles[0]} alone": [seen for seen in ordered[0] if seen.sample not in second],
            "by both": [seen for seen in ordered[0] if seen.sample in second],
        }
    return {whose: seen for whose, seen in split.items() if seen}
