"""Which runs are asked: the one that Compare would take, until somebody picks others."""

from collections.abc import Sequence

import streamlit as st

from components import state
from components.kit import text
from components.kit.runs import compared, titles
from transfer_core.errors import GraftError
from transfer_core.types import Dataset, Run
from transfer_core.workspace import MOST_RUNS, Workspace


def runs_to_ask(workspace: Workspace, dataset: Dataset, done: Sequence[Run]) -> tuple[str, ...]:
    """The runs picked, in the order in which they were; Compare's choice until somebody picks."""
    names = titles(workspace, done)
    asked = state.asked.of(dataset.id)
    ids = [run.id for run in done]
    kept = [id for id in asked.get() if id in ids]
    wanted = state.to_predict.pop()
    if wanted in ids:  # the Compare page sends it
        kept = [wanted]
    asked.set(kept or [_choice(workspace, dataset, done)])
    picked = st.multiselect(
        "Runs",
        ids,
        format_func=lambda id: text.plain(names[id]),
        key=asked.key,
        max_selections=MOST_RUNS,
        help="Compare's choice stands here first. Several runs answer side by side.",
    )
    return tuple(picked)


def _choice(workspace: Workspace, dataset: Dataset, done: Sequence[Run]) -> str:
    """The run of Compare's verdict; where nothing can be compared, the best by validation."""
    best = workspace.runs.best(dataset)
    try:
        if best:
            return compared(workspace, dataset.id, [run.id for run in best]).verdict.choice
    except GraftError:
        pass  # without test images there is no verdict
    return max((run for run in done if not run.members), key=lambda run: run.val_accuracy or 0.0).id
