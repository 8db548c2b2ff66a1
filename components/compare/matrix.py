"""Every two runs of a comparison: by how much the row is ahead of the column, and whether that is significant."""

from collections.abc import Sequence
from typing import Any

from components import state
from components.kit import text
from components.kit.buttons import choice
from components.kit.charts import symbol_uri
from components.kit.drawn import component
from components.kit.guard import fragment
from components.state import Metric
from transfer_core.presentation.entries import Entry
from transfer_core.types import Goal
from transfer_core.workspace import Comparison, Interval, Pair, words

MOST = 24  # runs; of more, the most accurate are shown

METRICS: dict[Metric, str] = {"accuracy": "Accuracy", "macro_f1": "Macro-F1", "log_loss": "Log-loss"}

UNITS: dict[Metric, str] = {
    "accuracy": "points",
    "macro_f1": "points of macro-F1",
    "log_loss": "nats of log-loss",
    "reached": "points of what counts",
}

HTML = """
<figure class="pairs">
  <figcaption><h3></h3><p class="how"></p></figcaption>
  <div class="scroll"><table><thead></thead><tbody></tbody></table></div>
  <p class="said" role="status"></p>
</figure>
"""
mount = component("graft_pairs", HTML, beside=__file__)


@fragment
def matrix(comparison: Comparison, shown: Sequence[Entry]) -> None:
    """Draw it; what a cell means is said underneath when it is pointed at, tapped or reached by keyboard."""
    other = comparison.goal != Goal()
    place = state.pairs_metric.of(comparison.goal.kind) if other else state.pairs_metric
    metrics: dict[Metric, str] = {"reached": "What counts", **METRICS} if other else METRICS
    first: Metric = next(iter(metrics))
    metric = place.get() if place.known and place.get() in metrics else first
    mount(key="pairs", data=drawing(comparison, shown[:MOST], metric))
    looks = {"default": first, "format_func": metrics.__getitem__, "persist_state": "session"}
    choice("Difference of", metrics, place.key, **looks)


def drawing(comparison: Comparison, shown: Sequence[Entry], metric: Metric) -> dict[str, Any]:
    """What the browser draws from."""
    ids = {each.run.id for each in shown}
    inside = [pair for pair in comparison.pairs if pair.first in ids and pair.second in ids]
    most = max((abs(_difference(pair, metric).value) for pair in inside), default=0.0)
    return {
        "title": headline(comparison, metric),
        "how": how(comparison, shown, metric),
        "runs": [
            {
                "number": each.number,
                "title": text.plain(each.title),
                "short": text.short(each.title, 34),  # its end tells it from others of its strategy
                "symbol": symbol_uri(each.run.strategy),
                "taken": each.run.id == comparison.verdict.choice,
            }
            for each in shown
        ],
        "cells": [
            [None if row is column else _cell(comparison, row, column, metric, most) for column in shown]
            for row in shown
        ],
        "hint": "Point at a cell, or touch it, to read what it says.",
    }


def headline(comparison: Comparison, metric: Metric) -> str:
    """How many pairs differ for sure."""
    pairs, sure = len(comparison.pairs), sum(_sure(comparison, pair, metric) for pair in comparison.pairs)
    if not _tested(comparison, metric):
        return f"In {text.count(sure)} of {text.count(pairs)} pairs the interval of {METRICS[metric]} leaves out zero"
    if pairs == 1:
        return "The two differ significantly" if sure else "The difference is not significant"
    if sure == pairs:
        return f"All {text.count(pairs)} pairs differ significantly"
    some = f"{text.count(sure)} of {text.count(pairs)} pairs" if sure else f"None of {text.count(pairs)} pairs"
    return f"{some} {'differs' if sure < 2 else 'differ'} significantly"


def how(comparison: Comparison, shown: Sequence[Entry], metric: Metric) -> str:
    """How to read it."""
    unit = {
        "accuracy": "points of test accuracy",
        "macro_f1": "points of macro-F1",
        "log_loss": "log-loss, where less is better",
        "reached": f"points of {text.plain(words(comparison.goal))}",
    }[metric]
    test = "a randomisation test" if comparison.goal.kind == "macro_f1" else "the exact test"
    tested = METRICS["accuracy"].lower() if comparison.goal == Goal() else "what counts"
    framed = (
        f"Framed: significant, by {test} and Holm."
        if _tested(comparison, metric)
        else f"Framed: the 95 % interval leaves out zero; only {tested} has {test}."
    )
    some = f" The {len(shown)} best runs are shown." if len(shown) < len(comparison.runs) else ""
    return f"Row minus column, in {unit}. {framed}{some}"


def _cell(comparison: Comparison, row: Entry, column: Entry, metric: Metric, most: float) -> dict[str, Any]:
    """A row against a column; `most` is the largest difference on show."""
    pair = comparison.pair(row.run.id, column.run.id)
    difference, sure = _difference(pair, metric), _sure(comparison, pair, metric)
    low, value, high = (_exact(each, metric) for each in (difference.low, difference.value, difference.high))
    first, second = (f"{each.number} {text.short(each.title, 60)}" for each in (row, column))
    said = f"{first} against {second}: {value} {UNITS[metric]} ({low} to {high})."
    if not _tested(comparison, metric):
        why = "The interval leaves out zero." if sure else "The interval holds zero."
    else:
        alone = f"It alone has {_images(pair.wins)} right, the other alone {_images(pair.losses)}. "
        found = "significant" if sure else "not significant"
        why = f"{alone if metric == 'accuracy' else ''}p {_p(pair.p)}, by Holm {_p(pair.adjusted)}: {found}."
    better = -difference.value if metric == "log_loss" else difference.value
    return {
        "value": text.signed(difference.value, 2) if metric == "log_loss" else value,
        "share": better / most if most else 0.0,  # of the largest, from -1, the column is better, to 1, the row is
        "sure": sure,
        "said": f"{said} {why}",  # all there is to say
    }


def _images(number: int) -> str:
    return f"{text.count(number)} image{'' if number == 1 else 's'}"


def _p(value: float) -> str:
    return "below 0.001" if value < 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def _difference(pair: Pair, metric: Metric) -> Interval:
    difference: Interval = getattr(pair, metric)
    return difference


def _tested(comparison: Comparison, metric: Metric) -> bool:
    """Whether it is what counts, in which pairs are tested."""
    return metric == ("accuracy" if comparison.goal == Goal() else "reached")


def _sure(comparison: Comparison, pair: Pair, metric: Metric) -> bool:
    """Significant: a test and Holm for what counts; for the others there is the interval alone."""
    difference = _difference(pair, metric)
    return pair.sure if _tested(comparison, metric) else difference.low > 0 or difference.high < 0


def _exact(value: float, metric: Metric) -> str:
    """ "+9.1", "−0.123" """
    return text.signed(value, 3) if metric == "log_loss" else text.signed(100 * value, 1)
