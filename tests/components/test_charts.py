"""Figures for few and many classes, for one run and several: what a reader of them would notice."""

import json
from collections.abc import Sequence
from typing import get_args

import numpy as np
import plotly.graph_objects as go
import pytest

from components.compare import charts as compare_charts
from components.compare import curves as compare_curves
from components.compare.charts import Entry
from components.compare.curves import Curve
from components.kit import canvas, charts, text
from components.kit.palette import CATEGORICAL, PATHS, STRATEGY_STYLE, style, styles
from transfer_core.strategies.definition import Symbol
from transfer_core.types import Approach, EpochEnd, Interval, Reached, Recipe, Run, Score, front

NASTY = ["<b>shoe</b>", "$x$", "![x](http://evil.test)", "plain"]
TITLES = ["Linear probe", "Fine-tune everything", "Fine-tune everything, seed 3"]
STRATEGIES = ["linear_probe", "fine_tune_all", "fine_tune_all"]


def _score(run: str, accuracy: float) -> Score:
    return Score(
        run=run,
        accuracy=accuracy,
        interval=(accuracy - 0.04, accuracy + 0.03),
        macro_f1=accuracy,
        confusion=np.eye(2, dtype=np.int64),
        images=372,
        log_loss=0.4,
        ece=0.05,
        reliability=(),
    )


def _entries(titles: Sequence[str], strategies: Sequence[str], accuracies: Sequence[float]) -> list[Entry]:
    found = []
    for n, (title, name, mark) in enumerate(zip(titles, strategies, styles(strategies), strict=True)):
        recipe = Recipe(dataset="d", backbone="b", weights="w", strategy=name, version=1)
        times = {"created": 0.0, "started": 0.0, "finished": 0.0}
        run = Run(id=f"r{n}", recipe=recipe, status="done", device="cpu", **times)
        score = _score(run.id, accuracies[n])
        found.append(Entry(run=run, score=score, title=title, mark=mark, number=n + 1))
    return found


THREE = _entries(TITLES, STRATEGIES, [0.903, 0.897, 0.83])
FOUR = _entries(NASTY, ["linear_probe"] * 4, [0.5] * 4)


def _epochs(count: int) -> list[EpochEnd]:
    return [
        EpochEnd(
            stage="all",
            epoch=n + 1,
            step=10 * n,
            train_loss=2.0 / (n + 1),
            train_accuracy=0.5,
            val_loss=2.5 / (n + 1),
            val_accuracy=None if n == 0 else 0.4,
            best=True,
            seconds=float(n),
        )
        for n in range(count)
    ]


def _curve(entry: Entry, count: int) -> Curve:
    return Curve(entry=entry, points=tuple((float(e.epoch), e) for e in _epochs(count)), gradient=True)


def _words(figure: go.Figure) -> str:
    return json.dumps(figure.to_plotly_json(), default=lambda array: array.tolist(), ensure_ascii=False)


def test_class_balance_shows_the_largest_class_first_with_every_split() -> None:
    figure = charts.class_balance(NASTY, [(10, 2, 2), (40, 8, 9), (5, 1, 1), (20, 4, 4)])
    bars = [trace for trace in figure.data if isinstance(trace, go.Bar)]
    assert [bar.name for bar in bars] == ["Train", "Validation", "Test"]
    assert list(bars[0].x) == [40, 20, 10, 5]
    assert figure.layout.yaxis.ticktext[0] == text.figure("$x$")
    assert "5 to 40" in figure.layout.title.text


def test_many_classes_get_no_names_along_the_axis() -> None:
    figure = charts.class_balance([f"n{i}" for i in range(200)], [(i + 1, 1, 1) for i in range(200)])
    assert figure.data[0].orientation == "v"
    assert figure.layout.xaxis.showticklabels is False
    assert figure.layout.height < 600
    assert "n199" in figure.data[0].hovertext[0]


@pytest.mark.parametrize(
    "figure",
    [
        charts.class_balance(NASTY, [(1, 1, 1)] * 4),
        charts.top_five([(name, 0.25) for name in NASTY]),
        compare_charts.forest(FOUR, 0.25, "r0"),
        compare_charts.cost(FOUR, [4, 3, 2, 1], "time", "Cost", "Training time"),
        compare_curves.figure([_curve(each, 3) for each in FOUR], "Epochs", 0.5, training=True),
    ],
    ids=["balance", "top five", "forest", "cost", "curves"],
)
def test_no_name_is_read_as_markup(figure: go.Figure) -> None:
    assert "<b>shoe" not in _words(figure)
    assert "$x" not in _words(figure)
    assert "shoe" in _words(figure)


def _drawn(figure: go.Figure, mode: str) -> list[go.Scatter]:
    return [trace for trace in figure.data if isinstance(trace, go.Scatter) and trace.mode == mode]


def test_the_forest_shows_every_interval_and_marks_the_run_that_is_taken() -> None:
    figure = compare_charts.forest(THREE, 0.8, "r1")
    spans = [(line.x0, line.x1) for line in figure.layout.shapes if line.line.width == 5]
    assert np.allclose(spans, [(86.3, 93.3), (85.7, 92.7), (79, 86)])
    assert list(figure.data[0].x) == pytest.approx([90.3, 89.7, 83.0])
    assert list(figure.data[0].marker.color) == [each.mark.color for each in THREE]
    bold = [note.text for note in figure.layout.annotations if note.text.startswith("<b>") and "%" not in note.text]
    assert len(bold) == 1
    assert "Fine-tune everything" in bold[0]
    low, high = figure.layout.xaxis.range
    assert low < 79 < 80 < 93.3 < high, "chance is near, so it is on the axis"
    assert compare_charts.forest(THREE, 0.1, "r1").layout.xaxis.range[0] > 70, "here it is not"


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


