"""What several pages say of runs, computed once and kept: finished runs no longer change, so nor does what is said."""

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from components import state
from components.kit import text
from transfer_core.errors import GraftError
from transfer_core.types import Dataset, Repeats, Run
from transfer_core.workspace import Comparison, Forecast, Interval, Pair, Workspace

Answer = TypeVar("Answer")


def compared(workspace: Workspace, dataset: str, runs: Sequence[str]) -> Comparison:
    """`Comparisons.make`, a lead worth what the session says. Raises GraftError."""
    known = states(workspace.runs.list(dataset))  # the approaches look at these, and titles tell runs from them
    known += f" {dataset} {workspace.studies.said(workspace.datasets.get(dataset)).goal}"
    return _compared(workspace, str(workspace.root), tuple(runs), state.compare_worth.get() / 100, known)


def taken(workspace: Workspace, dataset: Dataset) -> Run | None:
    """`Comparisons.choice`: the run that every page marks, a lead worth what the session says."""
    worth = state.compare_worth.get() / 100
    by = dataset.id, worth, workspace.studies.said(dataset).goal, states(workspace.runs.list(dataset.id))
    return kept(workspace, workspace.comparisons.choice, dataset, worth, by=by)


@st.cache_resource(max_entries=64, show_spinner="Comparing the runs image by image")
def _compared(_workspace: Workspace, root: str, runs: tuple[str, ...], worth: float, known: object) -> Comparison:
    return _workspace.comparisons.make(runs, worth=worth)


def _tested(workspace: Workspace, dataset: str) -> tuple[str, ...]:
    return tuple(run.id + run.remark.name for run in workspace.runs.list(dataset) if run.tested)


def kept(workspace: Workspace, ask: Callable[..., Answer], *args: Any, by: Hashable) -> Answer:
    """`ask(*args)`, asked once for what it goes `by`."""
    answer: Answer = _kept(str(workspace.root), ask.__qualname__, by, partial(ask, *args))
    return answer


@st.cache_resource(max_entries=32, show_spinner=False)  # a long list of runs takes megabytes
def _kept(root: str, question: str, by: Hashable, _ask: Callable[[], Any]) -> Any:
    return _ask()


def forecast(workspace: Workspace, comparison: Comparison) -> Forecast | None:
    """`Comparisons.forecast`. Raises GraftError."""
    by = (
        tuple(run.id for run in comparison.runs),
        comparison.goal,
        _tested(workspace, comparison.runs[0].recipe.dataset),
    )
    return kept(workspace, workspace.comparisons.forecast, comparison, by=by)


def once(ask: Callable[..., Answer], *args: Hashable, **named: Hashable) -> Answer:
    """`ask(*args, **named)`: what a workspace's comparisons say of predictions, which never change."""
    answer: Answer = _answered(ask.__name__, args, tuple(named.items()), partial(ask, *args, **named))
    return answer


@st.cache_data(max_entries=256, show_spinner=False)
def _answered(question: str, args: Hashable, named: Hashable, _ask: Callable[[], Any]) -> Any:
    return _ask()


def asked(question: Callable[[], Answer]) -> Answer | None:
    """The answer; None, with a sentence on the page, where what it is about was deleted in the meantime."""
    try:
        return question()
    except GraftError as error:
        st.info(text.escape(str(error)), icon=":material/info:")
        return None


def titles(workspace: Workspace, runs: Sequence[Run]) -> dict[str, str]:
    """`Runs.titles`."""
    known = [workspace.runs.list(dataset) for dataset in dict.fromkeys(run.recipe.dataset for run in runs)]
    by = states(runs), " ".join(states(each) for each in known)
    return kept(workspace, workspace.runs.titles, runs, by=by)


def states(runs: Sequence[Run]) -> str:
    """By which titles and lines change: a run came, went, is in another state or called otherwise."""
    return " ".join(f"{run.id} {run.status} {run.remark.name}" for run in runs)


def kind_of(group: Repeats) -> str:
    """ "5 folds", "3 seeds", "5 folds of 3 seeds" """
    folds = {run.recipe.fold for run in group.runs}
    seeds = {run.recipe.seed for run in group.runs}
    words = [f"{len(folds)} folds"] * (len(folds) > 1) + [f"{len(seeds)} seeds"] * (len(seeds) > 1)
    return " of ".join(words)


def significance(pair: Pair, pairs: int) -> str:
    """What is to be held of a lead: "which is significant", "which is not significant among 10 pairs of runs" """
    if pair.sure:
        return "which is significant"
    return "which is not significant" + (f" among {text.count(pairs)} pairs of runs" if pair.sure_alone else "")


def points(difference: Interval) -> str:
    """ "+3.5 points (−0.4 to +7.2)": a difference of accuracies"""
    low, value, high = (text.signed(100 * each, 1) for each in (difference.low, difference.value, difference.high))
    return f"{value} points ({low} to {high})"
