"""Curves that move while a run trains, and keep the zoom and the hidden legend entries across updates."""

import math
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import streamlit as st

from components import text
from components.palette import style
from transfer_core.types import EpochEnd, Event, Floats, Progress, StageStart

HERE = Path(__file__)
STATIC = HERE.parent.parent / "static"
POINTS = 500  # most points of a curve: Plotly blocks the browser in proportion to them
EMPTY = "The first step has not finished yet."
LOST = (
    "The curves cannot be drawn: the server does not have static/plotly.min.js. Training goes on. "
    "Restart Graft with make app, then reload this page."
)

HTML = """
<figure class="graft-live">
  <button type="button" hidden>Reset zoom</button>
  <div class="graft-live-plot" role="img"></div>
  <p class="graft-live-note" role="status"></p>
</figure>
"""
mount = st.components.v2.component(
    "graft_live_chart",
    html=HTML,
    css=HERE.with_suffix(".css").read_text(),
    js=HERE.with_suffix(".js").read_text(),
    isolate_styles=False,
)


@dataclass(frozen=True, kw_only=True)
class Trace:
    """One curve, or the marked best point. `split` decides the line: training dashed and light, validation solid."""

    name: str  # in the legend
    group: str  # curves of one group are hidden and shown together
    panel: Literal["loss", "accuracy"]
    split: Literal["training", "validation", "best", "ended"]  # ended: of a candidate that is out of a race
    strategy: str
    x: Sequence[float]
    y: Sequence[float]  # accuracies as fractions
    part: int = 0  # a curve with gaps comes in several parts


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Where a stage begins, on the curves' own axis."""

    x: float
    title: str


def ensure_plotly(folder: Path = STATIC) -> bool:
    """Put the installed plotly's plotly.min.js where the server serves it, unless it lies there; whether it does now.

    A folder that cannot be written is no error here: the chart says what it lacks, and the rest of the page works.
    """
    source = Path(str(files("plotly"))) / "package_data" / "plotly.min.js"
    target = folder / "plotly.min.js"
    if target.exists() and target.stat().st_size == source.stat().st_size:
        return True
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as aside:
            os.replace(shutil.copyfile(source, Path(aside) / target.name), target)
    except OSError:
        return False
    return True


def run_chart(
    events: Sequence[tuple[int, float, Event]], *, key: str, strategy: str, chance: float | None = None
) -> None:
    """The curves of one run from its events (number, time, event), as `Workspace.events` gives them."""
    found = [event for _, _, event in events]
    traces = run_traces(found, strategy)
    live_chart(traces, marks=stage_marks(found), x_title=x_title(found), chance=chance, key=key)


def live_chart(
    traces: Sequence[Trace],
    *,
    key: str,
    x_title: str = "Step",
    marks: Sequence[Mark] = (),
    chance: float | None = None,
    single: str = "",
    said: str = "",
) -> None:
    """Loss and accuracy side by side, one over the other where it is narrow. `key` stays the same across updates.

    `chance` is the accuracy of guessing, a fraction: a thin line. With `single` there is accuracy alone, under that
    heading; `said` replaces the summary in words.
    """
    mount(
        key=key,
        data={
            "key": key,
            "traces": [_drawn(trace) for trace in traces if len(trace.x)],
            "marks": [{"x": mark.x, "title": text.figure(text.short(mark.title, 30))} for mark in marks],
            "chance": None if chance is None else 100 * chance,
            "x_title": text.figure(x_title),
            "summary": said or summary(traces),
            "single": text.figure(single),
            "empty": EMPTY,
            "lost": LOST,
            "base": str(st.get_option("server.baseUrlPath") or "").strip("/"),
        },
    )


