"""Charts of runs side by side: how accurate, at what cost, with how many images; each with its intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go

from components.kit import canvas, text
from components.kit.charts import HOVER
from components.kit.palette import NEUTRAL, Style, style, styles
from transfer_core.types import Approach, Comparison, Interval, Run, Score, front

ROW_PX, TIGHT_PX = 46, 40  # height of a run with its name above it, and where there are many
MANY = 12
NAMED = 6  # more runs on the front than this are named on hover alone
LOGARITHMIC = 10  # an axis of costs is, from this ratio of the dearest to the cheapest
TAKEN = "rgba(128, 134, 139, .13)"  # behind the run that the verdict takes

Axis = Literal["time", "memory"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A run as all charts and tables of one comparison show it."""

    run: Run
    score: Score
    title: str
    mark: Style
    number: int  # 1: the most test images right


def entries(comparison: Comparison) -> tuple[Entry, ...]:
    """The runs of a comparison, the most accurate first."""
    marks = styles([run.strategy for run in comparison.runs])
    listed = list(zip(comparison.runs, comparison.scores, comparison.titles, marks, strict=True))
    listed.sort(key=lambda each: -each[1].accuracy)
    return tuple(
        Entry(run=run, score=score, title=title, mark=mark, number=number)
        for number, (run, score, title, mark) in enumerate(listed, 1)
    )


