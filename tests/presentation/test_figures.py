"""Figures for few and many classes, for one run and several: what a reader of them would notice."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from tests.presentation.drawn import (
    CROSSING,
    FORECAST,
    FOUR,
    NASTY,
    TEST,
    THREE,
    TITLES,
    compared,
    curve,
    epochs,
    score,
)
from transfer_core.compare.compared import Approach, Comparison, Interval, Reached
from transfer_core.presentation import figures
from transfer_core.presentation.figures import Curve, Figure
from transfer_core.presentation.figures.cost import front
from transfer_core.presentation.figures.curves import POINTS
from transfer_core.presentation.marks import mark_of
from transfer_core.presentation.theme import DARK, LIGHT, painted
from transfer_core.types import DepthPoint, StageStart
from transfer_core.words import in_figure

TAPS = {"stem": "stem, 32 channels", "stage1": "stage 1 of 4, 64 channels", "x": NASTY[0]}
DEPTH = [DepthPoint(tap=tap, accuracy=0.5, low=0.4, high=0.6) for tap in TAPS]


def reached(images: int, share: float, run: str) -> Reached:
    return Reached(images=images, accuracy=Interval(value=share, low=share - 0.05, high=share + 0.05), run=run)


APPROACHES = (
    Approach(name="feature extraction", run=None, by_images=(reached(100, 0.6, "a"), reached(1_000, 0.7, "b"))),
    Approach(name="fine-tuning", run=None, by_images=(reached(1_000, 0.9, "c"),)),
)
USED = {"a": "linear_svm", "b": "linear_probe", "c": "fine_tune_all"}
DRAWN: dict[str, Figure] = {
    "balance": figures.class_balance(NASTY, [(1, 1, 1)] * 4),
    "top five": figures.top_five([(name, 0.25) for name in NASTY]),
    "forest": figures.forest(FOUR, compared(NASTY, ["linear_probe"] * 4, [0.5] * 4)),
    "versus": figures.versus(FOUR, compared(NASTY, ["linear_probe"] * 4, [0.5] * 4)),
    "cost": figures.cost(FOUR, [4, 3, 2, 1], "time", "Cost", "Training time", every_name=True),
    "curves": figures.curves([curve(each, 3) for each in FOUR], "Epochs", 0.5, training=True),
    "reliability": figures.reliability(FOUR),
    "depth": figures.measured_depth(DEPTH, TAPS, 0.25),
    "reach": figures.reach(APPROACHES, USED),
    "learning curves": figures.learning_curves(FORECAST, CROSSING),
    "rates": figures.rates(TEST, 0.001, "frozen_head"),
}


def colors(value: Any) -> set[str]:
    """All that stands under a name that ends in "color"."""
    if isinstance(value, list):
        return set().union(*map(colors, value))
    if not isinstance(value, dict):
        return set()
    found = set()
    for name, each in value.items():
        found |= ({each} if isinstance(each, str) else set(each)) if name.endswith("color") else colors(each)
    return found


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_is_plain_json_that_plotly_takes_in_the_colours_of_either_theme(name: str) -> None:
    for figure in (DRAWN[name].titled(), DRAWN[name].bare()):
        assert json.loads(json.dumps(figure, allow_nan=False)) == figure
        for theme in (LIGHT, DARK):
            go.Figure(painted(figure, theme.colors))  # raises for what Plotly does not know
            assert colors(figure) - {"rgba(0,0,0,0)"} <= theme.colors.keys()
    assert "title" not in DRAWN[name].bare()["layout"] and not DRAWN[name].bare()["layout"]["showlegend"]
    assert DRAWN[name].titled()["layout"]["title"]["text"]


@pytest.mark.parametrize("name", ["balance", "top five", "forest", "versus", "cost", "curves", "reliability", "depth"])
def test_no_name_is_read_as_markup_or_as_a_colour(name: str) -> None:
    said = json.dumps(painted(DRAWN[name].titled(), LIGHT.colors), ensure_ascii=False)
    assert "<b>shoe" not in said and "$x" not in said and "shoe" in said
    assert name == "depth" or "c0" in said, "a class or run of that name keeps it"


def test_class_balance_shows_the_largest_class_first_with_every_split() -> None:
    figure = figures.class_balance(NASTY, [(10, 2, 2), (40, 8, 9), (5, 1, 1), (20, 4, 4)])
    bars = [trace for trace in figure.data if trace["type"] == "bar"]
    assert [bar["name"] for bar in bars] == ["Train", "Validation", "Test"]
    assert bars[0]["x"] == [40, 20, 10, 5]
    assert figure.layout["yaxis"]["ticktext"][0] == in_figure("$x$")
    assert "5 to 40" in figure.title


def test_many_classes_get_no_names_along_the_axis() -> None:
    figure = figures.class_balance([f"n{i}" for i in range(200)], [(i + 1, 1, 1) for i in range(200)])
    assert figure.data[0]["orientation"] == "v" and figure.layout["xaxis"]["showticklabels"] is False
    assert figure.titled()["layout"]["height"] < 600 and "n199" in figure.data[0]["hovertext"][0]


def points(figure: Figure, mode: str = "markers") -> list[dict[str, Any]]:
    return [trace for trace in figure.data if trace.get("mode") == mode]


def spans(figure: Figure) -> list[tuple[float, float]]:
    return [(line["x0"], line["x1"]) for line in figure.layout["shapes"] if line["line"]["width"] == 5]


def with_constant(accuracy: float) -> Comparison:
    """The second of three runs is taken; always answering the same has this accuracy."""
    found = compared()
    return replace(found, constant=replace(found.constant, score=score("constant", accuracy)))


def bold(figure: Figure) -> list[str]:
    return [note["text"] for note in figure.layout["annotations"] if note["text"].startswith("<b>")]


def test_the_forest_shows_every_interval_and_marks_the_run_that_is_taken() -> None:
    figure = figures.forest(THREE, with_constant(0.8))
    assert np.allclose(spans(figure), [(86.3, 93.3), (85.7, 92.7), (79, 86)])
    assert figure.data[0]["x"] == pytest.approx([90.3, 89.7, 83.0])
    assert figure.data[0]["marker"]["color"] == [each.mark.color for each in THREE]
    names = [text for text in bold(figure) if "%" not in text]
    assert len(names) == 1 and "Fine-tune everything" in names[0]
    low, high = figure.layout["xaxis"]["range"]
    assert low < 79 < 80 < 93.3 < high, "what is always answered is near, so it is on the axis"
    assert "Always “a” is the line: 80.0" in figure.told
    far = figures.forest(THREE, with_constant(0.1))
    assert far.layout["xaxis"]["range"][0] > 70 and "Always “a” has 10.0" in far.told, "here it is not"


def test_leads_are_those_over_the_chosen_run_and_pale_where_not_significant() -> None:
    figure = figures.versus(THREE, compared())
    assert figure.data[0]["x"] == pytest.approx([0.6, 0.0, -6.7])
    assert np.allclose(spans(figure), [(-1.4, 2.6), (0, 0), (-8.7, -4.7)])
    assert figure.data[0]["marker"]["opacity"] == [0.5, 1.0, 1.0]
    assert [note["text"] for note in figure.layout["annotations"][1::2]] == ["+0.6", "chosen", "<b>−6.7</b>"]


@pytest.mark.parametrize(
    ("costs", "accuracies", "found"),
    [
        ([1, 2, 3], [0.5, 0.6, 0.7], [0, 1, 2]),
        ([3, 2, 1], [0.5, 0.6, 0.7], [2]),
        ([1, 1, 2], [0.5, 0.6, 0.6], [1]),  # of equal costs the more accurate, of equal accuracies the cheaper
        ([2, 1, 4, 3], [0.6, 0.5, 0.9, 0.55], [1, 0, 2]),
    ],
)
def test_the_front_is_what_nothing_beats_at_both(
    costs: Sequence[float], accuracies: Sequence[float], found: list[int]
) -> None:
    assert front(costs, accuracies) == found


def test_runs_off_the_front_are_faint_and_unnamed_unless_there_is_no_hover() -> None:
    figure = figures.cost(THREE, [4.0, 40.0, 50.0], "time", "Cost", "Training time")
    assert [point["opacity"] for point in points(figure)] == [1.0, 0.4, 0.4]
    assert [note["text"] for note in figure.layout["annotations"]] == ["Linear probe"]
    bars = points(figure)[0]["error_y"]
    assert bars["array"] == pytest.approx([3.0]) and bars["arrayminus"] == pytest.approx([4.0])
    printed = figures.cost(THREE, [4.0, 40.0, 50.0], "time", "Cost", "Training time", every_name=True)
    assert len(printed.layout["annotations"]) == 3


@pytest.mark.parametrize(
    ("costs", "kind", "axis"),
    [
        ([4.0, 260.0, 255.0], "time", "log"),
        ([100.0, 260.0, 255.0], "time", "linear"),
        ([0.0, 0.0, 0.0], "time", "linear"),
        ([2e6, 2e7, 3e7], "memory", "log"),
        ([2e7, 2e7, 2e7], "memory", "linear"),
    ],
)
def test_costs_are_logarithmic_where_they_differ_tenfold(costs: Sequence[float], kind: Any, axis: str) -> None:
    across = figures.cost(THREE, costs, kind, "Cost", "Cost")
    assert across.layout["xaxis"]["type"] == axis
    low, high = across.layout["xaxis"]["range"]
    for trace in points(across):
        assert low <= (np.log10(trace["x"][0]) if axis == "log" else trace["x"][0]) <= high
    assert 0 < len(across.layout["xaxis"]["tickvals"]) <= 7


def test_fewer_images_show_both_approaches_with_the_strategy_at_each_size() -> None:
    figure = DRAWN["reach"]
    assert [point["marker"]["symbol"] for point in points(figure)] == [mark_of(name).marker for name in USED.values()]
    assert figure.layout["xaxis"]["type"] == "log" and figure.layout["xaxis"]["ticktext"] == ["100", "1,000"]
    assert [note["text"] for note in figure.layout["annotations"]] == ["Feature extraction", "Fine-tuning"]


def test_curves_have_one_legend_entry_a_run_and_dashed_training() -> None:
    shown = [curve(each, count) for each, count in zip(THREE, (3, 2_000, 0), strict=True)]
    figure = figures.curves(shown, "Epochs", training=True)
    assert [trace["name"] for trace in figure.data if trace["showlegend"]] == list(TITLES[:2])
    assert {trace["line"]["dash"] for trace in figure.data if trace["meta"] == "train"} == {"dash"}
    assert {trace["legendgroup"] for trace in figure.data} == {"r0", "r1"}, "by which a report hides a run"
    assert max(len(trace["x"]) for trace in figure.data) <= POINTS
    assert len(figures.curves(shown, "Epochs", training=False).data) == len(figure.data) / 2


def test_smoothing_keeps_the_raw_line_behind_and_does_not_pull_the_start_to_zero() -> None:
    assert figures.smoothed([5.0, 5.0, 5.0], 0.9) == pytest.approx([5, 5, 5])
    assert figures.smoothed([0.0, 1.0], 0.5) == pytest.approx([0, 2 / 3])
    raw, smooth = figures.curves([curve(THREE[0], 5)], "Epochs", 0.9, training=False).data[-2:]  # of the loss
    assert (raw["opacity"], raw["showlegend"]) == (0.25, False)
    assert raw["y"] == pytest.approx([2.5 / n for n in range(1, 6)], abs=1e-5)
    assert smooth["y"][-1] > raw["y"][-1]


def test_a_solvers_many_steps_leave_room_for_epochs() -> None:
    solver = curve(THREE[1], 100, gradient=False)
    both = figures.curves([curve(THREE[0], 10), solver], "Epochs", training=False)
    assert both.layout["xaxis2"]["range"][1] < 11
    assert "range" not in figures.curves([solver], "Epochs", training=False).layout["xaxis2"]


def test_epochs_are_counted_apart_from_the_steps_of_a_solver() -> None:
    first, *_, last = epochs(5, stages=2)
    solver = StageStart(stage="stage 0", title="", number=1, stages=2, unit="step")
    tuned = [solver, first, first, StageStart(stage="stage 1", title="", number=2, stages=2), last, last]
    assert [x for x, _ in figures.curve(THREE[0], tuned, "Epochs").points] == [0, 1, 2]
    assert [x for x, _ in figures.curve(THREE[0], tuned, "Images seen", images=40).points] == [0, 40, 80]
    assert [x for x, _ in figures.curve(THREE[0], tuned, "Seconds").points] == [0, 0, 4, 4]
    assert [x for x, _ in figures.curve(THREE[0], tuned[:3], "Epochs").points] == [1, 2]


def test_over_time_no_line_joins_two_stages_and_moments_are_round() -> None:
    story = [StageStart(stage="stage 0", title="", number=1, stages=2), *epochs(30, stages=2)]
    made = figures.curve(THREE[0], story, "Seconds")
    assert made.gradient and made.points[5][0] == 5.0
    over = figures.curves([made], "Seconds", training=False)
    assert over.data[1]["x"].count(None) == over.data[1]["y"].count(None) == 1
    assert over.layout["xaxis2"]["type"] == "log" and "20\u202fs" in over.layout["xaxis2"]["ticktext"]
    counted: Curve = figures.curve(THREE[0], story, "Images seen", images=100)
    assert (
        counted.points[-1][0] == 3_000 and None not in figures.curves([counted], "Epochs", training=False).data[1]["x"]
    )


def test_one_wild_loss_does_not_flatten_the_rest() -> None:
    def top(count: int) -> float:
        axis = figures.curves([curve(THREE[0], count)], "Epochs", training=False).layout["yaxis2"]
        return float(axis["range"][1]) if "range" in axis else np.inf

    assert top(200) < 1.2 and top(3) == np.inf, "where losses fall by a little each counts"


def test_few_runs_have_their_intervals_and_of_many_the_first_alone() -> None:
    few = [trace for trace in figures.reliability(THREE).data if "error_y" in trace]
    assert [trace["legendgroup"] for trace in few] == ["r2", "r1", "r0"], "the first lies on top"
    assert few[-1]["y"] == pytest.approx([90.3] * 3)
    many = figures.reliability(FOUR)
    lines = [trace for trace in many.data if trace.get("legendgroup") and trace["type"] == "scatter"]
    assert ["error_y" in trace for trace in lines] == [False, False, False, True]
    assert [len(trace["x"]) for trace in lines] == [2, 2, 2, 3], "without an interval no point of two images"
    counts = [trace for trace in many.data if trace["type"] == "bar"]
    assert all(sum(bars["y"]) == score("r", 0.5).images for bars in counts)


def test_the_best_layer_is_marked_and_chance_is_a_line() -> None:
    figure = figures.depth([("stem", 0.3), ("stage1", 0.6)], TAPS, "stage1", 0.25)
    assert figure.data[0]["x"] == ["stem", "stage 1"] and figure.data[0]["marker"]["size"] == [8, 13]
    assert figure.data[1]["text"] == ["30.0", "<b>60.0</b>"] and not figure.data[0]["error_y"]["visible"]
    assert figure.layout["shapes"][0]["y0"] == 25


def test_learning_curves_are_dashed_beyond_what_was_measured_and_say_what_there_is() -> None:
    lines = [trace for trace in points(DRAWN["learning curves"], "lines") if "dash" in trace["line"]]
    assert [line["line"]["dash"] for line in lines] == ["solid", "dash"] * 2
    assert max(lines[0]["x"]) <= 500 < max(lines[1]["x"])
    shapes = DRAWN["learning curves"].layout["shapes"]
    assert [shape["type"] for shape in shapes] == ["line", "rect", "line"]
    assert DRAWN["learning curves"].layout["annotations"][0]["text"] == "you have 500"


def test_rates_that_are_spoken_of_have_their_lines() -> None:
    told = {note["text"] for note in DRAWN["rates"].layout["annotations"]}
    assert told == {"by rule 0.001", "by this test 0.0004", "in the form 0.02", "diverges", "guessing"}
    nothing = figures.rates(replace(TEST, own=0.001, suggested=None, diverges_from=None), 0.001, "frozen_head")
    assert {note["text"] for note in nothing.layout["annotations"]} == {"by rule 0.001", "guessing"}
