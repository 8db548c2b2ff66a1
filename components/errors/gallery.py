"""Images with what runs say of each: the label, then every run's class and how sure it is of it."""

from collections.abc import Sequence
from functools import partial
from typing import TypeVar

from components import state
from components.errors.look import mark, probability, show, strategy_of
from components.kit import text
from components.kit.buttons import button
from components.kit.gallery import data_uri, or_none, tag
from transfer_core.types import ENSEMBLE, Dataset
from transfer_core.workspace import Call, Comparison, Seen, Workspace

STEP = 24  # images at first, and how many more each time
EACH = 4  # more runs than this are grouped by what they say
MARKS = 6  # symbols in a line; more runs are counted
Shown = TypeVar("Shown")


def tiles(workspace: Workspace, dataset: Dataset, comparison: Comparison, seen: Sequence[Seen], *, key: str) -> None:
    """The first images of a list with what each run says of them, and more on demand. `key` names the list."""
    drawn = [_tile(workspace, dataset, comparison, each) for each in first(seen, key=key)]
    grouped = any(len(each.calls) > EACH for each in seen[:1])
    keys = _keys(workspace, comparison) if grouped else ""
    show(f'{keys}<div class="tiles">{"".join(drawn)}</div>', key=f"{key}_tiles")
    more(seen, key=key)


def first(seen: Sequence[Shown], *, key: str) -> Sequence[Shown]:
    """As many of a list as are shown now."""
    return seen[: state.shown.of(key).get() or STEP]


def more(seen: Sequence[Shown], *, key: str) -> None:
    """The button that shows more of a list, where there is more."""
    shown = len(first(seen, key=key))
    left = len(seen) - shown
    if left:
        label = f"Show {min(STEP, left)} more of {text.count(left)}"
        button(label, f"{key}_more", "expand_more", state.shown.of(key).set, shown + STEP)


def _tile(workspace: Workspace, dataset: Dataset, comparison: Comparison, seen: Seen) -> str:
    """HTML of one image: its label, then a line for each run, or for each class that further runs name."""
    label = dataset.classes[seen.label]
    said = [f"Labelled {label}", *(_words(dataset, comparison, call) for call in seen.calls[:EACH])]
    source = address(workspace, dataset, seen.sample)
    return figure(label, text.html(". ".join(said)), source, _calls(dataset, comparison, seen))


def figure(label: str, said: str, source: str, lines: str, control: str = "") -> str:
    """HTML of one image over its label, lines and a control. All but `label` is HTML."""
    name, picture = text.html(text.short(label, 40)), tag(source, said)
    return f'<figure title="{said}">{picture}<figcaption><b>{name}</b><ul>{lines}</ul></figcaption>{control}</figure>'


def line(words: str, share: float, figure: str, *, right: bool) -> str:
    """HTML of a line: words and a figure over a bar. `words` is HTML."""
    kind = ' class="right"' if right else ""
    return f'<li{kind} style="--sure: {100 * share:.0f}%">{words}<em>{figure}</em></li>'


def _calls(dataset: Dataset, comparison: Comparison, seen: Seen) -> str:
    calls = list(seen.calls)
    alone = calls if len(calls) <= EACH else calls[:1]
    lines = [_call(dataset, comparison, seen, call) for call in alone]
    if len(calls) > len(alone):
        lines.append(f'<li class="others">The other {len(calls) - 1} runs</li>')
        lines += _grouped(dataset, comparison, seen, calls[1:])
    return "".join(lines)


def _call(dataset: Dataset, comparison: Comparison, seen: Seen, call: Call) -> str:
    title = text.html(text.short(comparison.title(call.run), 34))
    named = text.html(text.short(dataset.classes[call.predicted], 30))
    words = f"{mark(strategy_of(comparison, call.run))}<span>{title}: {named}</span>"
    return line(words, call.confidence, probability(call.confidence), right=call.predicted == seen.label)


def _grouped(dataset: Dataset, comparison: Comparison, seen: Seen, calls: Sequence[Call]) -> list[str]:
    """A line for each class that is named, the most runs first."""
    by: dict[int, list[Call]] = {}
    for call in calls:
        by.setdefault(call.predicted, []).append(call)
    lines = []
    for predicted, same in sorted(by.items(), key=lambda item: -len(item[1])):
        marks = "".join(mark(strategy_of(comparison, call.run)) for call in same) if len(same) <= MARKS else ""
        words = f"{marks}<span>{text.html(text.short(dataset.classes[predicted], 30))}</span>"
        lines.append(line(words, len(same) / len(calls), str(len(same)), right=predicted == seen.label))
    return lines


def _keys(workspace: Workspace, comparison: Comparison) -> str:
    """What the symbols stand for: runs, or strategies where several runs share one."""
    named = dict(zip((run.strategy for run in comparison.runs), comparison.titles, strict=True))
    if len(named) < len(comparison.runs):
        named = {
            strategy: "Ensemble" if strategy == ENSEMBLE else workspace.strategies.get(strategy).title
            for strategy in named
        }
    keys = "".join(f"<span>{mark(strategy)}{text.html(title)}</span>" for strategy, title in named.items())
    return f'<p class="keys">{keys}</p>'


def _words(dataset: Dataset, comparison: Comparison, call: Call) -> str:
    said = f"{comparison.title(call.run)}: {dataset.classes[call.predicted]} {probability(call.confidence)}"
    return said if call.of_label == call.confidence else f"{said}, its label {probability(call.of_label)}"


def address(workspace: Workspace, dataset: Dataset, sample: int) -> str:
    """An image for an HTML attribute; '' when its file is gone or cannot be read."""
    return data_uri(or_none(partial(workspace.datasets.image, dataset, sample)))
