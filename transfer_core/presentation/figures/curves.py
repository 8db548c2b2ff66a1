"""How runs learned: accuracy above loss, over epochs, images or time, smoothed as far as one likes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from transfer_core.presentation.entries import Entry
from transfer_core.presentation.figures.canvas import Figure, Json, marker, scatter
from transfer_core.presentation.scales import scale
from transfer_core.types import EpochEnd, Event, StageStart
from transfer_core.words import in_figure, short

POINTS = 500  # most points of a curve: Plotly blocks the browser in proportion to them
FEW = 4  # up to so many runs training is drawn beside validation from the start
GRADIENT = "epoch"  # the unit of stages that learn by gradient descent; others count steps of a solver
HEIGHT_PX = 520
SYMBOLS = 12  # on a line
MOST, WILD = 0.98, 3  # one loss that is so many times as high as most losses does not flatten the rest

Unit = Literal["Epochs", "Images seen", "Seconds"]
Split = Literal["train", "val"]
Story = Sequence[StageStart | EpochEnd]  # of a run: its stages and what each epoch, or step of a solver, came to
T = TypeVar("T")
TITLES: dict[Unit, str] = {
    "Epochs": "Epochs; a linear head's solver: steps",
    "Images seen": "Training images seen",
    "Seconds": "Time since the run began",
}
PLACES: dict[Unit, str] = {
    "Epochs": "at %{x:,}",
    "Images seen": "after %{x:,} images",
    "Seconds": "after %{x:.1f} s",
}


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One run on one axis: (x, epoch) each."""

    entry: Entry
    points: tuple[tuple[float, EpochEnd], ...]
    gradient: bool  # counts epochs, not steps of a solver


def curve(entry: Entry, events: Iterable[Event], unit: Unit, images: int = 0) -> Curve:
    """A run's curve from what it said; `images`: that it was trained on, needed for images seen."""
    story = [event for event in events if isinstance(event, StageStart | EpochEnd)]
    gradient = any(isinstance(event, StageStart) and event.unit == GRADIENT for event in story)
    return Curve(entry=entry, points=placed(story, unit, images), gradient=gradient)


def placed(events: Story, unit: Unit, images: int) -> tuple[tuple[float, EpochEnd], ...]:
    """Where each epoch of a run, or step of its solver, stands on the axis.

    A run that learns by gradient descent counts these epochs alone; what its head had reached before stands at 0.
    """
    ends: list[tuple[bool, EpochEnd]] = []
    gradient = True
    for event in events:
        if isinstance(event, StageStart):
            gradient = event.unit == GRADIENT
        else:
            ends.append((gradient, event))
    if unit == "Seconds":
        return tuple((end.seconds, end) for _, end in ends)
    epochs = [end for own, end in ends if own]
    first = next((i for i, (own, _) in enumerate(ends) if own), None)
    if first is None:
        counted = list(enumerate((end for _, end in ends), 1))
    else:
        counted = [(0, end) for _, end in ends[:first][-1:]] + list(enumerate(epochs, 1))
    scale = images if unit == "Images seen" else 1
    return tuple((float(number * scale), end) for number, end in counted)


def smoothed(values: Sequence[float], weight: float) -> list[float]:
    """Exponential moving average, corrected for its beginning at 0 as Adam's moments are."""
    average, found = 0.0, []
    for number, value in enumerate(values, 1):
        average = weight * average + (1 - weight) * value
        found.append(average / (1 - weight**number))
    return found


