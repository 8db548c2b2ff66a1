"""What accuracy costs: time, memory or size, and which runs are not beaten at both."""

from collections.abc import Sequence

import streamlit as st

from components.kit import text
from components.kit.buttons import choice
from components.kit.charts import plot, symbol_uri
from components.kit.drawn import drawn
from components.kit.guard import fragment
from components.kit.runs import points, significance
from transfer_core.presentation import figures
from transfer_core.presentation.entries import Entry
from transfer_core.presentation.figures.cost import Cost as Kind
from transfer_core.presentation.figures.cost import front
from transfer_core.types import Run
from transfer_core.workspace import Comparison, Workspace

TIME, MEMORY, SIZE = "Training time", "Peak memory", "Model size"
TITLES = {
    TIME: "Test accuracy against training time",
    MEMORY: "Test accuracy against memory while training",
    SIZE: "Test accuracy against the size of the model",
}
MISSING = {TIME: "without a measured time", MEMORY: "without a measured memory", SIZE: "without a model file"}


@fragment
def cost_view(workspace: Workspace, comparison: Comparison, shown: Sequence[Entry]) -> None:
    """The front in words, as a chart, and as a list."""
    cost = choice("Cost", TITLES, "cost_kind", default=TIME, persist_state="page")
    kind: Kind = "time" if cost == TIME else "memory"
    spent = [_spent(workspace, each.run, cost) for each in shown]
    known = [(each, value) for each, value in zip(shown, spent, strict=True) if value is not None]
    if not known:
        st.caption(f"All runs here are {MISSING[cost]}.")
        return
    runs, costs = [each for each, _ in known], [value for _, value in known]
    ahead = front(costs, [each.score.accuracy for each in runs])
    st.markdown(f"**{words(len(ahead), len(runs))}**")
    left, right = st.columns([5, 2], gap="medium")
    with left:
        quantity = "Model file" if cost == SIZE else cost
        figure = figures.cost(runs, costs, kind, TITLES[cost], quantity, choice=comparison.verdict.choice)
        plot(figure, key=f"cost_{cost}")
    with right:
        drawn(steps([(runs[i], costs[i]) for i in ahead], comparison, kind), key="front")
    devices = sorted({each.run.device for each in runs})
    if cost == TIME and len(devices) > 1:
        st.caption(f"Times are of different devices: {text.escape(', '.join(devices))}.")
    missing = len(shown) - len(known)
    if missing:
        left_out = "1 run is" if missing == 1 else f"{missing} runs are"
        st.caption(f"{left_out} left out: {MISSING[cost]}.")


def _spent(workspace: Workspace, run: Run, cost: str) -> float | None:
    if cost == TIME:
        return run.whole_seconds
    return run.peak_bytes if cost == MEMORY else workspace.runs.model_bytes(run.id)


def words(ahead: int, runs: int) -> str:
    """How many runs nothing beats at both."""
    if runs == 1:
        return "One run alone has nothing to be held against."
    if ahead == 1:
        return "One run is both the most accurate and the cheapest."
    if ahead == runs:
        return "Each run is worth its cost: none is beaten in accuracy by a cheaper one."
    return f"{ahead} of {runs} runs are worth their cost: nothing here is both cheaper and more accurate."


def steps(ahead: Sequence[tuple[Entry, float]], comparison: Comparison, kind: Kind) -> str:
    """HTML: the front from the cheapest on, what each step costs and brings."""
    write = text.duration if kind == "time" else text.size
    made = []
    for place, (each, spent) in enumerate(ahead):
        more = ""
        if place:
            before, paid = ahead[place - 1]
            pair = comparison.pair(each.run.id, before.run.id)
            more = f"{points(pair.accuracy)}{'' if pair.sure else f', {significance(pair, len(comparison.pairs))},'}"
            more += f" for {spent / paid:,.1f} times the cost" if paid else ""
        made.append(
            f'<li><img class="mark" src="{symbol_uri(each.run.strategy)}" alt="">'
            f'<span class="name">{text.html(text.short(each.title, 60))}</span><br>'
            f"{text.percent(each.score.accuracy)} for {write(spent)}"
            f"{f'<br><small>{more}</small>' if more else ''}</li>"
        )
    return f"<style>{STYLE}</style><ol class='front'>{''.join(made)}</ol>"


STYLE = """
.drawn .front { list-style: none; margin: 0; padding: 0; display: grid; gap: .8rem; }
.drawn .front li { padding-left: 1.5rem; }
.drawn .front img { margin-left: -1.5rem; }
"""
