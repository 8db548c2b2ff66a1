"""Test accuracy against what it costs, and the runs that nothing beats at both."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np

from transfer_core.presentation.entries import Entry
from transfer_core.presentation.figures.canvas import Figure, Json, marker, note, scatter, whiskers
from transfer_core.presentation.figures.rows import interval
from transfer_core.presentation.labels import PAGE, Box, Room, place_labels
from transfer_core.presentation.scales import LEAST, Scale, padded, scale
from transfer_core.presentation.theme import NEUTRAL
from transfer_core.words import duration, in_figure, short, size

NAMED = 6  # more runs than this are named on hover alone, those of the front first
HEIGHT_PX = 320

Cost = Literal["time", "memory"]


def cost(
    shown: Sequence[Entry],
    costs: Sequence[float],
    kind: Cost,
    title: str,
    quantity: str,
    *,
    choice: str = "",
    room: Room = PAGE,
    every_name: bool = False,
) -> Figure:
    """The front as a thin step, its runs named, as is `choice`, the run that is taken; `every_name`: the others too, as
    paper has no hover. Where a name has no room there is the run's number.

    `costs` are seconds or bytes, as `kind` says. Names are placed for a plot of `room` px.
    """
    spent = [max(float(each), LEAST[kind]) for each in costs]
    across = scale(spent, kind)
    low, high = padded(100 * np.array([each.score.interval for each in shown]), 0.18)
    ahead = front(costs, [each.score.accuracy for each in shown])
    edge = across.ends[1]
    write = duration if kind == "time" else size
    data: list[Json] = [
        scatter(
            [*(spent[i] for i in ahead), edge],
            [*(100 * shown[i].score.accuracy for i in ahead), 100 * shown[ahead[-1]].score.accuracy],
            "lines",
            line={"color": NEUTRAL, "width": 1.5, "shape": "hv"},
        )
    ]
    for i, (each, at) in enumerate(zip(shown, spent, strict=True)):
        told = f"<b>{in_figure(each.title)}</b><br>{interval(each.score)}<br>{quantity} {write(float(costs[i]))}"
        look: Json = {"marker": marker(each.mark, 13 if i in ahead else 10), "opacity": 1.0 if i in ahead else 0.4}
        look |= {"error_y": whiskers([each.accuracy], each.mark.color), "cliponaxis": False}
        data.append(scatter([at], [100 * each.score.accuracy], "markers", hover=[told], **look))
    named = range(len(shown)) if every_name else ahead if len(ahead) <= NAMED else ()
    names = [short(each.title, 30) if i in named or each.run.id == choice else "" for i, each in enumerate(shown)]
    taken = next((i for i, each in enumerate(shown) if each.run.id == choice), None)
    return Figure(
        title=title,
        height=room[1] + HEIGHT_PX - PAGE[1],
        data=data,
        layout={
            "annotations": _names(shown, spent, across, (low, high), ahead, names, taken, room),
            "xaxis": across.axis(quantity),
            "yaxis": {"title": "Test accuracy, %", "range": [low, min(high, 102.0)]},
        },
    )


def front(costs: Sequence[float], accuracies: Sequence[float]) -> list[int]:
    """Places of what nothing else is at once cheaper and more accurate than, the cheapest first (Pareto)."""
    found: list[int] = []
    for i in sorted(range(len(costs)), key=lambda i: (costs[i], -accuracies[i])):
        if not found or accuracies[i] > accuracies[found[-1]]:
            found.append(i)
    return found


def _names(
    shown: Sequence[Entry],
    spent: Sequence[float],
    across: Scale,
    height: tuple[float, float],
    ahead: Sequence[int],
    names: Sequence[str],
    taken: int | None,
    room: Room,
) -> list[Json]:
    low, high = height
    up = [(100 * each.score.accuracy - low) / (high - low) for each in shown]
    along = [across.share(at) for at in spent]
    spread = [50 * (each.accuracy.high - each.accuracy.low) / (high - low) for each in shown]
    ends = [*(along[i] for i in ahead[1:]), 1.0]
    steps: list[Box] = [(along[i], up[i], end, up[i]) for i, end in zip(ahead, ends, strict=True)]
    steps += [(along[b], up[a], along[b], up[b]) for a, b in pairwise(ahead)]
    numbers = [str(each.number) for each in shown]
    points = list(zip(along, up, strict=True))
    places = place_labels(points, spread, names, room=room, lines=steps, instead=numbers, first=taken)
    found = []
    for i, (each, at, place) in enumerate(zip(shown, spent, places, strict=True)):
        if place:
            name = in_figure(place.pop("text"))
            found.append(
                note(f"<b>{name}</b>" if i == taken else name, x=across.at(at), y=100 * each.score.accuracy, **place)
            )
    return found
