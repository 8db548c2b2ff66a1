"""Curves that move while a run trains, and keep the zoom and the hidden legend entries across updates."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import numpy as np
import streamlit as st

from components.kit import text
from components.kit.drawn import component
from components.kit.feed import PANELS, Feed
from transfer_core.presentation.marks import mark_of
from transfer_core.types import Floats

STATIC = Path(__file__).parents[2] / "static"
Numbers = Sequence[float] | Floats
POINTS = 500  # most points of a curve: Plotly blocks the browser in proportion to them
NAMES = {"training": "Training", "validation": "Validation", "best": "Kept", "judge": "Validation, calibrated"}
EMPTY = "The first step has not finished yet."
LOST = (
    "The curves cannot be drawn: the server does not have static/plotly.min.js. Training goes on. "
    "Restart Graft with make app, then reload this page."
)

HTML = """
<figure class="graft-live">
  <button type="button" hidden>Reset zoom</button>
  <div class="graft-live-plot" role="img"></div>
  <p class="graft-live-stages"></p>
  <p class="graft-live-note" role="status"></p>
</figure>
"""
mount = component("graft_live_chart", HTML, beside=__file__, isolate_styles=False)


@dataclass(frozen=True, kw_only=True)
class Trace:
    """One curve, or the marked best point. `split` decides the line: training dashed and light, validation solid."""

    name: str  # in the legend
    group: str  # curves of one group are hidden and shown together
    panel: Literal["loss", "accuracy"]
    # best: the network that is kept; judge: the loss by which it is; ended: of a candidate that is out of a race
    split: Literal["training", "validation", "best", "judge", "ended"]
    strategy: str
    x: Numbers
    y: Numbers  # accuracies as fractions
    part: int = 0  # a curve with gaps comes in several parts


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Where a stage begins, on the curves' own axis."""

    x: float
    title: str
    number: int  # stands for the title where there is no room for it


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


def run_chart(seen: Feed, *, key: str, strategy: str, chance: float | None = None) -> None:
    """The curves of one run."""
    marks = [Mark(x=step, title=stage.title, number=stage.number) for step, stage in seen.marks]
    live_chart(run_traces(seen, strategy), marks=marks, x_title=x_title(seen), chance=chance, key=key)


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
            "marks": [
                {"x": mark.x, "title": text.figure(text.short(mark.title, 40)), "number": mark.number} for mark in marks
            ],
            "chance": None if chance is None else 100 * chance,
            "x_title": text.figure(x_title),
            "summary": said or summary(traces),
            "single": text.figure(single),
            "empty": EMPTY,
            "lost": LOST,
            "base": str(st.get_option("server.baseUrlPath") or "").strip("/"),
        },
    )


def run_traces(seen: Feed, strategy: str) -> tuple[Trace, ...]:
    """Training loss per step where known, else per epoch; the rest per epoch; what is kept; the loss that decides."""
    found = []
    for panel in PANELS:
        training = (panel == "loss" and seen.steps) or seen.curves["train", panel]
        curves = {"training": training, "validation": seen.curves["val", panel], "best": seen.best[panel]}
        if panel == "loss" and seen.judge:
            curves["judge"] = seen.judge
        for split, curve in curves.items():
            told: dict[str, Any] = {"name": NAMES[split], "group": split, "panel": panel, "split": split}
            x, y = curve.points
            found.append(Trace(**told, strategy=strategy, x=x, y=y))
    return tuple(found)


def x_title(seen: Feed) -> str:
    """What a step is: of one solver, or of training where there are several."""
    return "Step" if seen.unit == "epoch" else seen.unit.capitalize()


def summary(traces: Sequence[Trace]) -> str:
    """What the curves say now, in words, for those who do not see them."""
    said = []
    for trace in traces:
        if trace.split in ("best", "judge") or not len(trace.y):
            continue
        value = text.percent(trace.y[-1]) if trace.panel == "accuracy" else f"{trace.y[-1]:.3g}"
        said.append(f"{trace.name.lower()} {trace.panel} {value}")
    step = max((trace.x[-1] for trace in traces if len(trace.x)), default=0)
    return f"Curves of loss and accuracy. At step {step:.0f}: {', '.join(said)}." if said else EMPTY


def downsample(x: Numbers, y: Numbers, most: int = POINTS) -> tuple[Floats, Floats]:
    """At most `most` points of a curve (N,): in each stretch the lowest and the highest, so that no peak is lost."""
    xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if len(xs) <= most:
        return xs, ys
    inner = len(xs) - 2  # the first and the last point stay
    length = -(-inner // ((most - 2) // 2))  # of a stretch; the last one may be shorter
    whole = inner // length * length
    stretches = ys[1 : 1 + whole].reshape(-1, length)  # (N,) -> (stretches, length)
    begins = np.arange(1, 1 + whole, length)
    rows = [[0, len(xs) - 1], begins + stretches.argmin(axis=1), begins + stretches.argmax(axis=1)]
    if whole < inner:
        rest = ys[1 + whole : -1]
        rows.append([1 + whole + int(rest.argmin()), 1 + whole + int(rest.argmax())])
    kept = np.unique(np.concatenate(rows))
    return xs[kept], ys[kept]


def _drawn(trace: Trace) -> dict[str, Any]:
    """A trace as the browser gets it: five digits a number."""
    x, y = downsample(trace.x, trace.y)
    mark = mark_of(trace.strategy)
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
        "y": [float(f"{value:.5g}") for value in (scale * y).tolist()],
    }
