"""Images, each with a choice of what is to become of it in a corrected version: its label, another one, or dropped."""

from collections.abc import Iterator, Mapping
from typing import Any

from components import state
from components.errors.gallery import address, figure
from components.errors.look import ROOT, STYLE
from components.kit import text
from components.kit.drawn import component
from components.kit.guard import act
from transfer_core.types import Dataset, Mark
from transfer_core.workspace import Workspace

mount = component("graft_label_marks", ROOT, beside=__file__, css=STYLE)


def mark_tiles(
    workspace: Workspace,
    dataset: Dataset,
    suggested: Mapping[int, int | None],
    marks: Mapping[int, Mark],
    *,
    key: str,
    lines: Mapping[int, str],
) -> None:
    """Tiles of samples with the class that is suggested for each, if any. A choice is kept at once.

    `lines`: HTML of what stands below an image's label.
    """

    def press() -> None:
        workspace.corrections.mark(dataset, list(wishes(state.widget(key).get()["wishes"], dataset)))

    drawn = [_tile(workspace, dataset, sample, label, lines[sample]) for sample, label in suggested.items()]
    mount(
        key=key,
        data={
            "html": f'<div class="tiles">{"".join(drawn)}</div>',
            "classes": [text.short(name, 60) for name in dataset.classes],
            "marks": {sample: "drop" if mark.label is None else str(mark.label) for sample, mark in marks.items()},
        },
        on_wishes_change=act(press),
    )


def _tile(workspace: Workspace, dataset: Dataset, sample: int, suggested: int | None, lines: str) -> str:
    label = int(dataset.labels[sample])
    said = text.html(f"Labelled {dataset.classes[label]}: {dataset.paths[sample]}")
    wish = "" if suggested is None else suggested
    control = (
        f'<select aria-label="Becomes. {said}" data-sample="{sample}" data-label="{label}" data-suggested="{wish}">'
        "</select>"
    )
    return figure(dataset.classes[label], said, address(workspace, dataset, sample), lines, control)


def wishes(said: Any, dataset: Dataset) -> Iterator[Mark]:
    """What the browser said, as marks; a sample's own label takes its mark back. What makes no sense is left out."""
    for sample, wish in said.items() if isinstance(said, dict) else ():
        if not (isinstance(wish, str) and str(sample).isdecimal() and int(sample) < len(dataset)):
            continue
        if wish == "drop":
            yield Mark(sample=int(sample), label=None)
        elif wish == "keep":
            yield Mark(sample=int(sample), label=int(dataset.labels[int(sample)]))
        elif wish.isdecimal() and int(wish) < len(dataset.classes):
            yield Mark(sample=int(sample), label=int(wish))
