"""Whether a run is as often right as it says it is: accuracy against confidence, and that in a sentence."""

import streamlit as st

from components.errors.look import mark, points, show, strategy_of, titles_of
from components.kit import text
from components.kit.charts import plot
from transfer_core.presentation import figures
from transfer_core.presentation.entries import entries
from transfer_core.workspace import Comparison, Score


def reliability_view(comparison: Comparison) -> None:
    """The chosen run's calibration in a sentence, all runs' in a table; it and its rival are in the chart at first."""
    st.header("Can confidence be trusted?", anchor=False)
    choice = comparison.verdict.choice
    st.markdown(said(comparison.title(choice), comparison.score(choice)))
    ids = picked = [run.id for run in comparison.runs]
    if len(ids) > 1:
        picked = st.multiselect(
            "Runs in the chart",
            ids,
            default=[run for run in ids if run in (choice, comparison.rival)],
            format_func=titles_of(comparison),
            key=f"errors_reliability_{'_'.join(ids)}",
        )
    drawn = [each for each in entries(comparison) if each.run.id in (picked or [choice])]
    drawn.sort(key=lambda each: each.run.id != choice)  # it lies on top
    chart, beside = st.columns([3, 2], gap="large")
    with chart:
        plot(figures.reliability(drawn), key="errors_reliability")
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


def said(title: str, score: Score) -> str:
    """In plain words, Markdown, whether a run is too sure of itself, and by how much."""
    low, high = score.interval
    gap = 100 * (score.confidence - score.accuracy)
    kept = f"on average it is {text.percent(score.confidence)} sure and {text.percent(score.accuracy)} right"
    name = f"**{text.escape(title)}**"
    if score.sureness == "fitting":
        return f"{name} is about as sure of itself as it should be: {kept}, which does not differ significantly."
    return (
        f"{name} is {score.sureness} of itself, by {abs(gap):.1f} points: {kept} ({100 * low:.1f} to {100 * high:.1f})."
    )
