"""Runs below each other: how accurate each is, and how far it is ahead of the one that is taken."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from transfer_core.compare.compared import Comparison, Interval, Score
from transfer_core.presentation.entries import Entry, always, lead, what_counts
from transfer_core.presentation.figures.canvas import Figure, Json, note, scatter
from transfer_core.presentation.scales import padded
from transfer_core.presentation.theme import NEUTRAL
from transfer_core.words import between, count, in_figure, percent, short, signed

ROW_PX, TIGHT_PX = 46, 40  # height of a run with its name above it, and where there are many
MANY = 12
LETTERS = 36  # of a name: what a phone, and half a sheet of paper, have room for
LINE: Json = {"type": "line", "layer": "below"}
UPRIGHT: Json = {"yref": "paper", "y0": 0, "y1": 1}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A run's point and its interval, as the axis has them."""

    entry: Entry
    at: Interval
    written: str  # at the right edge; ready for Plotly, as is `hover`
    hover: str
    pale: bool = False


def forest(shown: Sequence[Entry], comparison: Comparison) -> Figure:
    """What counts, test accuracy by default, of each run with its 95 % interval, in the given order.

    The run that is taken is marked; a thin line is what the constant answer has.
    """
    choice, constant = comparison.verdict.choice, comparison.constant.score.counts.value
    low, high = padded(100 * np.array([(each.score.counts.low, each.score.counts.high) for each in shown]), 0.06)
    high += 0.12 * (high - low)  # room for what is written
    near = 100 * constant > low - 0.3 * (high - low)
    low = min(low, 100 * constant - 0.03 * (high - low)) if near else low
    rules = []
    for place, each in enumerate(shown):
        if each.run.id == choice:
            at = {"x0": 100 * each.score.counts.value, "x1": 100 * each.score.counts.value}
            rules.append({**LINE, **UPRIGHT, **at, "line": {"color": NEUTRAL, "width": 1, "dash": "dot"}})
        if near:  # below the name alone
            at = {"x0": 100 * constant, "x1": 100 * constant, "y0": place - 0.2, "y1": place + 0.2}
            rules.append({**LINE, **at, "line": {"color": NEUTRAL, "width": 1.5}})
    rows = [
        Row(
            entry=each,
            at=_points(each.score.counts),
            written=f"<b>{percent(each.score.counts.value)}</b>",
            hover=hovered(each.score),
        )
        for each in shown
    ]
    return _drawn(
        rows,
        choice,
        rules,
        title=in_figure(what_counts(comparison)),
        told=f"With 95\N{NARROW NO-BREAK SPACE}% intervals. {always(comparison)} {'is the line:' if near else 'has'}"
        f" {percent(constant)}.",
        axis={"title": f"{in_figure(short(what_counts(comparison), LETTERS))}, %", "range": [low, high]},
    )


def versus(shown: Sequence[Entry], comparison: Comparison) -> Figure:
    """By how much each run is ahead of the one that is taken, with paired intervals; pale where not significant."""
    choice, worth = comparison.verdict.choice, 100 * comparison.verdict.worth
    rows = [_ahead(each, comparison) for each in shown]
    low, high = padded([0.0, worth, *(end for row in rows for end in (row.at.low, row.at.high))], 0.06)
    band = {"type": "rect", "layer": "below", "x0": -worth, "x1": worth, **UPRIGHT, "line": {"width": 0}}
    zero = {**LINE, **UPRIGHT, "x0": 0, "x1": 0, "line": {"color": NEUTRAL, "width": 1.5}}
    return _drawn(
        rows,
        choice,
        [{**band, "fillcolor": NEUTRAL, "opacity": 0.2}, zero],
        title=f"Points ahead of “{comparison.title(choice)}”",
        told="Paired over the same images. Pale where it is not significant by an exact test, corrected for all pairs."
        " The band is the lead that counts as worth nothing.",
        axis={"title": "Difference, points", "range": [low, high + 0.14 * (high - low)]},
    )


def _ahead(entry: Entry, comparison: Comparison) -> Row:
    pair = lead(comparison, entry.run.id)
    if pair is None:
        return Row(entry=entry, at=Interval(value=0.0, low=0.0, high=0.0), written="chosen", hover="chosen")
    at = _points(pair.counts)
    value, low, high = signed(at.value), signed(at.low), signed(at.high)
    told = f"{value} points, 95 % interval {low} to {high}<br>"
    return Row(
        entry=entry,
        at=at,
        written=f"<b>{value}</b>" if pair.sure else value,
        hover=told + ("significant" if pair.sure else "not significant"),
        pale=not pair.sure,
    )


def _points(share: Interval) -> Interval:
    return Interval(value=100 * share.value, low=100 * share.low, high=100 * share.high)


def _drawn(rows: Sequence[Row], choice: str, rules: Sequence[Json], *, title: str, told: str, axis: Json) -> Figure:
    """A name above each point, its interval through it; the choice lies on a band."""
    many = len(rows) > MANY
    notes: list[Json] = []
    shapes = list(rules)
    for place, row in enumerate(rows):
        taken = row.entry.run.id == choice
        if taken:
            band = {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": place - 0.72, "y1": place + 0.32}
            shapes.append({**band, "fillcolor": NEUTRAL, "opacity": 0.17, "line": {"width": 0}, "layer": "below"})
        span = {"x0": row.at.low, "x1": row.at.high, "y0": place, "y1": place, "opacity": 0.25 if row.pale else 0.45}
        shapes.append({**LINE, **span, "line": {"color": row.entry.mark.color, "width": 5}})
        name = f"{row.entry.number}\N{EN SPACE}{in_figure(short(row.entry.title, LETTERS))}"
        line = {"y": place, "xref": "paper", "yshift": 15 if many else 18, "font": {"size": 13}}
        notes.append(note(f"<b>{name}</b>" if taken else name, **line, x=0, xanchor="left"))
        notes.append(note(row.written, **line, x=1, xanchor="right"))
    colors = [row.entry.mark.color for row in rows]
    hover = [f"<b>{in_figure(row.entry.title)}</b><br>{row.hover}" for row in rows]
    look: Json = {"color": colors, "size": 11, "line": {"color": colors, "width": 1.5}}
    look |= {"symbol": [row.entry.mark.marker for row in rows], "opacity": [0.5 if row.pale else 1.0 for row in rows]}
    points = scatter([row.at.value for row in rows], range(len(rows)), "markers", hover=hover, marker=look)
    return Figure(
        title=title,
        told=told,
        height=(TIGHT_PX if many else ROW_PX) * len(rows) + 10,
        data=[points],
        layout={
            "annotations": notes,
            "shapes": shapes,
            "xaxis": {"nticks": 6, **axis},
            "yaxis": {"range": [len(rows) - 0.6, -0.8], "showticklabels": False, "showgrid": False},
        },
    )


def interval(score: Score) -> str:
    """For a hover."""
    return f"{percent(score.accuracy)} of {count(score.images)} images<br>95 % interval {between(*score.interval)}"


def hovered(score: Score) -> str:
    """`interval`, after what counts where that is not accuracy."""
    if score.reached is None:
        return interval(score)
    low, high = score.reached.low, score.reached.high
    return f"{percent(score.reached.value)}, 95 % interval {between(low, high)}<br>Accuracy {interval(score)}"
