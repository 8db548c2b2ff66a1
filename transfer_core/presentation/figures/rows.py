"""Runs below each other: how accurate each is, and how far it is ahead of the one that is taken."""

from collections.abc import Sequence

import numpy as np

from transfer_core.presentation.entries import Entry, lead
from transfer_core.presentation.figures.canvas import HOVER, Figure, Json, note
from transfer_core.presentation.scales import padded
from transfer_core.presentation.theme import NEUTRAL
from transfer_core.types import Comparison, Interval, Score
from transfer_core.words import between, count, in_figure, percent, short, signed

ROW_PX, TIGHT_PX = 46, 40  # height of a run with its name above it, and where there are many
MANY = 12
LINE = {"type": "line", "layer": "below"}


def forest(shown: Sequence[Entry], chance: float, choice: str) -> Figure:
    """Test accuracy of each run with its 95 % interval, in the given order; the run that is taken is marked."""
    bounds = 100 * np.array([each.score.interval for each in shown])
    low, high = padded(bounds, 0.06)
    near = 100 * chance > low - 0.3 * (high - low)
    low = min(low, 100 * chance - 0.03 * (high - low)) if near else low
    rules = []
    for row, each in enumerate(shown):
        if each.run.id == choice:
            at = 100 * each.score.accuracy
            rule = {"x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1}
            rules.append({**LINE, **rule, "line": {"color": NEUTRAL, "width": 1, "dash": "dot"}})
        if near:  # below the name alone
            rule = {"x0": 100 * chance, "x1": 100 * chance, "y0": row - 0.2, "y1": row + 0.2}
            rules.append({**LINE, **rule, "line": {"color": NEUTRAL, "width": 1.5}})
    return _rows(
        shown,
        choice,
        title="Test accuracy",
        told=f"With 95\N{NARROW NO-BREAK SPACE}% intervals. Guessing has {percent(chance)}.",
        values=[100 * each.score.accuracy for each in shown],
        spans=[(100 * low, 100 * high) for low, high in (each.score.interval for each in shown)],
        figures=[f"<b>{percent(each.score.accuracy)}</b>" for each in shown],
        hover=[f"<b>{in_figure(each.title)}</b><br>{interval(each.score)}" for each in shown],
        rules=rules,
        axis={"title": "Test accuracy, %", "range": [low, high + 0.12 * (high - low)]},  # room for the figures
    )


def versus(shown: Sequence[Entry], comparison: Comparison) -> Figure:
    """By how much each run is ahead of the one that is taken, with paired intervals; pale where that may be luck."""
    choice, worth = comparison.verdict.choice, 100 * comparison.verdict.worth
    pairs = [lead(comparison, each.run.id) for each in shown]
    leads = [(0.0, 0.0, 0.0) if pair is None else _points(pair.accuracy) for pair in pairs]
    ends = [0.0, worth, *(end for _, low, high in leads for end in (low, high))]
    low, high = padded(ends, 0.06)
    band = {"type": "rect", "layer": "below", "x0": -worth, "x1": worth, "yref": "paper", "y0": 0, "y1": 1}
    zero = {"x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1, "line": {"color": NEUTRAL, "width": 1.5}}
    figures, hover = [], []
    for each, pair, (value, least, most) in zip(shown, pairs, leads, strict=True):
        sure = pair is not None and pair.sure
        figures.append("taken" if pair is None else f"<b>{signed(value)}</b>" if sure else signed(value))
        told = f"{signed(value)} points, 95 % interval {signed(least)} to {signed(most)}<br>"
        told += "more than chance explains" if sure else "within chance"
        hover.append(f"<b>{in_figure(each.title)}</b><br>{'taken' if pair is None else told}")
    return _rows(
        shown,
        choice,
        title=f"Points ahead of “{comparison.title(choice)}”",
        told="Paired over the same images. Pale where an exact test, corrected for all pairs, does not rule chance out."
        " The band is the lead that counts as worth nothing.",
        values=[value for value, _, _ in leads],
        spans=[(low, high) for _, low, high in leads],
        figures=figures,
        hover=hover,
        rules=[{**band, "fillcolor": NEUTRAL, "opacity": 0.2, "line": {"width": 0}}, {**LINE, **zero}],
        axis={"title": "Difference, points", "range": [low, high + 0.14 * (high - low)]},
        pale=[pair is not None and not pair.sure for pair in pairs],
    )


def _points(difference: Interval) -> tuple[float, float, float]:
    return 100 * difference.value, 100 * difference.low, 100 * difference.high


def _rows(
    shown: Sequence[Entry],
    choice: str,
    *,
    title: str,
    told: str,
    values: Sequence[float],
    spans: Sequence[tuple[float, float]],
    figures: Sequence[str],
    hover: Sequence[str],
    rules: Sequence[Json],
    axis: Json,
    pale: Sequence[bool] = (),
) -> Figure:
    """A name above each point, its interval through it, its figure at the right edge; the choice lies on a band."""
    many, notes, below = len(shown) > MANY, [], list(rules)
    for row, (each, (low, high)) in enumerate(zip(shown, spans, strict=True)):
        taken = each.run.id == choice
        if taken:
            band = {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": row - 0.72, "y1": row + 0.32}
            below.append({**band, "fillcolor": NEUTRAL, "opacity": 0.17, "line": {"width": 0}, "layer": "below"})
        span = {"x0": low, "x1": high, "y0": row, "y1": row, "opacity": 0.25 if pale and pale[row] else 0.45}
        below.append({**LINE, **span, "line": {"color": each.mark.color, "width": 5}})
        name = f"{each.number}\N{EN SPACE}{in_figure(short(each.title, 36))}"
        line = {"y": row, "xref": "paper", "yshift": 15 if many else 18, "font": {"size": 13}}
        notes.append(note(f"<b>{name}</b>" if taken else name, **line, x=0, xanchor="left"))
        notes.append(note(figures[row], **line, x=1, xanchor="right"))
    colors = [each.mark.color for each in shown]
    points = {
        "type": "scatter",
        "x": list(values),
        "y": list(range(len(shown))),
        "mode": "markers",
        "marker": {
            "color": colors,
            "symbol": [each.mark.marker for each in shown],
            "size": 11,
            "line": {"color": colors, "width": 1.5},
            "opacity": [0.5 if pale and pale[row] else 1.0 for row in range(len(shown))],
        },
        "hovertext": list(hover),
        "hovertemplate": HOVER,
    }
    return Figure(
        title=title,
        told=told,
        height=(TIGHT_PX if many else ROW_PX) * len(shown) + 10,
        data=[points],
        layout={
            "annotations": notes,
            "shapes": below,
            "xaxis": {"nticks": 6, **axis},
            "yaxis": {"range": [len(shown) - 0.6, -0.8], "showticklabels": False, "showgrid": False},
        },
    )


def interval(score: Score) -> str:
    """For a hover."""
    return f"{percent(score.accuracy)} of {count(score.images)} images<br>95 % interval {between(*score.interval)}"
