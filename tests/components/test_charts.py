"""Figures for few and many classes, for one run and several: what a reader of them would notice."""

import json
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import pytest

from components import canvas, charts, text
from components.palette import STRATEGY_STYLE, style, styles
from transfer_core.types import EpochEnd, Score

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
    )


SCORES = [_score("a", 0.83), _score("b", 0.903), _score("c", 0.897)]


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
        charts.confusion(NASTY, np.array([[0, 3, 0, 0], [0] * 4, [0] * 4, [0] * 4])),
        charts.top_five([(name, 0.25) for name in NASTY]),
        charts.accuracy_bars(NASTY, ["linear_probe"] * 4, [_score(name, 0.5) for name in NASTY], 0.25),
        charts.accuracy_against_time(NASTY, ["x"] * 4, [_score(name, 0.5) for name in NASTY], [1, 2, 3, 4]),
        charts.curves(NASTY, ["x"] * 4, [_epochs(3)] * 4),
    ],
    ids=["balance", "confusion", "top five", "bars", "time", "curves"],
)
def test_no_name_is_read_as_markup(figure: go.Figure) -> None:
    assert "<b>shoe" not in _words(figure)
    assert "$x" not in _words(figure)
    assert "shoe" in _words(figure)


def test_bars_are_sorted_and_carry_their_intervals() -> None:
    figure = charts.accuracy_bars(TITLES, STRATEGIES, SCORES, 0.1)
    points = [trace for trace in figure.data if isinstance(trace, go.Scatter)]
    assert [round(point.x[0], 1) for point in points] == [90.3, 89.7, 83.0]
    assert points[0].error_x.array[0] == pytest.approx(3)
    assert points[0].error_x.arrayminus[0] == pytest.approx(4)
    assert any("10.0" in note.text and "chance" in note.text for note in figure.layout.annotations)


@pytest.mark.parametrize(
    ("seconds", "axis"), [([4.0, 260.0, 255.0], "log"), ([100.0, 260.0, 255.0], "linear"), ([0.0, 0.0, 0.0], "linear")]
)
def test_time_is_logarithmic_where_runs_differ_tenfold(seconds: Sequence[float], axis: str) -> None:
    figure = charts.accuracy_against_time(TITLES, STRATEGIES, SCORES, seconds)
    assert figure.layout.xaxis.type == axis
    low, high = figure.layout.xaxis.range
    for second in seconds:
        at = np.log10(second) if axis == "log" else second
        assert low <= at <= high


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


def test_confusion_shades_by_row_and_names_the_worst() -> None:
    figure = charts.confusion(["cat", "dog", "cow"], np.array([[8, 2, 0], [1, 9, 0], [0, 0, 0]]))
    heat = figure.data[0]
    assert heat.z[0].tolist() == pytest.approx([0.8, 0.2, 0.0])
    assert heat.z[2].tolist() == [0, 0, 0]
    assert heat.text[0][1] == "2<br>20 %"
    assert "cat is taken for dog" in figure.layout.title.subtitle.text


@pytest.mark.parametrize(("classes", "numbers", "names"), [(17, True, True), (30, False, True), (200, False, False)])
def test_confusion_of_many_classes_stays_readable(classes: int, numbers: bool, names: bool) -> None:
    figure = charts.confusion([f"n{i:08d}" for i in range(classes)], np.eye(classes, dtype=np.int64))
    assert (figure.data[0].text is not None) == numbers
    assert (figure.layout.xaxis.ticktext is not None) == names
    assert figure.layout.height < 1_000
    assert len(figure.to_json()) < 600_000


def test_classes_that_look_the_same_keep_their_own_rows() -> None:
    figure = charts.confusion(["a", "a "], np.eye(2, dtype=np.int64))
    assert len(set(figure.data[0].y)) == 2


def test_curves_have_one_legend_entry_a_run_and_dashed_training() -> None:
    figure = charts.curves(TITLES, STRATEGIES, [_epochs(3), _epochs(2_000), []])
    assert [trace.name for trace in figure.data if trace.showlegend] == TITLES[:2]
    dashes = {trace.line.dash for trace in figure.data if "training" in trace.hovertemplate}
    assert dashes == {"dash"}
    assert max(len(trace.x) for trace in figure.data) <= charts.CURVE_POINTS


def test_every_strategy_has_its_own_symbol_and_colour() -> None:
    known = list(STRATEGY_STYLE.values())
    assert len({mark.symbol for mark in known}) == len({mark.slot for mark in known}) == len(known)
    assert style("not yet known").symbol not in {mark.symbol for mark in known}


def test_runs_of_one_strategy_share_a_colour_and_differ_in_filling() -> None:
    first, second = styles(["fine_tune_all", "fine_tune_all"])
    assert first.color == second.color
    assert first.marker != second.marker
