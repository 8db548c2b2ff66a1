"""The curves of several runs over each other, smoothed as far as one likes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from components.compare.charts import Entry
from components.kit import canvas, text
from components.kit.charts import CONFIG
from components.kit.compared import Story, story
from components.kit.guard import fragment
from transfer_core.types import Dataset, EpochEnd, StageStart
from transfer_core.workspace import Workspace

POINTS = 500  # most points of a curve: Plotly blocks the browser in proportion to them
FEW = 4  # up to so many runs training is drawn beside validation from the start
GRADIENT = "epoch"  # the unit of stages that learn by gradient descent; others count steps of a solver

Unit = Literal["Epochs", "Images seen", "Seconds"]
TITLES: dict[Unit, str] = {
    "Epochs": "Epochs; a linear head's solver: steps",
    "Images seen": "Training images seen",
    "Seconds": "Seconds since the run began",
}


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One run on one axis: (x, epoch) each."""

    entry: Entry
    points: tuple[tuple[float, EpochEnd], ...]
    gradient: bool  # counts epochs, not steps of a solver


@fragment
def curves_view(workspace: Workspace, dataset: Dataset, shown: Sequence[Entry]) -> None:
    """The controls and the figure."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        unit: Unit = st.segmented_control(
            "Along", list(TITLES), default="Epochs", key="curves_along", required=True, persist_state="page"
        )
        smoothing = st.slider(
            "Smoothing",
            0.0,
            0.95,
            0.0,
            0.05,
            key="curves_smoothing",
            persist_state="page",
            width=240,
            help="Exponential moving average, corrected for its start. The raw line stays faint behind it.",
        )
        training = st.toggle(
            "Training too", value=len(shown) <= FEW, key=f"curves_training_{len(shown) <= FEW}", persist_state="page"
        )
    found = []
    for each in shown:
        if each.run.members:
            continue  # an ensemble was never trained
        images = workspace.runs.train_images(dataset, each.run)
        if unit != "Images seen" or images is not None:
            events = story(workspace, each.run)
            gradient = any(isinstance(event, StageStart) and event.unit == GRADIENT for event in events)
            found.append(Curve(entry=each, points=placed(events, unit, images or 0), gradient=gradient))
    if not any(curve.points for curve in found):
        st.caption("Folds deal the images anew, so how many each has seen is not known." if not found else NOTHING)
        return
    st.plotly_chart(figure(found, unit, smoothing, training=training), key="curves", config=CONFIG)
    st.caption(SOLVERS[unit])


NOTHING = "These runs have left no curves."
SOLVERS: dict[Unit, str] = {
    "Epochs": "A solver fits linear heads: their curves count its steps, or the strengths it tried, not epochs,"
    " and may go on beyond the edge. Fine-tuning begins with such a head; what that had reached stands at 0.",
    "Images seen": "Epochs times training images. A solver of linear heads looks at the features of all images in each"
    " step, and may go on beyond the edge; what it saw before fine-tuning is not counted.",
    "Seconds": "With the time that reading images and computing features took before the first point.",
}


def placed(events: Story, unit: Unit, images: int) -> tuple[tuple[float, EpochEnd], ...]:
    """Where each epoch of a run, or step of its solver, stands on the axis.

    A run that learns by gradient descent counts these epochs alone; what its head had reached before stands at 0.
    """
    ends: list[tuple[bool, EpochEnd]] = []
    gradient = True
    for event in events:
        if isinstance(event, StageStart):
            gradient = event.unit == GRADIENT
        else:
            ends.append((gradient, event))
    if unit == "Seconds":
        return tuple((end.seconds, end) for _, end in ends)
    epochs = [end for own, end in ends if own]
    first = next((i for i, (own, _) in enumerate(ends) if own), None)
    if first is None:
        counted = list(enumerate((end for _, end in ends), 1))
    else:
        counted = [(0, end) for _, end in ends[:first][-1:]] + list(enumerate(epochs, 1))
    scale = images if unit == "Images seen" else 1
    return tuple((float(number * scale), end) for number, end in counted)


def smoothed(values: Sequence[float], weight: float) -> list[float]:
    """Exponential moving average, corrected for its beginning at 0 as Adam's moments are."""
    average, found = 0.0, []
    for count, value in enumerate(values, 1):
        average = weight * average + (1 - weight) * value
        found.append(average / (1 - weight**count))
    return found


