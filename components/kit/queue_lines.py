"""What stands in the queue, line by line, with titles; made anew only when a run came, went or changed its state."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from components.kit.paging import LINES
from transfer_core.types import Repeats, Run
from transfer_core.workspace import Workspace

RANKS = {"running": 0, "stopping": 0, "queued": 1}  # what has ended comes after these
KEPT = 16  # lists of the whole process


@dataclass(frozen=True, kw_only=True)
class Line:
    """A run, or the runs that repeat one recipe."""

    key: str
    title: str
    runs: tuple[Run, ...]
    group: Repeats | None = None


def titles(workspace: Workspace, runs: Sequence[Run]) -> dict[str, str]:
    """`Runs.titles`; thought out once for the same runs."""
    return _titles(str(workspace.root), " ".join(f"{run.id} {run.status}" for run in runs), workspace, runs)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _titles(root: str, states: str, _workspace: Workspace, _runs: Sequence[Run]) -> dict[str, str]:
    return _workspace.runs.titles(_runs)


def lines(workspace: Workspace, runs: Sequence[Run]) -> list[Line]:
    """The newest first, as `runs` are. A list whose first page would miss some that train or wait begins with these."""
    return _lines(str(workspace.root), " ".join(f"{run.id} {run.status}" for run in runs), workspace, runs)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _lines(root: str, states: str, _workspace: Workspace, _runs: Sequence[Run]) -> list[Line]:
    names, groups = titles(_workspace, _runs), _workspace.runs.repeats(runs=_runs)
    found: dict[str, Line] = {}
    grouped = {
        run.id: Line(key=f"group_{run.recipe.repeats}", title=title, runs=group.runs, group=group)
        for group, title in zip(groups, _workspace.runs.titles_of_repeats(groups), strict=True)
        for run in group.runs
    }
    for run in _runs:
        line = grouped.get(run.id) or Line(key=run.id, title=names[run.id], runs=(run,))
        found.setdefault(line.key, line)
    ordered = list(found.values())
    if any(run.active for line in ordered[LINES:] for run in line.runs):  # else no line moves when its state changes
        ordered.sort(key=lambda line: min(RANKS.get(run.status, len(RANKS)) for run in line.runs))
    return ordered


def kind_of(group: Repeats) -> str:
    """ "5 folds", "3 seeds", "5 folds of 3 seeds" """
    folds = {run.recipe.fold for run in group.runs}
    seeds = {run.recipe.seed for run in group.runs}
    words = [f"{len(folds)} folds"] * (len(folds) > 1) + [f"{len(seeds)} seeds"] * (len(seeds) > 1)
    return " of ".join(words)
