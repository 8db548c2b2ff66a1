"""How well each layer's features tell the classes apart, from early to late."""

import re
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from components.kit import canvas, text
from components.kit.palette import NEUTRAL, style
from transfer_core.types import Tap
from transfer_core.workspace import Workspace


def depth_curve(
    taps: Sequence[Tap],
    accuracies: Mapping[str, float],
    chosen: str,
    chance: float,
    intervals: Mapping[str, tuple[float, float]] | None = None,
) -> go.Figure:
    """Cross-validated accuracy of a linear classifier by tap; the chosen one is marked.

    `intervals` are (low, high) by tap, 95 %.
    """
    known = [(tap, accuracies[tap.name]) for tap in taps if tap.name in accuracies]
    names = [text.figure(re.sub(r" of \d+", "", tap.title.partition(",")[0])) for tap, _ in known]
    values = [100 * accuracy for _, accuracy in known]
    ends = [(intervals or {}).get(tap.name, (accuracies[tap.name],) * 2) for tap, _ in known]
    highs = [100 * max(high, accuracies[tap.name]) for (tap, _), (_, high) in zip(known, ends, strict=True)]
    lows = [100 * min(low, accuracies[tap.name]) for (tap, _), (low, _) in zip(known, ends, strict=True)]
    # the strategy that takes an earlier layer
    earlier = next(known for known in Workspace.strategies.list() if known.represents == 3)
    mark = style(earlier.name)
    figure = canvas.blank(
        title="Which layer tells your classes apart",
        subtitle="Cross-validated accuracy of a linear classifier" + ", with 95\u202f% intervals" * bool(intervals),
        height=220,
    )
    figure.add_scatter(
        x=names,
        y=values,
        mode="lines+markers",
        line={"color": mark.color, "width": 2},
        marker={
            "color": mark.color,
            "symbol": mark.symbol,
            "size": [13 if tap.name == chosen else 8 for tap, _ in known],
        },
        error_y={
            "array": [high - value for high, value in zip(highs, values, strict=True)],
            "arrayminus": [value - low for low, value in zip(lows, values, strict=True)],
            "visible": bool(intervals),
            "thickness": 1.5,
            "width": 5,
        },
        hovertext=[
            text.figure(tap.title)
            + (f"<br>{value:.1f} % ({low:.1f} to {high:.1f})" if intervals else f"<br>{value:.1f} %")
            for (tap, _), value, low, high in zip(known, values, lows, highs, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        cliponaxis=False,
    )
    figure.add_scatter(
        x=names,
        y=highs,  # above the interval
        mode="text",
        text=[
            f"<b>{value:.1f}</b>" if tap.name == chosen else f"{value:.1f}"
            for (tap, _), value in zip(known, values, strict=True)
        ],
        textposition="top center",
        textfont={"color": canvas.INK},
        hoverinfo="skip",
        cliponaxis=False,
    )
    figure.add_hline(y=100 * chance, line={"color": NEUTRAL, "width": 1})
    figure.update_yaxes(title_text="Accuracy, %", range=[0, 108], zeroline=False)
    figure.update_xaxes(title_text="Layer, early to late", showgrid=False)
    return figure
