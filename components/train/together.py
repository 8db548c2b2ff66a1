"""The curves of several runs in one chart: all that train, and what has ended where it is picked."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import state
from components.kit import text
from components.kit.feed import Feed, feed
from components.kit.guard import fragment
from components.kit.live_chart import Trace, live_chart
from components.kit.runs import titles
from components.train.run import CURVES_SECONDS
from transfer_core.types import Dataset, Run
from transfer_core.workspace import Workspace


def together_view(workspace: Workspace, dataset: Dataset, runs: Sequence[Run], *, switch: DeltaGenerator) -> None:
    """A toggle in `switch` where there are two runs or more; with it the chart. Call at top level."""
    if len(runs) < 2:
        return
    if not switch.toggle("Curves of several runs together", key=state.together.key, width="content"):
        return
    names = titles(workspace, runs)
    ended = [run.id for run in runs if not run.active and run.usable]
    picked: list[str] = []
    if ended:
        key = state.beside.of(dataset.id)
        key.set([id for id in key.get() if id in ended])
        picked = st.multiselect(
            "Ended runs beside those that train",
            ended,
            format_func=lambda id: text.plain(names.get(id, "")),
            key=key.key,
            placeholder="Pick runs that have ended",
        )
    going = [run for run in runs if run.status in ("running", "stopping")]
    shown = [*going, *(run for run in runs if run.id in picked)]
    if not shown:
        st.caption("No run trains now. Pick some that have ended.")
        return
    body = fragment(_chart, run_every=CURVES_SECONDS if going else None, place="together")
    body(workspace, dataset, [(run.id, names[run.id], run.strategy) for run in shown])


def _chart(workspace: Workspace, dataset: Dataset, shown: Sequence[tuple[str, str, str]]) -> None:
    traces = curves([(feed(workspace, id), id, title, strategy) for id, title, strategy in shown])
    live_chart(
        traces,
        key=f"together_{dataset.id}",
        x_title="Seconds since the run began",
        chance=1 / len(dataset.classes),
        single="Validation accuracy",
        said=said(traces),
    )


def curves(seen: Sequence[tuple[Feed, str, str, str]]) -> tuple[Trace, ...]:
    """Validation accuracy by seconds: (feed, id, title, strategy) of each run."""
    found = []
    for fed, id, title, strategy in seen:
        x, y = fed.timed.points
        own = {"group": id, "panel": "accuracy", "split": "validation", "strategy": strategy}
        found.append(Trace(name=title, x=x, y=y, **own))  # type: ignore[arg-type]
    return tuple(found)


def said(traces: Sequence[Trace]) -> str:
    """The chart in words."""
    parts = [
        f"{each.name} {text.percent(each.y[-1])} after {text.duration(each.x[-1])}" for each in traces if len(each.x)
    ]
    return f"Validation accuracy so far: {'; '.join(parts)}." if parts else "No epoch has ended yet."
