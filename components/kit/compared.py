"""What the Compare page computes once and keeps: finished runs no longer change, so nor does what is said of them."""

from collections.abc import Sequence

import streamlit as st

from components import state
from transfer_core.presentation.figures.curves import Story
from transfer_core.types import EpochEnd, Run, StageStart
from transfer_core.workspace import Comparison, Forecast, Workspace


def compared(workspace: Workspace, dataset: str, runs: Sequence[str]) -> Comparison:
    """`Comparisons.make`, a lead worth what the session says. Raises GraftError."""
    known = tuple(run.id for run in workspace.runs.list(dataset) if run.tested)  # the approaches look at these
    return _compared(workspace, str(workspace.root), tuple(runs), state.compare_worth.get() / 100, known)


@st.cache_resource(max_entries=64, show_spinner="Comparing the runs image by image")
def _compared(_workspace: Workspace, root: str, runs: tuple[str, ...], worth: float, known: object) -> Comparison:
    return _workspace.comparisons.make(runs, worth=worth)


def forecast(workspace: Workspace, comparison: Comparison) -> Forecast | None:
    """`Comparisons.forecast`. Raises GraftError."""
    runs = tuple(run.id for run in comparison.runs)
    known = tuple(run.id for run in workspace.runs.list(comparison.runs[0].recipe.dataset) if run.tested)
    return _forecast(workspace, str(workspace.root), comparison, runs, known)


@st.cache_resource(max_entries=64, show_spinner=False)
def _forecast(
    _workspace: Workspace, root: str, _comparison: Comparison, runs: tuple[str, ...], known: object
) -> Forecast | None:
    return _workspace.comparisons.forecast(_comparison)


def suggested(workspace: Workspace, runs: Sequence[Run]) -> tuple[str, ...]:
    """`Ensembles.suggest`."""
    return _suggested(workspace, str(workspace.root), tuple(run.id for run in runs), runs)


@st.cache_resource(max_entries=64, show_spinner=False)
def _suggested(_workspace: Workspace, root: str, ids: tuple[str, ...], _runs: Sequence[Run]) -> tuple[str, ...]:
    return _workspace.ensembles.suggest(_runs)


def story(workspace: Workspace, run: Run) -> Story:
    """A finished run's stages and epochs, in order."""
    return _story(workspace, str(workspace.root), run.id)


@st.cache_resource(max_entries=256, show_spinner=False)
def _story(_workspace: Workspace, root: str, run: str) -> Story:
    return tuple(event for _, _, event in _workspace.jobs.events(run) if isinstance(event, StageStart | EpochEnd))
