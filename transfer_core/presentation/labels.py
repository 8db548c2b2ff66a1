"""Labels beside points, out of each other's way."""

from collections.abc import Sequence
from typing import Any

LETTER_PX, LINE_PX = 6.6, 18
POINT_PX = 8  # half of a point
OUTSIDE = 4  # times as bad as being covered

Place = dict[str, Any]
Box = tuple[float, float, float, float]  # left, bottom, right, top in px
Room = tuple[int, int]  # inner width and height of a plot in px
PHONE: Room = (290, 260)


def place_labels(
    points: Sequence[tuple[float, float]],
    spread: Sequence[float],
    labels: Sequence[str],
    *,
    room: Room = PHONE,
    lines: Sequence[Box] = (),
) -> list[Place]:
    """Where each label stands beside its point so that none covers a line, another point or label, as far as that goes.

    Points are fractions (x, y) of the plot's width and height, `spread` half the height of their intervals, `lines`
    boxes of fractions. The answer is what an annotation takes: anchors, and shifts in px. '' needs no room.
    """
    wide, high = room
    spots = [(x * wide, y * high, half * high + 6) for (x, y), half in zip(points, spread, strict=True)]
    taken: list[Box] = [(x - POINT_PX, y - half, x + POINT_PX, y + half) for x, y, half in spots]
    taken += [(left * wide - 1, low * high - 2, right * wide + 1, top * high + 2) for left, low, right, top in lines]
    chosen: dict[int, Place] = {}
    for i in sorted(range(len(spots)), key=lambda i: -spots[i][1]):  # from the top down
        x, y, half = spots[i]
        long = LETTER_PX * len(labels[i])
        options = [_option(anchor, x, y, long) for anchor in _anchors(half)] if labels[i] else []
        best = min(options, key=lambda option: round(_cost(option[1], taken, room)), default=None)
        if best is not None:
            taken.append(best[1])
        chosen[i] = best[0] if best is not None else {}
    return [chosen[i] for i in range(len(spots))]


def _anchors(half: float) -> tuple[tuple[str, str, float, float], ...]:
    """(xanchor, yanchor, xshift, yshift), the best first."""
    return (
        *(("left", "middle", 12, 0), ("left", "bottom", 10, 4), ("right", "middle", -12, 0)),
        *(("right", "bottom", -10, 4), ("left", "top", 10, -4), ("right", "top", -10, -4)),
        *(("center", "bottom", 0, half), ("center", "top", 0, -half)),
        *(("left", "bottom", -8, half), ("left", "top", -8, -half)),
        *(("right", "bottom", 8, half), ("right", "top", 8, -half)),
    )


def _option(anchor: tuple[str, str, float, float], x: float, y: float, long: float) -> tuple[Place, Box]:
    xanchor, yanchor, xshift, yshift = anchor
    left = x + xshift - {"left": 0.0, "center": long / 2, "right": long}[xanchor]
    bottom = y + yshift - {"bottom": 0.0, "middle": LINE_PX / 2, "top": LINE_PX}[yanchor]
    place = {"xanchor": xanchor, "yanchor": yanchor, "xshift": round(xshift, 1), "yshift": round(yshift, 1)}
    return place, (left, bottom, left + long, bottom + LINE_PX)


def _cost(box: Box, taken: Sequence[Box], room: Room) -> float:
    """Area in px² that covers other boxes, and what lies outside of the plot."""
    outside = (box[2] - box[0]) * (box[3] - box[1]) - _overlap(box, (0, 0, *room))
    return OUTSIDE * outside + sum(_overlap(box, other) for other in taken)


def _overlap(one: Box, other: Box) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    return max(0.0, across) * max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
