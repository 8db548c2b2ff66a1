"""Classes as bars: how many images each has, and which are the likeliest for one image."""

from collections.abc import Sequence

import numpy as np

from transfer_core.presentation.figures.canvas import HOVER, Figure, Json, names, note, side_text
from transfer_core.presentation.theme import shade
from transfer_core.words import count, in_figure, percent, short

LABELLED = 40  # more classes than this get no names along the axis, only on hover
SPLIT_COLORS = (shade(8), shade(6), shade(4))  # train, validation, test
NO_LINE = {"width": 0}


def class_balance(classes: Sequence[str], counts: Sequence[tuple[int, int, int]]) -> Figure:
    """Images of each class in train, validation and test; the largest class first."""
    table = np.asarray(counts, dtype=np.int64).reshape(-1, 3)  # (C, 3)
    order = np.argsort(-table.sum(1), kind="stable")
    table, ordered = table[order], [classes[i] for i in order]
    many = len(ordered) > LABELLED
    total, place = table.sum(1).tolist(), list(range(len(ordered)))
    hover = [
        f"<b>{in_figure(name)}</b><br>{count(row[0])} to train on<br>{count(row[1])} to validate"
        f"<br>{count(row[2])} to test"
        for name, row in zip(ordered, table.tolist(), strict=True)
    ]
    least, most = int(table[:, 0].min(initial=10**12)), int(table[:, 0].max(initial=0))
    data: list[Json] = [
        {
            "type": "bar",
            "name": name,
            "x": place if many else table[:, split].tolist(),
            "y": table[:, split].tolist() if many else place,
            "orientation": "v" if many else "h",
            "marker": {"color": SPLIT_COLORS[split], "line": NO_LINE},
            "hovertext": hover,
            "hovertemplate": HOVER,
        }
        for split, name in enumerate(("Train", "Validation", "Test"))
    ]
    layout: Json = {"barmode": "stack", "bargap": 0.0 if many else 0.3}
    if many:
        layout["xaxis"] = {"title": f"{count(len(ordered))} classes, largest first", "showticklabels": False}
        layout["yaxis"] = {"title": "Images"}
    else:
        data.append(side_text(total, place, [count(n) for n in total]))
        ticks = {"tickvals": place, "ticktext": names(ordered, 22)}
        layout["xaxis"] = {"title": "Images", "range": [0, 1.12 * max([1, *total])]}
        layout["yaxis"] = {**ticks, "range": [len(ordered) - 0.4, -0.6], "showgrid": False}
    return Figure(
        title=f"Training images per class: {count(min(least, most))}" + (f" to {count(most)}" if most > least else ""),
        height=300 if many else 28 * len(ordered) + 10,
        legend=2,
        data=data,
        layout=layout,
    )


def top_five(top: Sequence[tuple[str, float]]) -> Figure:
    """The likeliest classes of one image with their probabilities, the likeliest first."""
    place, shares = list(range(len(top))), [100 * share for _, share in top]
    bars = {
        "type": "bar",
        "x": shares,
        "y": place,
        "orientation": "h",
        "width": 0.34,
        "hovertext": [in_figure(name) for name, _ in top],
        "hovertemplate": "%{hovertext}: %{x:.2f} %<extra></extra>",
        "marker": {"color": [shade(8)] + [shade(5)] * (len(top) - 1)},
    }
    above = {"xanchor": "left", "align": "left", "x": 0, "yshift": 17}
    return Figure(
        title="Probability of the likeliest classes",
        height=46 * len(top) + 10,
        data=[bars, side_text(shares, place, [percent(share) for _, share in top])],
        layout={
            "annotations": [note(in_figure(short(name, 44)), y=row, **above) for row, (name, _) in enumerate(top)],
            "xaxis": {"title": "Probability, %", "range": [0, 116], "tickvals": [0, 25, 50, 75, 100]},
            "yaxis": {"range": [len(top) - 0.5, -0.7], "showticklabels": False, "showgrid": False},
        },
    )
