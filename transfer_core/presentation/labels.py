"""Labels beside points, out of each other's way."""

from collections.abc import Sequence
from typing import Any

LETTER_PX, LINE_PX = 6.6, 18
POINT_PX = 8  # half of a point

Place = dict[str, Any]
Box = tuple[float, float, float, float]  # left, bottom, right, top in px
Room = tuple[tuple[int, ...], int]  # inner widths that a plot may have, and its height, in px
PAGE: Room = ((290, 640), 260)  # on a phone and on a desk


def place_labels(
    points: Sequence[tuple[float, float]],
    spread: Sequence[float],
    labels: Sequence[str],
    *,
    room: Room = PAGE,
    lines: Sequence[Box] = (),
    instead: Sequence[str] = (),
    first: int | None = None,
) -> list[Place]:
    """Where each label stands beside its point: never on another label or point nor outside, and on a line only where
    it finds no other place. One that finds none gives way to its shorter form in `instead`, or is left out.

    Points are fractions (x, y) of the plot's width and height, `spread` half the height of their intervals, `lines`
    boxes of fractions. `first`: the point that is served before the others. The answer is the text, and what an
    annotation takes: anchors, and shifts in px; {} for a label that is left out. '' needs no room. It is one for all
    widths of the room, since a page does not know how wide it is.
    """
    widths, high = room
    spots = [(x, y * high, round(half * high + 6, 1)) for (x, y), half in zip(points, spread, strict=True)]
    taken: dict[int, list[Box]] = {
        wide: [(x * wide - POINT_PX, y - POINT_PX, x * wide + POINT_PX, y + POINT_PX) for x, y, _ in spots]
        for wide in widths
    }
    crossed: dict[int, list[Box]] = {
        wide: [(x * wide - 3, y - half, x * wide + 3, y + half) for x, y, half in spots]
        + [(left * wide - 1, low * high - 2, right * wide + 1, top * high + 2) for left, low, right, top in lines]
        for wide in widths
    }
    chosen: list[Place] = [{} for _ in spots]
    for i in sorted(range(len(spots)), key=lambda i: (i != first, -spots[i][1])):  # from the top down
        x, y, half = spots[i]
        for words in filter(None, (labels[i], *instead[i : i + 1])) if labels[i] else ():
            options = [(one, {wide: _box(one, x * wide, y, words) for wide in widths}) for one in _anchors(half)]
            free = [
                (one, boxes)
                for one, boxes in options
                if not any(_covers(box, taken[wide], (wide, high)) for wide, box in boxes.items())
            ]
            if not free:
                continue
            best, boxes = min(
                free,
                key=lambda option: sum(
                    round(sum(_overlap(box, other) for other in crossed[wide])) for wide, box in option[1].items()
                ),
            )
            chosen[i] = {"text": words, **dict(zip(("xanchor", "yanchor", "xshift", "yshift"), best, strict=True))}
            for wide in widths:
                taken[wide].append(boxes[wide])
            break
    return chosen


def _anchors(half: float) -> tuple[tuple[str, str, float, float], ...]:
    """(xanchor, yanchor, xshift, yshift), the best first."""
    return (
        *(("left", "middle", 12, 0), ("left", "bottom", 10, 4), ("right", "middle", -12, 0)),
        *(("right", "bottom", -10, 4), ("left", "top", 10, -4), ("right", "top", -10, -4)),
        *(("center", "bottom", 0, half), ("center", "top", 0, -half)),
        *(("left", "bottom", -8, half), ("left", "top", -8, -half)),
        *(("right", "bottom", 8, half), ("right", "top", 8, -half)),
    )


def _box(anchor: tuple[str, str, float, float], x: float, y: float, label: str) -> Box:
    xanchor, yanchor, xshift, yshift = anchor
    long = LETTER_PX * len(label)
    left = x + xshift - {"left": 0.0, "center": long / 2, "right": long}[xanchor]
    bottom = y + yshift - {"bottom": 0.0, "middle": LINE_PX / 2, "top": LINE_PX}[yanchor]
    return left, bottom, left + long, bottom + LINE_PX


def _covers(box: Box, taken: Sequence[Box], plot: tuple[float, float]) -> bool:
    """Whether it lies on another box, or outside of the plot."""
    inside = box[0] >= 0 and box[1] >= 0 and box[2] <= plot[0] and box[3] <= plot[1]
    return not inside or any(_overlap(box, other) > 0 for other in taken)


def _overlap(one: Box, other: Box) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    return max(0.0, across) * max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
