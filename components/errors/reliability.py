"""Whether a run is as often right as it says it is: accuracy against confidence, and that in a sentence."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from components.errors.look import mark, points, show, strategy_of
from components.kit import canvas, text
from components.kit.palette import NEUTRAL, styles
from transfer_core.types import Comparison, Score

HOVER = "%{hovertext}<extra></extra>"
CHART: dict[str, Any] = {"displayModeBar": False, "doubleClick": "reset", "showTips": False}


def reliability_view(comparison: Comparison, shown: Sequence[str]) -> None:
    """The chosen run's calibration in a sentence, all runs' in a table; `shown` are in the chart at first."""
    choice = comparison.verdict.choice
    st.markdown(said(comparison.title(choice), comparison.score(choice)))
    ids = picked = [run.id for run in comparison.runs]
    if len(ids) > 1:
        titles = {run: text.plain(comparison.title(run)) for run in ids}
        picked = st.multiselect(
            "Runs in the chart",
            ids,
            default=[run for run in ids if run in shown],
            format_func=lambda run: titles.get(run, ""),
            key=f"errors_reliability_{'_'.join(ids)}",
        )
    runs = [run for run in ids if run in picked] or [choice]
    chart, beside = st.columns([3, 2], gap="large")
    with chart:
        figure = reliability(
            [comparison.title(run) for run in runs],
            [strategy_of(comparison, run) for run in runs],
            [comparison.score(run) for run in runs],
        )
        st.plotly_chart(figure, key="errors_reliability", config=CHART)
    with beside:
        show(table(comparison), key="errors_calibration")


def table(comparison: Comparison) -> str:
    """HTML: how sure each run is, how often it is right, and how far the two lie apart."""
    rows = "".join(
        f'<tr><th scope="row">{mark(strategy_of(comparison, score.run))}{text.html(comparison.title(score.run))}</th>'
        f"<td>{text.percent(score.confidence)}</td><td>{text.percent(score.accuracy)}</td>"
        f"<td>{points(score.confidence - score.accuracy)}</td><td>{100 * score.ece:.1f}</td></tr>"
        for score in sorted(comparison.scores, key=lambda score: score.ece)
    )
    ece = "Expected calibration error: how far confidence lies from accuracy on average, in points (Guo et al. 2017)"
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Calibration of all runs"><table class="figures">'
        '<thead><tr><th scope="col">Run</th><th scope="col" title="Mean confidence">sure</th>'
        '<th scope="col" title="Accuracy">right</th><th scope="col" title="Mean confidence minus accuracy, in points">'
        f'too sure</th><th scope="col" title="{ece}">ECE</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def reliability(titles: Sequence[str], strategies: Sequence[str], scores: Sequence[Score]) -> go.Figure:
    """Accuracy of the images of each confidence with its interval, the diagonal, and how many images there are."""
    paper = canvas.blank(
        title="Accuracy by confidence, with 95\u202f% intervals",
        subtitle="On the thin line, confidence keeps what it promises; below it, it promises too much.",
        height=400,
        legend=len(titles),
    )
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06, row_heights=[0.78, 0.22], figure=paper
    )
    figure.add_scatter(
        x=[0, 100], y=[0, 100], mode="lines", line={"color": NEUTRAL, "width": 1.5}, hoverinfo="skip", showlegend=False
    )
    for number, (title, own, score) in enumerate(zip(titles, styles(strategies), scores, strict=True)):
        bins = score.reliability
        x, y = [100 * each.confidence for each in bins], [100 * each.accuracy.value for each in bins]
        name = f"{text.figure(text.short(title, 34))}, ECE {100 * score.ece:.1f} points"
        hover = [
            f"<b>{text.figure(title)}</b><br>{text.count(each.images)} {'image' if each.images == 1 else 'images'}, "
            f"{text.percent(each.confidence)} sure<br>{text.percent(each.accuracy.value)} right "
            f"({100 * each.accuracy.low:.1f} to {100 * each.accuracy.high:.1f})"
            for each in bins
        ]
        figure.add_scatter(
            name=name,
            legendgroup=str(number),
            x=x,
            y=y,
            mode="lines+markers",
            line={"color": own.color, "width": 1.8},
            marker=canvas.marker(own, 10),
            error_y={
                "type": "data",
                "array": [100 * (each.accuracy.high - each.accuracy.value) for each in bins],
                "arrayminus": [100 * (each.accuracy.value - each.accuracy.low) for each in bins],
                "color": own.color,
                "thickness": 1.3,
                "width": 4,
            },
            hovertext=hover,
            hovertemplate=HOVER,
            row=1,
            col=1,
        )
        shift = 8 / max(1, len(scores))
        figure.add_bar(
            legendgroup=str(number),
            showlegend=False,
            x=[10 * int(min(9, 10 * each.confidence)) + 1 + shift * (number + 0.5) for each in bins],
            y=[each.images for each in bins],
            width=shift,
            marker={"color": own.color, "opacity": 0.7, "line": {"width": 0}},
            hovertext=hover,
            hovertemplate=HOVER,
            row=2,
            col=1,
        )
    fonts = {"tickfont": {"color": canvas.INK}, "title_font": {"color": canvas.INK}}
    ticks = {"tickvals": [0, 20, 40, 60, 80, 100], "range": [-1, 102], "zeroline": False} | fonts
    figure.update_xaxes(showgrid=False, **ticks)
    figure.update_xaxes(title_text="Confidence, %", row=2, col=1)
    figure.update_yaxes(title_text="Right, %", row=1, col=1, automargin=True, **ticks)
    figure.update_yaxes(title_text="Images", row=2, col=1, nticks=3, zeroline=False, automargin=True, **fonts)
    return figure


def said(title: str, score: Score) -> str:
    """In plain words, Markdown, whether a run is too sure of itself, and by how much."""
    low, high = score.interval
    gap = 100 * (score.confidence - score.accuracy)
    kept = f"on average it is {text.percent(score.confidence)} sure and {text.percent(score.accuracy)} right"
    name = f"**{text.escape(title)}**"
    if score.sureness == "fitting":
        return f"{name} is about as sure of itself as it should be: {kept}, and chance explains that much."
    return (
        f"{name} is {score.sureness} of itself, by {abs(gap):.1f} points: {kept} ({100 * low:.1f} to {100 * high:.1f})."
    )