def forest(shown: Sequence[Entry], chance: float, choice: str) -> go.Figure:
    """Test accuracy of each run with its 95 % interval, in the given order; the run that is taken is marked."""
    many = len(shown) > MANY
    bounds = 100 * np.array([each.score.interval for each in shown])
    low, high = _padded(bounds, 0.06)
    high += 0.12 * (high - low)  # room for the figures
    near = 100 * chance > low - 0.3 * (high - low)
    low = min(low, 100 * chance - 0.03 * (high - low)) if near else low
    notes: list[dict[str, Any]] = []  # set at once: Plotly checks all of them again whenever one is added
    rules: list[dict[str, Any]] = []
    for row, each in enumerate(shown):
        taken = each.run.id == choice
        value, ends = 100 * each.score.accuracy, 100 * np.array(each.score.interval)
        if taken:
            band = {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": row - 0.72, "y1": row + 0.32}
            rules.append({**band, "fillcolor": TAKEN, "line": {"width": 0}, "layer": "below"})
            rule = {"type": "line", "x0": value, "x1": value, "yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
            rules.append({**rule, "line": {"color": NEUTRAL, "width": 1, "dash": "dot"}})
        if near:  # below the name alone
            rule = {"type": "line", "x0": 100 * chance, "x1": 100 * chance, "y0": row - 0.2, "y1": row + 0.2}
            rules.append({**rule, "line": {"color": NEUTRAL, "width": 1.5}, "layer": "below"})
        span = {"type": "line", "x0": ends[0], "x1": ends[1], "y0": row, "y1": row, "layer": "below"}
        rules.append({**span, "line": {"color": each.mark.color, "width": 5}, "opacity": 0.45})
        name = f"{each.number}\N{EN SPACE}{text.figure(text.short(each.title, 36))}"
        line = {"y": row, "xref": "paper", "yshift": 15 if many else 18, "font": {"size": 13}, "showarrow": False}
        notes.append({**line, "x": 0, "xanchor": "left", "text": f"<b>{name}</b>" if taken else name})
        notes.append({**line, "x": 1, "xanchor": "right", "text": f"<b>{text.percent(each.score.accuracy)}</b>"})
    figure = canvas.blank(
        title="Test accuracy",
        subtitle=f"With 95\N{NARROW NO-BREAK SPACE}% intervals. Guessing has {text.percent(chance)}.",
        height=(TIGHT_PX if many else ROW_PX) * len(shown) + 10,
        annotations=notes,
        shapes=rules,
    )
    colors = [each.mark.color for each in shown]
    figure.add_scatter(
        x=[100 * each.score.accuracy for each in shown],
        y=list(range(len(shown))),
        mode="markers",
        marker={
            "color": colors,
            "symbol": [each.mark.marker for each in shown],
            "size": 11,
            "line": {"color": colors, "width": 1.5},
        },
        hovertext=[f"<b>{text.figure(each.title)}</b><br>{_interval(each.score)}" for each in shown],
        hovertemplate=HOVER,
    )
    figure.update_yaxes(range=[len(shown) - 0.6, -0.8], showticklabels=False, showgrid=False, zeroline=False)
    figure.update_xaxes(title_text="Test accuracy, %", range=[low, high], zeroline=False, nticks=6)
    return figure


# --- cost ---------------------------------------------------------------------------------------


def cost(shown: Sequence[Entry], costs: Sequence[float], kind: Axis, title: str, quantity: str) -> go.Figure:
    """Test accuracy against a cost, with the front as a thin step and its runs named.

    `costs` are seconds or bytes, as `kind` says. The axis is logarithmic where they differ tenfold.
    """
    spent = np.maximum(np.asarray(costs, dtype=float), 0.01 if kind == "time" else 1.0)
    log = float(spent.max()) > LOGARITHMIC * float(spent.min())
    x = np.log10(spent) if log else spent
    left, right = _padded(x, 0.08)
    left = left if log else max(left, 0.0)
    bounds = 100 * np.array([each.score.interval for each in shown])
    low, high = _padded(bounds, 0.12)
    ahead = front(costs, [each.score.accuracy for each in shown])
    figure = canvas.blank(title=title, height=320)
    edge = 10**right if log else right
    figure.add_scatter(
        x=[*(spent[i] for i in ahead), edge],
        y=[*(100 * shown[i].score.accuracy for i in ahead), 100 * shown[ahead[-1]].score.accuracy],
        mode="lines",
        line={"color": NEUTRAL, "width": 1.5, "shape": "hv"},
        hoverinfo="skip",
    )
    write = text.duration if kind == "time" else text.size
    for i, (each, at) in enumerate(zip(shown, spent, strict=True)):
        figure.add_scatter(
            x=[at],
            y=[100 * each.score.accuracy],
            mode="markers",
            marker=canvas.marker(each.mark, 13 if i in ahead else 10),
            opacity=1.0 if i in ahead else 0.4,
            hovertext=[
                f"<b>{text.figure(each.title)}</b><br>{_interval(each.score)}<br>{quantity} {write(float(costs[i]))}"
            ],
            hovertemplate=HOVER,
            cliponaxis=False,
            error_y=_whiskers(each.score, each.mark.color),
        )
    names = [text.short(each.title, 30) if i in ahead and len(ahead) <= NAMED else "" for i, each in enumerate(shown)]
    places = canvas.place_labels(
        [
            ((at - left) / (right - left), (100 * each.score.accuracy - low) / (high - low))
            for at, each in zip(x, shown, strict=True)
        ],
        (bounds[:, 1] - bounds[:, 0]) / 2 / (high - low),
        names,
    )
    notes = []
    until = dict(zip(ahead, [*(x[i] for i in ahead[1:]), right], strict=True))  # how far each one's step goes
    for i, (name, place) in enumerate(zip(names, places, strict=True)):
        if name:
            on_the_line = place["yanchor"] == "middle" and place["xanchor"] == "left"
            if on_the_line and until[i] - x[i] > 0.2 * (right - left):
                place |= {"yanchor": "bottom", "yshift": 1}
            y = 100 * shown[i].score.accuracy
            notes.append({"x": float(x[i]), "y": y, "text": text.figure(name), "showarrow": False, **place})
    figure.update_layout(annotations=notes)
    ticks = _ticks(10**left if log else left, edge, kind, log=log)
    figure.update_xaxes(
        title_text=quantity + (", logarithmic" if log else ""),
        type="log" if log else "linear",
        range=[left, right],
        tickvals=ticks,
        ticktext=[text.moment(tick) if kind == "time" else text.size(tick) for tick in ticks],
    )
    figure.update_yaxes(title_text="Test accuracy, %", range=[low, min(high, 102.0)], zeroline=False)
    return figure


def _ticks(low: float, high: float, kind: Axis, *, log: bool) -> list[float]:
    if kind == "time":
        return canvas.time_ticks(low, high, log=log)
    rounds = [digit * 10.0**power for power in range(13) for digit in (1, 2, 5)]
    if log:
        inside = [value for value in rounds if low <= value <= high]
        return inside[:: max(1, -(-len(inside) // 5))]
    step = next((value for value in rounds if (high - low) / value <= 5), high - low)
    return [step * k for k in range(int(np.ceil(low / step)), int(high / step) + 1)]


# --- fewer images -------------------------------------------------------------------------------


def reach(approaches: Sequence[Approach], strategies: Mapping[str, str]) -> go.Figure:
    """What either approach reaches with how many training images: its best run at each size, with its interval.

    `strategies` by run.
    """
    sizes = sorted({at.images for each in approaches for at in each.by_images})
    log = sizes[-1] > 4 * sizes[0]
    figure = canvas.blank(
        title="With fewer images",
        subtitle="The best run by validation at each size, on the same test images.",
        height=250,
    )
    ends = [each.by_images[-1].accuracy.value if each.by_images else 0.0 for each in approaches]
    for place, each in enumerate(approaches):
        if not each.by_images:
            continue
        figure.add_scatter(
            x=[at.images for at in each.by_images],
            y=[100 * at.accuracy.value for at in each.by_images],
            mode="lines",
            line={"color": canvas.INK, "width": 1.5, "dash": "dash" if place == 0 else "solid"},
            opacity=0.6,
            hoverinfo="skip",
        )
        for at in each.by_images:
            mark, share = style(strategies[at.run]), at.accuracy
            figure.add_scatter(
                x=[at.images],
                y=[100 * share.value],
                mode="markers",
                marker=canvas.marker(mark, 11),
                hovertext=[
                    f"<b>{each.name.capitalize()}</b>, {text.count(at.images)} training images"
                    f"<br>{text.percent(share.value)} right"
                    f"<br>95 % interval {text.percent(share.low)} to {text.percent(share.high)}"
                ],
                hovertemplate=HOVER,
                cliponaxis=False,
                error_y=_bounds(share, mark.color),
            )
        above, last = ends[place] == max(ends), each.by_images[-1]
        figure.add_annotation(
            x=float(np.log10(last.images)) if log else last.images,
            y=100 * (last.accuracy.high if above else last.accuracy.low),
            text=each.name.capitalize(),
            showarrow=False,
            xanchor="right",
            xshift=12,
            yanchor="bottom" if above else "top",
            yshift=3 if above else -3,
        )
    left, right = _padded(np.log10(sizes) if log else np.array(sizes), 0.08)
    figure.update_xaxes(
        title_text="Training images" + (", logarithmic" if log else ""),
        type="log" if log else "linear",
        range=[left, right],
        tickvals=sizes,
        ticktext=[text.count(size) for size in sizes],
    )
    figure.update_yaxes(title_text="Test accuracy, %", zeroline=False)
    return figure


def _interval(score: Score) -> str:
    low, high = score.interval
    return (
        f"{text.percent(score.accuracy)} of {text.count(score.images)} images"
        f"<br>95 % interval {text.percent(low)} to {text.percent(high)}"
    )


def _whiskers(score: Score, color: str) -> dict[str, Any]:
    low, high = score.interval
    return _bounds(Interval(value=score.accuracy, low=low, high=high), color)


def _bounds(share: Interval, color: str) -> dict[str, Any]:
    up, down = 100 * (share.high - share.value), 100 * (share.value - share.low)
    return {"type": "data", "array": [up], "arrayminus": [down], "color": color, "thickness": 2, "width": 5}


def _padded(values: Any, share: float) -> tuple[float, float]:
    """The least and the largest value, with room on both sides."""
    low, high = (float(np.min(values)), float(np.max(values))) if np.size(values) else (0.0, 1.0)
    pad = share * (high - low) or 0.1 * abs(high) or 1.0
    return low - pad, high + pad