def thinned(values: Sequence[T], most: int) -> list[T]:
    """At most `most` of them at even distances, the last always."""
    step = -(-len(values) // most) or 1
    return list(values[::-step])[::-1]


def curves(
    shown: Sequence[Curve],
    unit: Unit,
    smoothing: float = 0.0,
    *,
    training: bool,
    points: int = POINTS,
    choice: str = "",
) -> Figure:
    """Accuracy over loss; validation solid with symbols, training dashed and light, raw lines faint where smoothed.
    That of `choice`, the run that is taken, is stronger than the others.

    Each trace carries its run as `legendgroup` and its split as `meta`, by which a reader may hide it.
    """
    data: list[Json] = []
    losses: list[float] = []
    splits: tuple[Split, ...] = ("val", "train") if training else ("val",)
    for each in shown:
        told = False
        for axes, name in ({}, "accuracy"), ({"xaxis": "x2", "yaxis": "y2"}, "loss"):
            for split in splits:
                known = _known(each, split, name)
                if not known:
                    continue
                if name == "loss" and split == "val":
                    losses += [y for _, y, _ in known]
                if smoothing and len(known) > 1:
                    data.append({**_raw(each.entry, thinned(known, points), split, unit), **axes})
                    averages = smoothed([y for _, y, _ in known], smoothing)
                    known = [(x, y, stage) for (x, _, stage), y in zip(known, averages, strict=True)]
                line = _line(each.entry, thinned(known, points), split, name, unit, taken=each.entry.run.id == choice)
                data.append({**line, **axes, "showlegend": not told})
                told = True
    return Figure(
        title="Accuracy and loss",
        told="Solid: validation. Dashed: training." if training else "On the validation images.",
        height=HEIGHT_PX,
        legend=len(shown),
        data=data,
        layout=_layout(shown, unit, losses),
    )


def _layout(shown: Sequence[Curve], unit: Unit, losses: Sequence[float]) -> Json:
    across: Json = {"showgrid": False, "rangemode": "tozero", "tickformat": ",", "title": TITLES[unit]}
    known = [each for each in shown if each.points]
    own = [each.points[-1][0] for each in known if each.gradient]
    if unit == "Seconds" and known:
        ends = [seconds for each in known for seconds in (each.points[0][0], each.points[-1][0])]
        across |= scale([max(seconds, 0.05) for seconds in ends], "time", pad=0.04).axis(TITLES[unit])
    elif own and max(each.points[-1][0] for each in known) > max(own):
        across["range"] = [0, 1.04 * max(own)]  # a solver's many steps would leave epochs no room
    ordered = sorted(losses) or [0.0]
    most = ordered[min(len(ordered) - 1, int(MOST * len(ordered)))]
    wild = {"range": [0, 1.08 * most]} if ordered[-1] > WILD * most else {}
    return {
        "dragmode": "zoom",
        "xaxis": {**across, "title": "", "showticklabels": False, "anchor": "y", "matches": "x2"},
        "xaxis2": {**across, "anchor": "y2"},
        "yaxis": {"domain": [0.535, 1], "title": "Accuracy, %"},
        "yaxis2": {"domain": [0, 0.465], "anchor": "x2", "title": "Loss", "rangemode": "tozero", **wild},
    }


Point = tuple[float, float, str]  # x, value, stage


def _known(curve: Curve, split: Split, name: str) -> list[Point]:
    scale = 100.0 if name == "accuracy" else 1.0
    values = [(x, getattr(end, f"{split}_{name}"), end.stage) for x, end in curve.points]
    return [(x, scale * value, stage) for x, value, stage in values if value is not None]


def _broken(points: Sequence[Point], unit: Unit) -> tuple[list[float | None], list[float | None]]:
    """x and y; over time no line joins two stages, as none was measured there."""
    x: list[float | None] = []
    y: list[float | None] = []
    for place, (at, value, stage) in enumerate(points):
        if unit == "Seconds" and place and stage != points[place - 1][2]:
            x, y = [*x, None], [*y, None]
        x, y = [*x, round(at, 3)], [*y, round(value, 5)]
    return x, y


def _seen(x: Sequence[float | None]) -> list[int]:
    """Of the symbols on a line, few: the first of each piece, whose only point it may be, and some between."""
    step = -(-len(x) // SYMBOLS) or 1
    return [int(n % step == 0 or x[n - 1] is None) for n in range(len(x))]


def _raw(entry: Entry, points: Sequence[Point], split: Split, unit: Unit) -> Json:
    line = {"color": entry.mark.color, "width": 1, "dash": "solid" if split == "val" else "dash"}
    more: Json = {"opacity": 0.25, "showlegend": False, "legendgroup": entry.run.id, "meta": split}
    return scatter(*_broken(points, unit), "lines", line=line, **more)


def _line(entry: Entry, points: Sequence[Point], split: Split, name: str, unit: Unit, *, taken: bool) -> Json:
    validation, percent = split == "val", " %" if name == "accuracy" else ""
    x, y = _broken(points, unit)
    words, width, dash = ("validation", 3.4 if taken else 2.2, "solid") if validation else ("training", 1.5, "dash")
    title = in_figure(short(entry.title, 44))
    told = f"<b>{in_figure(entry.title)}</b>, {words} {name}<br>{PLACES[unit]}: %{{y:.4~g}}{percent}<extra></extra>"
    return scatter(
        x,
        y,
        "lines+markers" if validation else "lines" if len(points) > 1 else "markers",
        hovertemplate=told,
        name=f"<b>{title}</b>" if taken else title,
        legendgroup=entry.run.id,
        meta=split,
        opacity=1.0 if validation else 0.55,
        line={"color": entry.mark.color, "width": width, "dash": dash},
        marker={**marker(entry.mark, 7), "opacity": _seen(x)},
    )
