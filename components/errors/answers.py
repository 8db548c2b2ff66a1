"""What the core says of finished runs, asked once: predictions of a run never change, so its id is the whole key."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from components.kit import text
from transfer_core.errors import GraftError
from transfer_core.workspace import Disagreement, Seen, Workspace

KEPT = 64  # answers of each kind
Answer = TypeVar("Answer")


@st.cache_data(max_entries=KEPT, show_spinner=False)
def disagreement(_workspace: Workspace, first: str, second: str) -> Disagreement:
    return _workspace.comparisons.disagreement(first, second)


@st.cache_data(max_entries=KEPT, show_spinner=False)
def confused(
    _workspace: Workspace, run: str, label: int, predicted: int, beside: tuple[str, ...] = ()
) -> tuple[Seen, ...]:
    return _workspace.comparisons.confused(run, label, predicted, beside=beside)


@st.cache_data(max_entries=KEPT, show_spinner=False)
def mistakes(_workspace: Workspace, run: str, beside: tuple[str, ...]) -> tuple[Seen, ...]:
    return _workspace.comparisons.mistakes(run, beside=beside)


@st.cache_data(max_entries=KEPT, show_spinner=False)
def label_errors(_workspace: Workspace, runs: tuple[str, ...]) -> tuple[Seen, ...]:
    return _workspace.comparisons.label_errors(runs)


def asked(question: Callable[[], Answer]) -> Answer | None:
    """The answer; None, with a sentence on the page, where what it is about was deleted in the meantime."""
    try:
        return question()
    except GraftError as error:
        st.info(text.escape(str(error)), icon=":material/info:")
        return None