def run_traces(events: Sequence[Event], strategy: str) -> tuple[Trace, ...]:
    """Training loss per step where it is known, else per epoch; the rest per epoch; and the best epoch so far."""
    progress = [event for event in events if isinstance(event, Progress)]
    epochs = [event for event in events if isinstance(event, EpochEnd)]
    steps = [(float(s), v) for event in progress for s, v in zip(event.steps, event.losses, strict=True)]
    found = []
    for panel in ("loss", "accuracy"):
        for split, field in (("training", f"train_{panel}"), ("validation", f"val_{panel}")):
            points = [(float(e.step), value) for e in epochs if (value := getattr(e, field)) is not None]
            if panel == "loss" and split == "training" and steps:
                points = steps
            found.append(_trace(panel, split, strategy, points))
        best = [(float(e.step), value) for e in epochs if e.best and (value := getattr(e, f"val_{panel}")) is not None]
        found.append(_trace(panel, "best", strategy, best[-1:]))
    return tuple(found)


def _trace(panel: Any, split: Any, strategy: str, points: Sequence[tuple[float, float]]) -> Trace:
    finite = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]
    return Trace(
        name={"training": "Training", "validation": "Validation", "best": "Best so far"}[split],
        group=split,
        panel=panel,
        split=split,
        strategy=strategy,
        x=[x for x, _ in finite],
        y=[y for _, y in finite],
    )


def stage_marks(events: Sequence[Event]) -> tuple[Mark, ...]:
    """Where each further stage that has curves of its own begins."""
    marks, last, begun = [], 0, None
    for event in events:
        if isinstance(event, StageStart):
            begun = Mark(x=last, title=event.title)
        steps = event.steps if isinstance(event, Progress) else (event.step,) if isinstance(event, EpochEnd) else ()
        if steps:
            if begun is not None:
                marks.append(begun)
                begun = None
            last = max(last, *steps)
    return tuple(marks[1:])


def x_title(events: Sequence[Event]) -> str:
    """What a step is: of one solver, or of training where there are several."""
    ended = {event.stage for event in events if isinstance(event, EpochEnd)}
    units = {event.unit for event in events if isinstance(event, StageStart) and event.stage in ended}
    unit = units.pop() if len(units) == 1 else "epoch"
    return "Step" if unit == "epoch" else unit.capitalize()


def summary(traces: Sequence[Trace]) -> str:
    """What the curves say now, in words, for those who do not see them."""
    said = []
    for trace in traces:
        if trace.split == "best" or not len(trace.y):
            continue
        value = text.percent(trace.y[-1]) if trace.panel == "accuracy" else f"{trace.y[-1]:.3g}"
        said.append(f"{trace.name.lower()} {trace.panel} {value}")
    step = max((trace.x[-1] for trace in traces if len(trace.x)), default=0)
    return f"Curves of loss and accuracy. At step {step:.0f}: {', '.join(said)}." if said else EMPTY


def downsample(x: Sequence[float], y: Sequence[float], most: int = POINTS) -> tuple[Floats, Floats]:
    """At most `most` points of a curve (N,): in each stretch the lowest and the highest, so that no peak is lost."""
    xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if len(xs) <= most:
        return xs, ys
    stretches = (most - 2) // 2  # the first and the last point stay
    edges = np.linspace(1, len(xs) - 1, stretches + 1).astype(np.int64)
    kept = {0, len(xs) - 1}
    for begin, end in pairwise(edges.tolist()):
        kept |= {begin + int(ys[begin:end].argmin()), begin + int(ys[begin:end].argmax())}
    rows = np.array(sorted(kept))
    return xs[rows], ys[rows]


def _drawn(trace: Trace) -> dict[str, Any]:
    """A trace as the browser gets it: five digits a number."""
    x, y = downsample(trace.x, trace.y)
    mark = style(trace.strategy)
    scale = 100.0 if trace.panel == "accuracy" else 1.0
    return {
        "id": f"{trace.panel}-{trace.group}-{trace.part}",  # Plotly makes a CSS selector of it
        "name": text.figure(trace.name),
        "group": trace.group,
        "panel": trace.panel,
        "split": trace.split,
        "slot": mark.slot,
        "symbol": mark.symbol,
        "x": x.tolist(),
        "y": [float(f"{scale * value:.5g}") for value in y],
    }
