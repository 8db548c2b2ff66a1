"""Plotly figures: a title that says the finding or the quantity, axes with units, intervals wherever they exist."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from components.kit import canvas, text
from components.kit.palette import SEQUENTIAL

CONFIG: dict[str, Any] = {"displayModeBar": False, "doubleClick": "reset", "showTips": False}  # for `st.plotly_chart`
LABELLED = 40  # more classes than this get no names along the axis, only on hover
SPLIT_COLORS = (SEQUENTIAL[8], SEQUENTIAL[6], SEQUENTIAL[4])  # train, validation, test
HOVER = "%{hovertext}<extra></extra>"


def class_balance(classes: Sequence[str], counts: Sequence[tuple[int, int, int]]) -> go.Figure:
    """Images of each class in train, validation and test; the largest class first."""
    table = np.asarray(counts, dtype=np.int64).reshape(-1, 3)  # (C, 3)
    order = np.argsort(-table.sum(1), kind="stable")
    table, names = table[order], [classes[i] for i in order]
    many = len(names) > LABELLED
    total, place = table.sum(1), list(range(len(names)))
    hover = [
        f"<b>{text.figure(name)}</b><br>{text.count(int(row[0]))} to train on<br>{text.count(int(row[1]))} to validate"
        f"<br>{text.count(int(row[2]))} to test"
        for name, row in zip(names, table, strict=True)
    ]
    least, most = int(table[:, 0].min(initial=10**12)), int(table[:, 0].max(initial=0))
    figure = canvas.blank(
        title=f"Training images per class: {text.count(min(least, most))}"
        + (f" to {text.count(most)}" if most > least else ""),
        height=300 if many else 28 * len(names) + 10,
        legend=2,
        barmode="stack",
        bargap=0.0 if many else 0.3,
    )
    for split, name in enumerate(("Train", "Validation", "Test")):
        figure.add_bar(
            name=name,
            x=place if many else table[:, split],
            y=table[:, split] if many else place,
            orientation="v" if many else "h",
            marker={"color": SPLIT_COLORS[split], "line": {"width": 0}},
            hovertext=hover,
            hovertemplate=HOVER,
        )
    if many:
        figure.update_xaxes(title_text=f"{text.count(len(names))} classes, largest first", showticklabels=False)
        figure.update_yaxes(title_text="Images", zeroline=False)
    else:
        figure.add_trace(canvas.side_text(total, place, [text.count(int(n)) for n in total]))
        figure.update_yaxes(
            tickvals=place, ticktext=canvas.names(names, 22), range=[len(names) - 0.4, -0.6], showgrid=False
        )
        figure.update_xaxes(title_text="Images", range=[0, 1.12 * max(int(total.max(initial=1)), 1)])
    return figure


def top_five(top: Sequence[tuple[str, float]]) -> go.Figure:
    """The likeliest classes of one image with their probabilities, the likeliest first."""
    place, shares = list(range(len(top))), [100 * share for _, share in top]
    figure = canvas.blank(title="Probability of the likeliest classes", height=46 * len(top) + 10)
    figure.add_bar(
        x=shares,
        y=place,
        orientation="h",
        width=0.34,
        hovertext=[text.figure(name) for name, _ in top],
        hovertemplate="%{hovertext}: %{x:.2f} %<extra></extra>",
        marker={"color": [SEQUENTIAL[8]] + [SEQUENTIAL[5]] * (len(top) - 1)},
    )
    figure.add_trace(canvas.side_text(shares, place, [text.percent(share) for _, share in top]))
    for row, (name, _) in enumerate(top):
        _label(figure, x=0, y=row, yshift=17, text=text.figure(text.short(name, 44)))
    figure.update_yaxes(range=[len(top) - 0.5, -0.7], showticklabels=False, showgrid=False, zeroline=False)
    figure.update_xaxes(title_text="Probability, %", range=[0, 116], tickvals=[0, 25, 50, 75, 100], zeroline=False)
    return figure


def _label(figure: go.Figure, **place: Any) -> None:
    figure.add_annotation(showarrow=False, xanchor="left", align="left", **place)
