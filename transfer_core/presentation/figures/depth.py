"""How well each layer's features tell the classes apart, from early to late."""

import re
from collections.abc import Mapping, Sequence

from transfer_core.compare.compared import Interval
from transfer_core.presentation.figures.canvas import FONT, Figure, Json, scatter, whiskers
from transfer_core.presentation.marks import mark_of
from transfer_core.presentation.theme import NEUTRAL
from transfer_core.strategies import representative
from transfer_core.types import DepthPoint
from transfer_core.words import between, in_figure, percent


def depth(
    accuracies: Sequence[tuple[str, float]],
    titles: Mapping[str, str],
    chosen: str,
    chance: float,
    intervals: Mapping[str, tuple[float, float]] | None = None,
) -> Figure:
    """Cross-validated accuracy of a linear classifier by tap, early to late; the chosen one is marked.

    `titles` of the taps; `intervals` are (low, high) by tap, 95 %.
    """
    ends = intervals or {}
    shares = []
    for tap, value in accuracies:
        low, high = ends.get(tap, (value, value))
        shares.append(Interval(value=value, low=min(low, value), high=max(high, value)))
    taps = [tap for tap, _ in accuracies]
    names = [in_figure(re.sub(r" of \d+", "", titles.get(tap, tap).partition(",")[0])) for tap in taps]
    mark = mark_of(representative(3).name)
    told = [
        f"<b>{in_figure(titles.get(tap, tap))}</b><br>{percent(share.value)}"
        + (f" ({between(share.low, share.high)})" if intervals else "")
        for tap, share in zip(taps, shares, strict=True)
    ]
    line = scatter(
        names,
        [100 * share.value for share in shares],
        "lines+markers",
        hover=told,
        line={"color": mark.color, "width": 2},
        marker={"color": mark.color, "symbol": mark.symbol, "size": [13 if tap == chosen else 8 for tap in taps]},
        error_y={**whiskers(shares, mark.color, 1.5), "visible": bool(intervals)},
        cliponaxis=False,
    )
    values = [f"{100 * share.value:.1f}" for share in shares]
    text = [f"<b>{value}</b>" if tap == chosen else value for tap, value in zip(taps, values, strict=True)]
    above = [100 * share.high for share in shares]  # the interval
    look: Json = {"textposition": "top center", "textfont": FONT, "cliponaxis": False}
    written = scatter(names, above, "text", text=text, **look)
    rule = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 100 * chance, "y1": 100 * chance}
    return Figure(
        title="Which layer tells your classes apart",
        told="Cross-validated accuracy of a linear classifier" + ", with 95\u202f% intervals" * bool(intervals),
        height=220,
        data=[line, written],
        layout={
            "shapes": [{**rule, "line": {"color": NEUTRAL, "width": 1}}],
            "xaxis": {"title": "Layer, early to late", "type": "category", "showgrid": False},
            "yaxis": {"title": "Accuracy, %", "range": [0, 108]},
        },
    )


def measured_depth(points: Sequence[DepthPoint], titles: Mapping[str, str], chance: float) -> Figure:
    """The measured depth curve with its intervals, the best layer marked."""
    return depth(
        [(point.tap, point.accuracy) for point in points],
        titles,
        max(points, key=lambda point: point.accuracy).tap,
        chance,
        {point.tap: (point.low, point.high) for point in points},
    )
