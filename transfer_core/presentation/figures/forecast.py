"""Learning curves of the two approaches: what was measured, what a power law makes of it, and where they cross."""

from collections.abc import Sequence

import numpy as np

from transfer_core.compare.crossing import Crossing, Forecast, LearningCurve
from transfer_core.presentation.figures.canvas import Figure, Json, marker, note, scatter, whiskers
from transfer_core.presentation.marks import mark_of
from transfer_core.presentation.scales import Scale
from transfer_core.presentation.theme import NEUTRAL
from transfer_core.types import Floats
from transfer_core.words import between, count, percent

APART = 1.35  # numbers of images that differ by less get one label on the axis
NAME_WIDE, NAME_OFF = 0.42, 0.05  # share of a phone's plot that a name is wide; of its height that it keeps away
NAMES = ("Feature extraction", "Fine-tuning")


def learning_curves(found: Forecast, crossing: Crossing) -> Figure:
    """Measured points with their intervals, fitted curves with their bands, dashed beyond what was measured."""
    images, sides = crossing.images, (crossing.extraction, crossing.tuning)
    named = list(zip(NAMES, sides, strict=True))
    data = [_band(images, side) for side in sides]
    data += [line for name, side in named for line in _lines(images, side, name)]
    data += [_points(side, name) for name, side in named]
    low, high = _heights(sides)
    log_low, log_high = float(np.log10(images[0])), float(np.log10(found.horizon))
    pad = 0.04 * (log_high - log_low)
    across = Scale(kind="images", log=True, left=log_low - pad, right=log_high + pad)
    ticks = _ticks([found.horizon, *sorted({at.images for side in sides for at in side.sizes}, reverse=True)])
    mine = {"x": across.at(found.have), "y": 0, "yref": "paper", "yanchor": "bottom", "xanchor": "right", "xshift": -4}
    shaded = " Grey: where fine-tuning gets ahead, 80\u202f% interval." * _told(found, crossing)
    return Figure(
        title="Test accuracy by training images",
        told="Measured, with 95\u202f% intervals; fitted, with 80\u202f% bands; dashed where nothing was measured."
        + shaded,
        height=320,
        data=[*data, *_names(sides, images, high - low)],
        layout={
            "showlegend": False,
            "shapes": _rules(found, crossing),
            "annotations": [note(f"you have {count(found.have)}", **mine)],
            "xaxis": {**across.axis("Training images", ticks), "showgrid": False},
            "yaxis": {"title": "Test accuracy, %", "range": [low, high]},
        },
    )


def _band(images: Floats, side: LearningCurve) -> Json:
    x, y = np.r_[images, images[::-1]], 100 * np.r_[side.low, side.high[::-1]]
    look: Json = {"line": {"width": 0}, "fill": "toself", "fillcolor": mark_of(side.strategy).color, "opacity": 0.16}
    return scatter(x.tolist(), y.tolist(), "lines", **look)


def _lines(images: Floats, side: LearningCurve, name: str) -> list[Json]:
    """Solid as far as was measured, dashed beyond."""
    split = int(np.searchsorted(images, side.sizes[-1].images, side="right"))
    return [
        scatter(
            images[part].tolist(),
            (100 * side.accuracy[part]).tolist(),
            "lines",
            hover=[
                f"<b>{name}</b>, {count(n)} training images<br>expected {percent(share)}"
                f"<br>80 % band {between(least, most)}"
                for n, share, least, most in zip(
                    images[part], side.accuracy[part], side.low[part], side.high[part], strict=True
                )
            ],
            line={"color": mark_of(side.strategy).color, "width": 2, "dash": dash},
        )
        for part, dash in ((slice(0, split), "solid"), (slice(max(0, split - 1), None), "dash"))
    ]


def _points(side: LearningCurve, name: str) -> Json:
    mark, shares = mark_of(side.strategy), [at.accuracy for at in side.sizes]
    told = [
        f"<b>{name}</b>, {count(at.images)} training images<br>{percent(at.accuracy.value)} right"
        + (f", mean of {len(at.runs)} seeds" if len(at.runs) > 1 else "")
        + f"<br>95 % interval {between(at.accuracy.low, at.accuracy.high)}"
        for at in side.sizes
    ]
    look: Json = {"marker": marker(mark, 11), "error_y": whiskers(shares, mark.color, 1.5), "cliponaxis": False}
    x, y = [at.images for at in side.sizes], [100 * share.value for share in shares]
    return scatter(x, y, "markers", hover=told, **look)


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


def _rules(found: Forecast, crossing: Crossing) -> list[Json]:
    """A thin line where the dataset ends, and the images among which fine-tuning gets ahead, where that is known."""
    upright = {"yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
    have = {"type": "line", "x0": found.have, "x1": found.have, "line": {"color": NEUTRAL, "width": 1.5}}
    rules: list[Json] = [upright | have]
    if _told(found, crossing):
        ends = {"x0": crossing.low, "x1": min(crossing.high, found.horizon)}
        between_them = {"type": "rect", "fillcolor": NEUTRAL, "opacity": 0.19, "line": {"width": 0}}
        rules.append(upright | ends | between_them)
    if found.finding == "crosses":
        at = {"type": "line", "x0": crossing.about, "x1": crossing.about}
        rules.append(upright | at | {"line": {"color": NEUTRAL, "width": 1.5, "dash": "dot"}})
    return rules


def _names(sides: Sequence[LearningCurve], images: Floats, height: float) -> list[Json]:
    """At the ends of the curves, above the upper and below the lower one, each with its symbol."""
    above = int(np.argmax([side.accuracy[-1] for side in sides]))
    near = np.log(images) > np.log(images[-1]) - NAME_WIDE * np.log(images[-1] / images[0])
    top = 100 * max(float(side.high[near].max()) for side in sides) + NAME_OFF * height
    foot = 100 * min(float(side.low[near].min()) for side in sides) - NAME_OFF * height
    return [
        scatter(
            [float(images[-1])],
            [top if place == above else foot],
            "markers+text",
            marker=marker(mark_of(side.strategy), 9),
            text=[f"{name}\N{NO-BREAK SPACE}"],
            textposition="middle left",
            cliponaxis=False,
        )
        for place, (name, side) in enumerate(zip(NAMES, sides, strict=True))
    ]
