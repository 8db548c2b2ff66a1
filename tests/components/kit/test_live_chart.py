"""Live curves: what is sent to the browser, and the library that draws it."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from components.kit import live_chart
from components.kit.feed import Feed
from components.kit.live_chart import Trace, downsample, ensure_plotly, run_traces, summary, x_title
from tests.sweeping import sweep
from transfer_core.types import EpochEnd, Event, Progress, StageStart


def _epoch(stage: str, step: int, *, best: bool = False, val: float | None = 0.9) -> EpochEnd:
    return EpochEnd(
        stage=stage,
        epoch=step,
        step=step,
        train_loss=0.7,
        train_accuracy=0.6,
        val_loss=val,
        val_accuracy=None if val is None else 0.55,
        best=best,
        seconds=1.0,
    )


EVENTS: list[Event] = [
    StageStart(stage="prepare", title="Get ready", number=1, stages=4, unit="image"),
    Progress(what="Reading images", done=5, of=9),
    StageStart(stage="head", title="Fit the head", number=2, stages=4, unit="step of the solver"),
    _epoch("head", 5, best=True),
    StageStart(stage="all", title="Fine-tune", number=3, stages=4),
    Progress(what="Epoch 1", done=1, of=2, steps=(6, 7), losses=(1.5, float("nan"))),
    Progress(what="Epoch 1", done=2, of=2, steps=(8,), losses=(1.2,)),
    _epoch("all", 8, best=True),
    _epoch("all", 11),
    StageStart(stage="test", title="Test", number=4, stages=4, unit="image"),
]


def _fed(events: list[Event]) -> Feed:
    fed = Feed()
    for event in events:
        fed.take(event)
    return fed


def _by_name(traces: tuple[Trace, ...]) -> dict[tuple[str, str], Trace]:
    return {(trace.panel, trace.split): trace for trace in traces}


def test_training_loss_is_per_step_and_the_rest_per_epoch() -> None:
    found = _by_name(run_traces(_fed(EVENTS), "fine_tune_all"))
    assert list(found["loss", "training"].x) == [6, 8], "a loss that is not a number is left out"
    assert list(found["loss", "validation"].x) == [5, 8, 11]
    assert list(found["accuracy", "training"].y) == [0.6, 0.6, 0.6]
    assert list(found["loss", "best"].x) == [8]


def test_a_solver_without_steps_shows_its_loss_per_epoch() -> None:
    found = _by_name(run_traces(_fed([_epoch("head", 5, val=None)]), "linear_probe"))
    assert list(found["loss", "training"].x) == [5]
    assert not len(found["loss", "validation"].x)


def test_a_mark_stands_where_a_further_training_stage_begins() -> None:
    assert [(step, stage.number, stage.title) for step, stage in _fed(EVENTS).marks] == [(5, 3, "Fine-tune")]


@pytest.mark.parametrize(
    ("events", "title"), [(EVENTS, "Step"), (EVENTS[:4], "Step of the solver"), (EVENTS[4:9], "Step"), ([], "Step")]
)
def test_the_axis_says_what_a_step_is(events: list[Event], title: str) -> None:
    assert x_title(_fed(events)) == title


def test_the_summary_says_where_the_curves_stand() -> None:
    assert summary(run_traces(Feed(), "x")) == live_chart.EMPTY
    said = summary(run_traces(_fed(EVENTS), "x"))
    assert "At step 11" in said
    assert "training loss 1.2" in said
    assert "validation accuracy 55.0" in said


def check_downsampled(count: int) -> None:
    x, y = np.arange(count, dtype=float), np.zeros(count)
    if count > 10:
        y[count // 3], y[count // 2] = 9.0, -9.0
    xs, ys = downsample(x, y)
    assert len(xs) == min(count, len(xs)) <= 500
    assert (np.diff(xs) > 0).all()
    if count:
        assert (xs[0], xs[-1]) == (x[0], x[-1])
        assert (ys.max(), ys.min()) == (y.max(), y.min())


def test_downsampling_keeps_ends_and_peaks() -> None:
    sweep(check_downsampled, [(count,) for count in (0, 1, 2, 499, 500, 501, 503, 747, 748, 749, 100_000)])


def test_plotly_is_put_in_place_once_and_mended(tmp_path: Path) -> None:
    target = tmp_path / "static" / "plotly.min.js"
    assert ensure_plotly(target.parent)
    whole, written = target.stat().st_size, target.stat().st_mtime_ns
    assert whole > 1_000_000
    assert ensure_plotly(target.parent)
    assert target.stat().st_mtime_ns == written
    target.write_bytes(b"half a fi")
    assert ensure_plotly(target.parent)
    assert target.stat().st_size == whole
    assert [path.name for path in target.parent.iterdir()] == ["plotly.min.js"]


def test_a_folder_that_cannot_be_written_is_survived(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert not ensure_plotly(tmp_path / "file")


def _page() -> None:
    from components.kit.feed import Feed
    from components.kit.live_chart import run_chart
    from transfer_core.types import Progress

    fed = Feed()
    run_chart(fed, key="empty", strategy="linear_probe")
    fed.take(Progress(what="Epoch 1", done=1, of=2, steps=(1,), losses=(1.5,)))
    run_chart(fed, key="one", strategy="linear_probe", chance=0.1)


def test_it_mounts_without_events_and_with() -> None:
    assert not AppTest.from_function(_page).run().exception
