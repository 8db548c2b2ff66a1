"""Learning curves of the two approaches: what was measured, what a power law makes of it, and where they cross."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from components.kit import canvas, text
from components.kit.charts import HOVER
from components.kit.palette import NEUTRAL, style
from transfer_core.types import Crossing, Floats, Forecast, LearningCurve

BETWEEN = "rgba(128, 134, 139, .14)"  # behind the images among which fine-tuning gets ahead
APART = 1.35  # numbers of images that differ by less get one label on the axis
NAME_WIDE, NAME_OFF = 0.42, 0.05  # share of a phone's plot that a name is wide; of its height that it keeps away
NAMES = ("Feature extraction", "Fine-tuning")


def learning_curves(found: Forecast, crossing: Crossing) -> go.Figure:
    """Measured points with their intervals, fitted curves with their bands, dashed beyond what was measured."""
    sides = (crossing.extraction, crossing.tuning)
    shaded = " Grey: where fine-tuning gets ahead, 80\u202f% interval." * _told(found, crossing)
    figure = canvas.blank(
        title="Test accuracy by training images",
        subtitle="Measured, with 95\u202f% intervals; fitted, with 80\u202f% bands; dashed where nothing was measured."
        + shaded,
        height=320,
    )
    for name, side in zip(NAMES, sides, strict=True):
        _band(figure, crossing.images, side)
        _line(figure, crossing.images, side, name)
    for name, side in zip(NAMES, sides, strict=True):
        _points(figure, side, name)
    low, high = _heights(sides)
    _names(figure, sides, crossing.images, high - low)
    log_low, log_high = np.log10(crossing.images[0]), np.log10(found.horizon)
    pad = 0.04 * (log_high - log_low)
    ticks = _ticks([found.horizon, *sorted({at.images for side in sides for at in side.sizes}, reverse=True)])
    figure.update_xaxes(
        title_text="Training images, logarithmic",
        type="log",
        range=[log_low - pad, log_high + pad],
        tickvals=ticks,
        ticktext=[text.count(tick) for tick in ticks],
        showgrid=False,
    )
    figure.update_yaxes(title_text="Test accuracy, %", range=[low, high], zeroline=False)
    figure.update_layout(shapes=_rules(found, crossing), annotations=_mine(found.have))
    return figure


def _band(figure: go.Figure, images: Floats, side: LearningCurve) -> None:
    figure.add_scatter(
        x=[*images, *images[::-1]],
        y=[*(100 * side.low), *(100 * side.high[::-1])],
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=style(side.strategy).color,
        opacity=0.16,
        hoverinfo="skip",
    )


def _line(figure: go.Figure, images: Floats, side: LearningCurve, name: str) -> None:
    split = int(np.searchsorted(images, side.sizes[-1].images, side="right"))
    for part, dash in ((slice(0, split), "solid"), (slice(max(0, split - 1), None), "dash")):
        figure.add_scatter(
            x=images[part],
            y=100 * side.accuracy[part],
            mode="lines",
            line={"color": style(side.strategy).color, "width": 2, "dash": dash},
            hovertext=[
                f"<b>{name}</b>, {text.count(n)} training images<br>expected {text.percent(share)}"
                f"<br>80 % band {text.percent(least)} to {text.percent(most)}"
                for n, share, least, most in zip(
                    images[part], side.accuracy[part], side.low[part], side.high[part], strict=True
                )
            ],
            hovertemplate=HOVER,
        )


def _points(figure: go.Figure, side: LearningCurve, name: str) -> None:
    mark, shares = style(side.strategy), [at.accuracy for at in side.sizes]
    figure.add_scatter(
        x=[at.images for at in side.sizes],
        y=[100 * share.value for share in shares],
        mode="markers",
        marker=canvas.marker(mark, 11),
        error_y={
            "type": "data",
            "array": [100 * (share.high - share.value) for share in shares],
            "arrayminus": [100 * (share.value - share.low) for share in shares],
            "color": mark.color,
            "thickness": 1.5,
            "width": 4,
        },
        hovertext=[
            f"<b>{name}</b>, {text.count(at.images)} training images<br>{text.percent(at.accuracy.value)} right"
            + (f", mean of {len(at.runs)} seeds" if len(at.runs) > 1 else "")
            + f"<br>95 % interval {text.percent(at.accuracy.low)} to {text.percent(at.accuracy.high)}"
            for at in side.sizes
        ],
        hovertemplate=HOVER,
        cliponaxis=False,
    )


def _heights(sides: Sequence[LearningCurve]) -> tuple[float, float]:
    """Bottom and top of the plot in %, with room for names above and below."""
    low = min(min(float(side.low.min()), min(at.accuracy.low for at in side.sizes)) for side in sides)
    high = max(max(float(side.high.max()), max(at.accuracy.high for at in side.sizes)) for side in sides)
    pad = 0.12 * (high - low)
    return 100 * max(low - pad, 0.0), 100 * (high + pad)


def _ticks(images: Sequence[int]) -> list[int]:
    """Of numbers that lie close to each other the first."""
    kept: list[int] = []
    for n in images:
        if all(max(n, other) / min(n, other) > APART for other in kept):
            kept.append(n)
    return sorted(kept)


def _told(found: Forecast, crossing: Crossing) -> bool:
    """Whether there is an interval to show."""
    return found.finding in ("ahead", "crosses", "late") and crossing.low < crossing.high


def _rules(found: Forecast, crossing: Crossing) -> list[dict[str, Any]]:
    """A thin line where the dataset ends, and the images among which fine-tuning gets ahead, where that is known."""
    upright = {"yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
    have = {"type": "line", "x0": found.have, "x1": found.have, "line": {"color": NEUTRAL, "width": 1.5}}
    rules = [upright | have]
    if _told(found, crossing):
        ends = {"x0": crossing.low, "x1": min(crossing.high, found.horizon)}
        rules.append(upright | ends | {"type": "rect", "fillcolor": BETWEEN, "line": {"width": 0}})
    if found.finding == "crosses":
        at = {"type": "line", "x0": crossing.about, "x1": crossing.about}
        rules.append(upright | at | {"line": {"color": NEUTRAL, "width": 1.5, "dash": "dot"}})
    return rules


def _names(figure: go.Figure, sides: Sequence[LearningCurve], images: Floats, height: float) -> None:
    """At the ends of the curves, above the upper and below the lower one, each with its symbol."""
    above = int(np.argmax([side.accuracy[-1] for side in sides]))
    near = np.log(images) > np.log(images[-1]) - NAME_WIDE * np.log(images[-1] / images[0])
    top = 100 * max(float(side.high[near].max()) for side in sides) + NAME_OFF * height
    foot = 100 * min(float(side.low[near].min()) for side in sides) - NAME_OFF * height
    for place, (name, side) in enumerate(zip(NAMES, sides, strict=True)):
        figure.add_scatter(
            x=[images[-1]],
            y=[top if place == above else foot],
            mode="markers+text",
            marker=canvas.marker(style(side.strategy), 9),
            text=[f"{name}\N{NO-BREAK SPACE}"],
            textposition="middle left",
            hoverinfo="skip",
            cliponaxis=False,
        )


def _mine(have: int) -> list[dict[str, Any]]:
    """How many images there are, at the foot of their line."""
    place = {"x": float(np.log10(have)), "y": 0, "yref": "paper", "yanchor": "bottom", "xanchor": "right", "xshift": -4}
    return [{**place, "text": f"you have {text.count(have)}", "showarrow": False}]