def test_runs_off_the_front_are_faint_and_unnamed() -> None:
    figure = compare_charts.cost(THREE, [4.0, 40.0, 50.0], "time", "Cost", "Training time")
    assert [point.opacity for point in _drawn(figure, "markers")] == [1.0, 0.4, 0.4]
    named = [note.text for note in figure.layout.annotations]
    assert named == ["Linear probe"]


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
def test_costs_are_logarithmic_where_they_differ_tenfold(costs: Sequence[float], kind: str, axis: str) -> None:
    figure = compare_charts.cost(THREE, costs, kind, "Cost", "Cost")
    assert figure.layout.xaxis.type == axis
    low, high = figure.layout.xaxis.range
    for trace in _drawn(figure, "markers"):
        at = np.log10(trace.x[0]) if axis == "log" else trace.x[0]
        assert low <= at <= high
    assert 0 < len(figure.layout.xaxis.tickvals) <= 7


def test_fewer_images_show_both_approaches_with_the_strategy_at_each_size() -> None:
    def reached(images: int, share: float, run: str) -> Reached:
        return Reached(images=images, accuracy=Interval(value=share, low=share - 0.05, high=share + 0.05), run=run)

    approaches = (
        Approach(name="feature extraction", run=None, by_images=(reached(100, 0.6, "a"), reached(1_000, 0.7, "b"))),
        Approach(name="fine-tuning", run=None, by_images=(reached(1_000, 0.9, "c"),)),
    )
    strategies = {"a": "linear_svm", "b": "linear_probe", "c": "fine_tune_all"}
    figure = compare_charts.reach(approaches, strategies)
    symbols = [point.marker.symbol for point in _drawn(figure, "markers")]
    assert symbols == [style(name).marker for name in strategies.values()]
    assert figure.layout.xaxis.type == "log"
    assert [note.text for note in figure.layout.annotations] == ["Feature extraction", "Fine-tuning"]


def test_labels_keep_out_of_each_others_way() -> None:
    points = [(0.3, 0.9), (0.8, 0.92), (0.82, 0.2)]
    places = canvas.place_labels(points, [0.05] * 3, ["Fine-tune the top", "Fine-tune everything", "From scratch"])
    assert places[0]["xanchor"] == "left"
    assert places[1]["yanchor"] == "top"
    assert places[2]["xanchor"] == "right"


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize(("low", "high"), [(0.01, 0.3), (2.0, 400.0), (0.0, 9_000.0), (5.0, 5.5)])
def test_time_ticks_are_few_and_inside(low: float, high: float, log: bool) -> None:
    ticks = canvas.time_ticks(max(low, 0.005), high, log=log)
    assert len(ticks) <= 6
    assert all(low <= tick <= high + 1e-9 for tick in ticks)


def test_curves_have_one_legend_entry_a_run_and_dashed_training() -> None:
    curves = [_curve(each, count) for each, count in zip(THREE, (3, 2_000, 0), strict=True)]
    figure = compare_curves.figure(curves, "Epochs", 0.0, training=True)
    assert [trace.name for trace in figure.data if trace.showlegend] == TITLES[:2]
    dashes = {trace.line.dash for trace in figure.data if "training" in trace.hovertemplate}
    assert dashes == {"dash"}
    assert max(len(trace.x) for trace in figure.data) <= compare_curves.POINTS
    alone = compare_curves.figure(curves, "Epochs", 0.0, training=False)
    assert len(alone.data) == len(figure.data) / 2


def test_smoothing_keeps_the_raw_line_behind_and_does_not_pull_the_start_to_zero() -> None:
    assert compare_curves.smoothed([5.0, 5.0, 5.0], 0.9) == pytest.approx([5, 5, 5])
    assert compare_curves.smoothed([0.0, 1.0], 0.5) == pytest.approx([0, 2 / 3])
    figure = compare_curves.figure([_curve(THREE[0], 5)], "Epochs", 0.9, training=False)
    raw, smooth = figure.data[-2:]  # of the loss
    assert (raw.opacity, raw.showlegend) == (0.25, False)
    assert list(raw.y) == pytest.approx([2.5 / n for n in range(1, 6)])
    assert smooth.y[-1] > raw.y[-1]


def test_a_solvers_many_steps_leave_room_for_epochs() -> None:
    solver = Curve(entry=THREE[1], points=_curve(THREE[1], 100).points, gradient=False)
    figure = compare_curves.figure([_curve(THREE[0], 10), solver], "Epochs", 0.0, training=False)
    assert figure.layout.xaxis.range[1] < 11
    assert compare_curves.figure([solver], "Epochs", 0.0, training=False).layout.xaxis.range is None


def test_every_strategy_has_its_own_symbol_and_colour() -> None:
    known = list(STRATEGY_STYLE.values())
    assert len({mark.symbol for mark in known}) == len(known)
    assert len({mark.slot for mark in known}) == min(len(known), len(CATEGORICAL)), "shared once all are taken"
    assert {*get_args(Symbol), style("not yet known").symbol} == set(PATHS)
    assert style("not yet known").symbol not in {mark.symbol for mark in known}


def test_runs_of_one_strategy_share_a_colour_and_differ_in_filling() -> None:
    first, second = styles(["fine_tune_all", "fine_tune_all"])
    assert first.color == second.color
    assert first.marker != second.marker
