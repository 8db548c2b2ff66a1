"""A table of the classes: how many of each are found, how far two runs differ, and how sure that is."""

from collections.abc import Sequence

from components.errors.look import ROOT, STYLE, mark, points, strategy_of
from components.kit import text
from components.kit.drawn import component
from transfer_core.presentation.marks import mark_of
from transfer_core.types import Dataset
from transfer_core.workspace import ClassScore, Comparison, Interval, Workspace

PLACES = ("first", "second")
AXIS = '<th class="strip" title="Recall, with 95 % intervals"><span>0</span><span>50</span><span>100\u202f%</span></th>'
MEANING = {
    "Recall": "Share of the label's images that is named so, with Wilson's 95 % interval",
    "Precision": "Share of the images named so that carry the label",
    "F1": "Harmonic mean of precision and recall",
}

mount = component("graft_class_table", ROOT, beside=__file__, css=STYLE)


def class_table(
    workspace: Workspace, dataset: Dataset, comparison: Comparison, first: str, second: str | None, *, key: str
) -> None:
    """Every class in a row; without a second run, of one run alone."""
    runs = [run for run in (first, second) if run is not None]
    scores = [workspace.comparisons.class_scores(comparison.score(run)) for run in runs]
    named = [(strategy_of(comparison, run), comparison.title(run)) for run in runs]
    mount(key=key, data={"html": table(dataset.classes, named, scores)})


def table(classes: Sequence[str], runs: Sequence[tuple[str, str]], scores: Sequence[Sequence[ClassScore]]) -> str:
    """HTML. `runs`: strategy and title of each; `scores`: of each run and class."""
    strategies = [strategy for strategy, _ in runs]
    rows = "".join(_row(name, strategies, each) for name, *each in zip(classes, *scores, strict=True))
    return (
        f'<div class="classes">{_bar(runs)}<div class="frame" tabindex="0" role="region" aria-label="Classes">'
        f"<table>{_head(strategies)}<tbody>{rows}</tbody></table></div></div>"
    )


def _bar(runs: Sequence[tuple[str, str]]) -> str:
    """What the symbols stand for, and the orders that matter."""
    places = PLACES if len(runs) > 1 else ("",)
    keys = "".join(
        f"<span>{mark(strategy)}{text.html(title)}{f' <small>{place}</small>' if place else ''}</span>"
        for place, (strategy, title) in zip(places, runs, strict=True)
    )
    orders = [("0 up", "as in the dataset"), (f"{2 + len(runs)} up", "lowest recall first")]
    if len(runs) > 1:
        last = text.html(text.short(runs[1][1], 30))
        orders[1] = ("4 up", f"lowest recall of {last} first")
        orders += [("5 up", f"most lost by {last} first"), ("5 down", f"most gained by {last} first")]
    options = "".join(f'<option value="{value}">{label}</option>' for value, label in orders)
    return f'<div class="bar"><p class="keys">{keys}</p><label>Order <select>{options}</select></label></div>'


def _head(strategies: Sequence[str]) -> str:
    """Columns of two runs stand below the name of what they have in common."""
    plain = [("Class", "Class"), ("Images", "Images"), ("", AXIS)]
    if len(strategies) == 1:
        words, top = [*plain, *((name, name) for name in MEANING)], ""
    else:
        recall, precision, f1 = (
            [(f"{name}, {place}", f"{mark(own)}{place}") for own, place in zip(strategies, PLACES, strict=True)]
            for name in MEANING
        )
        words = [*plain, *recall, ("Recall, change", "change"), *precision, *f1]
        spans = zip(MEANING.items(), (4, 2, 2), strict=True)
        groups = (f'<th colspan="{span}" scope="colgroup" title="{says}">{name}</th>' for (name, says), span in spans)
        top = f'<tr><th colspan="2"></th>{"".join(groups)}</tr>'
    headings = "".join(_heading(column, *word) for column, word in enumerate(words))
    return f"<thead>{top}<tr>{headings}</tr></thead>"


def _heading(column: int, name: str, words: str) -> str:
    if words is AXIS:
        return words
    kind = "" if column == 0 else ' class="number"'
    says = f' title="{MEANING[name]}"' if name in MEANING else ""
    return (
        f'<th scope="col"{kind}{says}><button type="button" data-column="{column}" aria-label="{name}">{words}'
        "</button></th>"
    )


def _row(name: str, strategies: Sequence[str], scores: Sequence[ClassScore]) -> str:
    recalls, both = [score.recall for score in scores], list(zip(scores, strategies, strict=True))
    cells = [
        f'<th scope="row" class="name" title="{text.html(name)}">{text.html(text.short(name, 40))}</th>',
        f'<td class="number images" data-sort="{scores[0].support}">{text.count(scores[0].support)}</td>',
        f'<td class="strip">{"".join(map(_whisker, strategies, recalls))}</td>',
        *(_share(score.recall, _tag(strategy, "Recall"), ranged=True) for score, strategy in both),
        *([_change(*recalls)] if len(recalls) > 1 else []),
        *(_share(score.precision, _tag(strategy, "Precision")) for score, strategy in both),
        *(_f1(score.f1, _tag(strategy, "F1")) for score, strategy in both),
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _whisker(strategy: str, recall: Interval | None) -> str:
    own = mark_of(strategy)
    if recall is None:
        return "<div></div>"
    low, value, high = (100 * each for each in (recall.low, recall.value, recall.high))
    whisker = f'<i style="left: {low:.1f}%; width: {high - low:.1f}%"></i>'
    symbol = f'<path d="{own.path}"/>'
    return (
        f'<div style="--own: var(--c{own.slot})">{whisker}<svg viewBox="-9 -9 18 18" style="left: {value:.1f}%" '
        f'aria-hidden="true">{symbol}</svg></div>'
    )


def _tag(strategy: str, word: str) -> str:
    """What a figure is, where the table's head is out of sight."""
    return f'<span class="tag">{mark(strategy) if strategy else ""}{word}</span>'


def _share(share: Interval | None, tag: str, *, ranged: bool = False) -> str:
    if share is None:
        return _figure("", "dim", tag, "none")
    low, high = 100 * share.low, 100 * share.high
    small = f"<small>{low:.0f} to {high:.0f}</small>" if ranged else ""
    said = f"{text.percent(share.value)}, 95\u202f% interval {low:.1f} to {high:.1f}"
    return _figure(f"{share.value:.5f}", "", tag, f"{text.percent(share.value)}{small}", said)


def _f1(value: float | None, tag: str) -> str:
    return _figure("", "dim f1", tag, "none") if value is None else _figure(f"{value:.5f}", "f1", tag, f"{value:.2f}")


def _change(first: Interval | None, second: Interval | None) -> str:
    tag = _tag("", "Change")
    if first is None or second is None:
        return _figure("", "dim", tag, "none")
    change = second.value - first.value
    kind = "better" if change > 0 else "worse" if change < 0 else "dim"
    return _figure(f"{change:.5f}", f"change {kind}", tag, points(change), "Of recall, in points")


def _figure(value: str, kind: str, tag: str, words: str, said: str = "") -> str:
    return f'<td class="number {kind}" data-sort="{value}" title="{said}">{tag}<span>{words}</span></td>'
