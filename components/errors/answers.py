"""What the core says of finished runs, asked once: predictions of a run never change, so its id is the whole key."""

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from components.kit import text
from transfer_core.errors import GraftError

Answer = TypeVar("Answer")


def once(ask: Callable[..., Answer], *args: Hashable, **named: Hashable) -> Answer:
    """`ask(*args, **named)`, a method of the workspace's comparisons."""
    answer: Answer = _kept(ask.__name__, args, tuple(named.items()), partial(ask, *args, **named))
    return answer


@st.cache_data(max_entries=256, show_spinner=False)
def _kept(question: str, args: Hashable, named: Hashable, _ask: Callable[[], Any]) -> Any:
    return _ask()


def asked(question: Callable[[], Answer]) -> Answer | None:
    """The answer; None, with a sentence on the page, where what it is about was deleted in the meantime."""
    try:
        return question()
    except GraftError as error:
        st.info(text.escape(str(error)), icon=":material/info:")
        return None
