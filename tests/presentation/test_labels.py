"""Where the labels of points stand, and that no figure of many equal runs prints one over another."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import unescape
from itertools import combinations
from typing import Any

import pytest

from tests.presentation.drawn import compared, curve
from transfer_core.compare.compared import Comparison
from transfer_core.presentation import figures
from transfer_core.presentation.entries import Entry, entries
from transfer_core.presentation.labels import LETTER_PX, LINE_PX, PAGE, POINT_PX, Room, place_labels
from transfer_core.strategies import STRATEGIES
from transfer_core.words import short

Box = tuple[float, float, float, float]  # left, bottom, right, top in px
LONG = "fine-tuned with another augmentation and a rate of its own, seed"


def boxes(
    points: Sequence[tuple[float, float]], labels: Sequence[str], wide: int
) -> list[tuple[float, float, float, float]]:
    """Where labels stand in px, on a plot that is so wide: left, bottom, right, top."""
    found = []
    for (x, y), label, place in zip(points, labels, place_labels(points, [0.05] * len(points), labels), strict=True):
        long = LETTER_PX * len(label)
        left = x * wide + place["xshift"] - {"left": 0, "center": long / 2, "right": long}[place["xanchor"]]
        bottom = y * PAGE[1] + place["yshift"] - {"bottom": 0, "middle": LINE_PX / 2, "top": LINE_PX}[place["yanchor"]]
        found.append((left, bottom, left + long, bottom + LINE_PX))
    return found


@pytest.mark.parametrize("wide", PAGE[0])
@pytest.mark.parametrize(
    "points", [[(0.3, 0.9), (0.8, 0.92), (0.82, 0.2), (0.75, 0.24)], [(0.3, 0.5), (0.3, 0.54), (0.32, 0.9)]]
)
def test_labels_keep_out_of_each_others_way(points: list[tuple[float, float]], wide: int) -> None:
    names = ["Fine-tune the top", "Fine-tune everything", "From scratch", "A small network"]
    placed = boxes(points, names[: len(points)], wide)
    for one, other in combinations(placed, 2):
        aside = one[2] <= other[0] or other[2] <= one[0]
        assert aside or one[3] <= other[1] or other[3] <= one[1], "two labels cover each other"
    for left, bottom, right, top in placed:
        assert left >= 0 and right <= wide and bottom >= 0 and top <= PAGE[1], "one lies outside"
    assert place_labels([(0.5, 0.5)], [0.1], [""]) == [{}]


@pytest.fixture(scope="module")
def alike() -> Comparison:
    """Runs of equal accuracy with names that no figure has room for; the second one is taken."""
    strategies = [known.name for known in STRATEGIES]
    titles = [f"{number} {LONG} {number}" for number in range(12)]
    found = compared(titles, [strategies[number % len(strategies)] for number in range(12)], [0.9] * 12)
    return replace(found, verdict=replace(found.verdict, choice=entries(found)[1].run.id))


@pytest.fixture(scope="module")
def twelve(alike: Comparison) -> tuple[Entry, ...]:
    return entries(alike)


def apart(one: Box, other: Box) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def words(note: Mapping[str, Any]) -> str:
    return unescape(re.sub("<[^>]*>", "", note["text"]))


def box_of(note: Mapping[str, Any], x: float, y: float) -> Box:
    """Of an annotation whose point lies at (x, y) px."""
    size = note.get("font", {}).get("size", 12) / 12
    long, high = LETTER_PX * size * len(words(note)), LINE_PX * size
    left = x + note.get("xshift", 0) - {"left": 0, "center": long / 2, "right": long}[note["xanchor"]]
    middle = {"bottom": 0, "middle": high / 2, "top": high}[note.get("yanchor", "middle")]
    bottom = y + note.get("yshift", 0) - middle
    return left, bottom, left + long, bottom + high


def on(axis: Mapping[str, Any], value: float, px: float) -> float:
    low, high = axis["range"]
    return float((value - low) / (high - low) * px)


@pytest.mark.parametrize("every_name", [False, True])
@pytest.mark.parametrize("costs", [[5.0] * 12, [float(n) for n in range(1, 13)], [1.5**n for n in range(12)]])
@pytest.mark.parametrize("room", [PAGE, ((300,), 330)])
def test_costs_of_equal_runs_are_named_without_overprinting(
    twelve: tuple[Entry, ...], costs: list[float], room: Room, *, every_name: bool
) -> None:
    taken = twelve[1].run.id
    drawn = figures.cost(twelve, costs, "time", "Cost", "Time", choice=taken, room=room, every_name=every_name)
    widths, high = room
    for wide in widths:
        across, up = drawn.layout["xaxis"], drawn.layout["yaxis"]
        notes = drawn.layout["annotations"]
        labels = [box_of(note, on(across, note["x"], wide), on(up, note["y"], high)) for note in notes]
        spent = [math.log10(cost) if across["type"] == "log" else cost for cost in costs]
        points = [(on(across, each, wide), on(up, 90.0, high)) for each in spent]
        marks = [(x - POINT_PX, y - POINT_PX, x + POINT_PX, y + POINT_PX) for x, y in points]
        assert all(apart(*two) for two in combinations(labels, 2)), "two labels cover each other"
        assert all(apart(label, mark) for label in labels for mark in marks), "a label covers a point"
        assert all(label[0] >= -1e-6 and label[2] <= wide for label in labels), "one lies outside"
    hovers = [told for trace in drawn.data for told in trace.get("hovertext", ())]
    assert all(any(each.title in told for told in hovers) for each in twelve), "a hover has the whole name"
    named = [note for note in drawn.layout["annotations"] if note["text"].startswith("<b>")]
    assert len(named) == 1 and words(named[0]) == short(twelve[1].title, 30), "the run that is taken"


@pytest.mark.parametrize("wide", [326, 640])
def test_rows_of_equal_runs_are_named_without_overprinting(alike: Comparison, wide: int) -> None:
    """On a phone a plot is 342 px wide, beside the matrix of differences at least 326."""
    drawn = figures.forest(entries(alike), alike)
    low, high = drawn.layout["yaxis"]["range"]
    at = [(note["y"] - low) / (high - low) * drawn.height for note in drawn.layout["annotations"]]
    labels = [box_of(note, note["x"] * wide, y) for note, y in zip(drawn.layout["annotations"], at, strict=True)]
    assert len(labels) == 24
    assert all(apart(*two) for two in combinations(labels, 2))
    ((points,),) = (drawn.data,)
    rows = [(row - low) / (high - low) * drawn.height for row in points["y"]]
    heights = [(box[1], box[3]) for box in labels]
    assert all(bottom >= row + 4 or top <= row - 4 for bottom, top in heights for row in rows), "a label covers a point"
    assert all(each.title in told for each, told in zip(entries(alike), points["hovertext"], strict=True))


def test_curves_of_equal_runs_have_a_line_of_the_legend_each(twelve: tuple[Entry, ...]) -> None:
    drawn = figures.curves([curve(each, 5) for each in twelve], "Epochs", training=False, choice=twelve[1].run.id)
    named = [trace["name"] for trace in drawn.data if trace["showlegend"]]
    assert len(named) == drawn.legend == 12 and len({*named}) == 12
    assert all(LETTER_PX * len(re.sub("<[^>]*>", "", name)) <= PAGE[0][0] + 8 for name in named), "wider than a phone"
    assert [name.startswith("<b>") for name in named].index(True) == 1
    assert all(any(each.title in trace["hovertemplate"] for trace in drawn.data) for each in twelve)