def figure(curves: Sequence[Curve], unit: Unit, smoothing: float, *, training: bool) -> go.Figure:
    """Accuracy over loss; validation solid with symbols, training dashed and light, raw lines faint where smoothed."""
    subtitle = "Solid: validation. Dashed: training." if training else "On the validation images."
    paper = canvas.blank(title="Accuracy and loss", subtitle=subtitle, height=520, legend=len(curves))
    drawn = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.07, figure=paper)
    splits = ("val", "train") if training else ("val",)
    for curve in curves:
        told = False
        for row, name, scale in ((1, "accuracy", 100.0), (2, "loss", 1.0)):
            for split in splits:
                points = [(x, scale * v) for x, e in curve.points if (v := getattr(e, f"{split}_{name}")) is not None]
                if not points:
                    continue
                if smoothing and len(points) > 1:
                    drawn.add_trace(_raw(curve.entry, points, split), row=row, col=1)
                    points = list(zip([x for x, _ in points], smoothed([y for _, y in points], smoothing), strict=True))
                drawn.add_trace(_line(curve.entry, points, split, name, unit, legend=not told), row=row, col=1)
                told = True
    ink = {"color": canvas.INK}
    drawn.update_xaxes(showgrid=False, rangemode="tozero", tickfont=ink, title_font=ink, zeroline=False)
    drawn.update_xaxes(title_text=TITLES[unit], row=2, col=1)
    drawn.update_xaxes(tickformat=",")
    drawn.update_yaxes(zeroline=False, tickfont=ink, title_font=ink, automargin=True)
    drawn.update_yaxes(title_text="Accuracy, %", row=1, col=1)
    drawn.update_yaxes(title_text="Loss", rangemode="tozero", row=2, col=1)
    own = [curve.points[-1][0] for curve in curves if curve.points and curve.gradient]
    if unit != "Seconds" and own and max(curve.points[-1][0] for curve in curves if curve.points) > max(own):
        drawn.update_xaxes(range=[0, 1.04 * max(own)])  # a solver's many steps would leave epochs no room
    drawn.update_layout(dragmode="zoom", hovermode="closest")
    return drawn


def _thinned(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    return points[:: -(-len(points) // POINTS)]


def _group(entry: Entry) -> str:
    return f"run {entry.number}"


def _raw(entry: Entry, points: Sequence[tuple[float, float]], split: str) -> go.Scatter:
    kept = _thinned(points)
    return go.Scatter(
        x=[x for x, _ in kept],
        y=[y for _, y in kept],
        mode="lines",
        line={"color": entry.mark.color, "width": 1, "dash": "solid" if split == "val" else "dash"},
        opacity=0.25,
        hoverinfo="skip",
        showlegend=False,
        legendgroup=_group(entry),
    )


def _line(
    entry: Entry, points: Sequence[tuple[float, float]], split: str, name: str, unit: Unit, *, legend: bool
) -> go.Scatter:
    kept, validation = _thinned(points), split == "val"
    title, percent = text.figure(entry.title), " %" if name == "accuracy" else ""
    place = {"Epochs": "at %{x:,}", "Images seen": "after %{x:,} images", "Seconds": "after %{x:.1f} s"}[unit]
    words = "validation" if validation else "training"
    return go.Scatter(
        name=text.figure(text.short(entry.title, 44)),
        legendgroup=_group(entry),
        showlegend=legend,
        opacity=1.0 if validation else 0.55,
        x=[x for x, _ in kept],
        y=[y for _, y in kept],
        mode="lines+markers" if validation else "lines" if len(kept) > 1 else "markers",
        line={
            "color": entry.mark.color,
            "width": 2.2 if validation else 1.5,
            "dash": "solid" if validation else "dash",
        },
        marker={**canvas.marker(entry.mark, 7), "maxdisplayed": 12},
        hovertemplate=f"<b>{title}</b>, {words} {name}<br>{place}: %{{y:.4~g}}{percent}<extra></extra>",
    )
