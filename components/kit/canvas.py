"""What all figures share: paper, ink, titles that fit a phone, symbols, labels that keep out of each other's way."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio

from components.kit import text
from components.kit.palette import SEE_THROUGH, Style

INK = pio.templates["streamlit"].data.table[0].cells.font.color  # stands for the theme's text colour at full contrast
TITLE_WIDTH = 44  # characters a line
SUBTITLE_WIDTH = 56
PLOT_PX = (290, 260)  # inner size of a plot on a phone, for placing labels
LETTER_PX, LINE_PX = 6.6, 17

Place = dict[str, Any]
Box = tuple[float, float, float, float]  # left, bottom, right, top in px

# Round times in seconds, for axes.
TIMES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18000, 36000)


def blank(*, title: str, subtitle: str = "", height: int, legend: int = 0, **layout: Any) -> go.Figure:
    """An empty figure whose plot is `height` px high, or a little more: room is kept for `legend` lines below it."""
    lines = textwrap.wrap(title, TITLE_WIDTH) or [""]
    below = textwrap.wrap(subtitle, SUBTITLE_WIDTH)
    top = 18 + 21 * len(lines) + (8 + 19 * len(below) if below else 0)
    bottom = 52 + 20 * legend
    font = {"color": INK}
    axis = {"tickfont": font, "title": {"font": font}, "automargin": True}
    return go.Figure(
        layout={
            "title": {
                "text": "<br>".join(text.figure(line) for line in lines),
                "subtitle": {"text": "<br>".join(text.figure(line) for line in below), "font": {"size": 13, **font}},
                "font": {"size": 16, **font},
                **{"x": 0, "xref": "container", "xanchor": "left", "yref": "container", "yanchor": "top"},
                "y": 1 - 6 / (height + top + bottom),
            },
            "font": font,
            "height": height + top + bottom,
            "margin": {"l": 8, "r": 8, "t": top, "b": 52},
            "paper_bgcolor": SEE_THROUGH,
            "plot_bgcolor": SEE_THROUGH,
            "dragmode": False,  # a finger that drags over a chart scrolls the page
            "showlegend": legend > 0,
            "legend": {
                "traceorder": "normal",
                "orientation": "h",
                "x": 0,
                "y": -56 / height,
                "yanchor": "top",
                "font": font,
            },
            "xaxis": axis,
            "yaxis": axis,
            **layout,
        }
    )


def marker(mark: Style, size: int) -> dict[str, Any]:
    return {"color": mark.color, "symbol": mark.marker, "size": size, "line": {"color": mark.color, "width": 1.5}}


def names(classes: Sequence[str], most: int) -> list[str]:
    return [text.figure(text.short(name, most)) for name in classes]


def side_text(x: Any, y: Sequence[int], labels: Sequence[str]) -> go.Scatter:
    """Values written right of the bars' ends."""
    return go.Scatter(
        x=x,
        y=list(y),
        mode="text",
        text=[f" {label}" for label in labels],
        textposition="middle right",
        hoverinfo="skip",
        showlegend=False,
        cliponaxis=False,
    )


def time_ticks(low: float, high: float, *, log: bool) -> list[float]:
    """At most six round moments between two times in seconds."""
    if log:
        inside = [time for time in TIMES if low <= time <= high]
        return inside[:: max(1, -(-len(inside) // 5))]
    step = next((time for time in TIMES if (high - low) / time <= 5), (high - low) / 5)
    return [step * k for k in range(int(np.ceil(low / step)), int(high / step) + 1)]


def place_labels(points: Sequence[tuple[float, float]], spread: Sequence[float], labels: Sequence[str]) -> list[Place]:
    """Where each label stands beside its point so that none covers another point or label, as far as that goes.

    Points are fractions (x, y) of the plot's width and height, `spread` half the height of their intervals. The answer
    is what `add_annotation` takes: anchors, and shifts in px.
    """
    spots = [
        (x * PLOT_PX[0], y * PLOT_PX[1], half * PLOT_PX[1] + 8) for (x, y), half in zip(points, spread, strict=True)
    ]
    taken = [(x - 8, y - half, x + 8, y + half) for x, y, half in spots]
    chosen = []
    for (x, y, half), label in zip(spots, labels, strict=True):
        wide = LETTER_PX * len(label)
        boxes = {
            ("left", "middle", 12, 0): (x + 12, y - 9, x + 12 + wide, y + 9),
            ("right", "middle", -12, 0): (x - 12 - wide, y - 9, x - 12, y + 9),
            ("center", "top", 0, -half): (x - wide / 2, y - half - LINE_PX, x + wide / 2, y - half),
            ("center", "bottom", 0, half): (x - wide / 2, y + half, x + wide / 2, y + half + LINE_PX),
            ("right", "top", 8, -half): (x + 8 - wide, y - half - LINE_PX, x + 8, y - half),
            ("left", "top", -8, -half): (x - 8, y - half - LINE_PX, x - 8 + wide, y - half),
        }
        place = min(boxes, key=lambda place: _cost(boxes[place], taken))
        taken.append(boxes[place])
        chosen.append(dict(zip(("xanchor", "yanchor", "xshift", "yshift"), place, strict=True)))
    return chosen


def _cost(box: Box, taken: Sequence[Box]) -> float:
    """Area in px² that overlaps with other boxes or lies outside of the plot."""
    left, bottom, right, top = box
    covered = sum(
        max(0.0, min(right, r) - max(left, a)) * max(0.0, min(top, t) - max(bottom, b)) for a, b, r, t in taken
    )
    inside = max(0.0, min(right, PLOT_PX[0]) - max(left, 0.0)) * max(0.0, min(top, PLOT_PX[1]) - max(bottom, 0.0))
    return covered + (right - left) * (top - bottom) - inside
