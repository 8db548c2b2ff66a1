"""Plotly figures: a title that says the finding or the quantity, axes with units, intervals wherever they exist."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components import canvas, text
from components.palette import NEUTRAL, SEQUENTIAL, Style, styles
from transfer_core.types import EpochEnd, Ints, Score

CONFIG: dict[str, Any] = {"displayModeBar": False, "doubleClick": "reset", "showTips": False}  # for `st.plotly_chart`
LABELLED = 40  # more classes than this get no names along the axis, only on hover
COUNTED = 20  # more classes than this get no numbers inside the confusion matrix
DIRECT = 4  # more runs than this get a legend instead of labels in the plot
SPLIT_COLORS = (SEQUENTIAL[8], SEQUENTIAL[6], SEQUENTIAL[4])  # train, validation, test
CURVE_POINTS = 500
SHADES_UNDER_TEXT = [[i / 4, shade] for i, shade in enumerate(SEQUENTIAL[:5])]  # text on them: 4.5:1 or more
HOVER = "%{hovertext}<extra></extra>"
ROW_PX = 50  # height of a bar with its name above it


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


def accuracy_bars(
    titles: Sequence[str], strategies: Sequence[str], scores: Sequence[Score], chance: float
) -> go.Figure:
    """Test accuracy of each run with its 95 % interval, best first; chance as a thin line."""
    order = sorted(range(len(scores)), key=lambda i: -scores[i].accuracy)
    marks = styles(strategies)
    figure = canvas.blank(title="Test accuracy, with 95 % intervals", height=ROW_PX * len(order) + 10)
    for row, i in enumerate(order):
        score, mark = scores[i], marks[i]
        value, high = 100 * score.accuracy, 100 * score.interval[1]
        figure.add_bar(
            x=[value],
            y=[row],
            width=0.3,
            orientation="h",
            marker={"color": mark.color, "opacity": 0.28},
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=[value],
            y=[row],
            mode="markers",
            marker=canvas.marker(mark, 11),
            hovertext=[f"<b>{text.figure(titles[i])}</b><br>{_interval(score)}"],
            hovertemplate=HOVER,
            error_x=_whiskers(score, mark),
        )
        _label(figure, x=0, y=row, yshift=18, text=text.figure(titles[i]))
        _label(figure, x=high, y=row, xshift=8, text=f"<b>{text.percent(score.accuracy)}</b>")
        figure.add_shape(
            type="line",
            x0=100 * chance,
            x1=100 * chance,
            y0=row - 0.2,
            y1=row + 0.28,
            line={"color": NEUTRAL, "width": 1.5},
        )
    _label(figure, x=100 * chance, y=len(order) - 0.6, text=f"chance {text.percent(chance)}", font={"size": 12})
    figure.update_yaxes(range=[len(order) - 0.4, -0.65], showticklabels=False, showgrid=False, zeroline=False)
    figure.update_xaxes(
        title_text="Test accuracy, %", range=[0, 116], tickvals=[0, 20, 40, 60, 80, 100], zeroline=False
    )
    return figure


def accuracy_against_time(
    titles: Sequence[str], strategies: Sequence[str], scores: Sequence[Score], seconds: Sequence[float]
) -> go.Figure:
    """Test accuracy against training time; time is logarithmic where the slowest took over ten times the fastest."""
    spent = np.maximum(np.asarray(seconds, dtype=float), 0.01)
    log = len(spent) > 1 and float(spent.max()) > 10 * float(spent.min())
    x = np.log10(spent) if log else spent
    left, right = _padded(x, 0.08) if log else (0.0, 1.12 * float(spent.max(initial=0.1)))
    bounds = 100 * np.array([score.interval for score in scores]).reshape(-1, 2)
    middle = np.array([score.accuracy for score in scores])
    low, high = _padded(bounds, 0.12)
    figure = canvas.blank(
        title="Test accuracy against training time", height=260, legend=len(scores) if len(scores) > DIRECT else 0
    )
    for title, mark, score, at in zip(titles, styles(strategies), scores, spent, strict=True):
        figure.add_scatter(
            name=text.figure(text.short(title, 30)),
            x=[at],
            y=[100 * score.accuracy],
            mode="markers",
            marker=canvas.marker(mark, 12),
            hovertext=[f"<b>{text.figure(title)}</b><br>{_interval(score)}<br>trained in {text.duration(float(at))}"],
            hovertemplate=HOVER,
            cliponaxis=False,
            error_y=_whiskers(score, mark),
        )
    if len(scores) <= DIRECT:
        shorts = [text.short(title, 30) for title in titles]
        points = [
            ((at - left) / (right - left), (y - low) / (high - low)) for at, y in zip(x, 100 * middle, strict=True)
        ]
        spread = [float(half) / (high - low) for half in (bounds[:, 1] - bounds[:, 0]) / 2]
        for short, at, y, place in zip(shorts, x, middle, canvas.place_labels(points, spread, shorts), strict=True):
            figure.add_annotation(x=float(at), y=100 * float(y), text=text.figure(short), showarrow=False, **place)
    ticks = canvas.time_ticks(10**left if log else left, 10**right if log else right, log=log)
    figure.update_xaxes(
        title_text="Training time" + (", logarithmic" if log else ""),
        type="log" if log else "linear",
        range=[left, right],
        tickvals=ticks,
        ticktext=[text.moment(tick) for tick in ticks],
    )
    figure.update_yaxes(title_text="Test accuracy, %", range=[low, min(high, 101.0)], zeroline=False)
    return figure


def curves(titles: Sequence[str], strategies: Sequence[str], epochs: Sequence[Sequence[EpochEnd]]) -> go.Figure:
    """Accuracy over loss of several runs against the time spent, which epochs and a solver's steps have in common.

    Validation is solid with symbols, training dashed and light.
    """
    subtitle = "Solid: validation. Dashed: training."
    paper = canvas.blank(title="Accuracy and loss by training time", subtitle=subtitle, height=480, legend=len(titles))
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.07, figure=paper)
    for title, mark, run in zip(titles, styles(strategies), epochs, strict=True):
        shown = False
        for row, unit, scale in ((1, "accuracy", 100.0), (2, "loss", 1.0)):
            for split, field in (("validation", f"val_{unit}"), ("training", f"train_{unit}")):
                points = [(e.seconds, scale * v) for e in run if (v := getattr(e, field)) is not None]
                if points:
                    curve = _curve(title, mark, split, points, "%" if scale > 1 else "", legend=not shown)
                    figure.add_trace(curve, row=row, col=1)
                    shown = True
    ink = {"color": canvas.INK}
    figure.update_xaxes(showgrid=False, rangemode="tozero", tickfont=ink, title_font=ink)
    figure.update_xaxes(title_text="Training time, s", row=2, col=1)
    figure.update_yaxes(title_text="Accuracy, %", row=1, col=1)
    figure.update_yaxes(title_text="Loss", rangemode="tozero", row=2, col=1)
    figure.update_yaxes(zeroline=False, tickfont=ink, title_font=ink, automargin=True)
    figure.update_layout(dragmode="zoom", hovermode="closest")
    return figure


def _curve(
    title: str, mark: Style, split: str, points: Sequence[tuple[float, float]], unit: str, *, legend: bool
) -> go.Scatter:
    shown = points[:: -(-len(points) // CURVE_POINTS)]
    validation = split == "validation"
    return go.Scatter(
        name=text.figure(title),
        legendgroup=f"{text.figure(title)} {mark.nth}",
        showlegend=legend,
        opacity=1.0 if validation else 0.55,
        x=[x for x, _ in shown],
        y=[y for _, y in shown],
        mode="lines+markers" if validation else "lines" if len(shown) > 1 else "markers",
        line={"color": mark.color, "width": 2.2 if validation else 1.5, "dash": "solid" if validation else "dash"},
        marker={**canvas.marker(mark, 7), "maxdisplayed": 12},
        hovertemplate=f"<b>{text.figure(title)}</b>, {split}<br>%{{x:.1f}} s: %{{y:.4~g}} {unit}<extra></extra>",
    )


def confusion(classes: Sequence[str], matrix: Ints) -> go.Figure:
    """Rows are labels, columns predictions, (C, C); the shade is the share of the row.

    It is as wide as its cells are high: draw it with `st.plotly_chart(..., width="content")`.
    """
    n = len(classes)
    of = matrix.sum(1, keepdims=True)
    share = np.divide(matrix, of, out=np.zeros(matrix.shape), where=of > 0)
    full = [text.figure(text.short(name, 60)) for name in classes]
    full = full if len(set(full)) == n else [f"{name} ({i})" for i, name in enumerate(full)]
    percents = n <= 8
    cells = [
        [(f"{c}<br>{100 * s:.0f} %" if percents else f"{c}") if c else "" for c, s in zip(a, b, strict=True)]
        for a, b in zip(matrix.tolist(), share.tolist(), strict=True)
    ]
    side = 64 if percents else 38 if n <= COUNTED else 20 if n <= LABELLED else max(3, 640 // n)
    figure = canvas.blank(title="Labels by prediction", subtitle=_most_confused(classes, matrix), height=side * n + 40)
    figure.update_layout(width=max(side * n + 170, 420))
    figure.add_heatmap(
        x=full,
        y=full,
        z=share.astype(np.float32),
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=1 if n <= LABELLED else 0,
        ygap=1 if n <= LABELLED else 0,
        customdata=matrix,
        hovertemplate="Label <b>%{y}</b>, predicted <b>%{x}</b><br>%{customdata} images, %{z:.1%} of this label"
        "<extra></extra>",
        text=cells if n <= COUNTED else None,
        texttemplate="%{text}" if n <= COUNTED else None,
        textfont={"size": 12 if n <= 12 else 10, "color": canvas.INK},
        colorscale=SHADES_UNDER_TEXT if n <= COUNTED else None,
    )
    bare: dict[str, Any] = {"type": "category", "showgrid": False, "zeroline": False}
    if n <= LABELLED:
        bare |= {"tickvals": full, "ticktext": canvas.names(classes, 14)}
    else:
        bare |= {"showticklabels": False}
    figure.update_xaxes(title_text="Predicted", tickangle=-45 if max(map(len, classes)) > 4 else 0, **bare)
    figure.update_yaxes(title_text="Label", autorange="reversed", **bare)
    return figure


def _most_confused(classes: Sequence[str], matrix: Ints) -> str:
    wrong = matrix - np.diag(np.diag(matrix))
    if wrong.sum() == 0:
        return "No test image is taken for another class."
    i, j = divmod(int(wrong.argmax()), len(classes))
    return (
        f"Most often, {text.short(classes[i], 24)} is taken for {text.short(classes[j], 24)}: "
        f"{text.count(int(wrong[i, j]))}\N{NO-BREAK SPACE}of\N{NO-BREAK SPACE}{text.count(int(matrix[i].sum()))}."
    )


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


def _interval(score: Score) -> str:
    low, high = score.interval
    return (
        f"{text.percent(score.accuracy)} of {text.count(score.images)} images"
        f"<br>95 % interval {text.percent(low)} to {text.percent(high)}"
    )


def _whiskers(score: Score, mark: Style) -> dict[str, Any]:
    low, high = score.interval
    up, down = 100 * (high - score.accuracy), 100 * (score.accuracy - low)
    return {"type": "data", "array": [up], "arrayminus": [down], "color": mark.color, "thickness": 2, "width": 5}


def _padded(values: Any, share: float) -> tuple[float, float]:
    low, high = (float(np.min(values)), float(np.max(values))) if np.size(values) else (0.0, 1.0)
    pad = share * (high - low) or 1.0
    return low - pad, high + pad
