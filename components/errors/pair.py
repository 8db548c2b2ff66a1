"""Which two runs are held against each other."""

from typing import Any

import streamlit as st

from components.kit import text
from transfer_core.types import Comparison

KEPT = "errors_pair"  # in the session: both sections of the page have the same pair in hand


def pair_in_hand(comparison: Comparison, *, section: str) -> tuple[str, str | None]:
    """Two select boxes and what they say; a run alone has no second."""
    ids = [run.id for run in comparison.runs]
    rival = comparison.rival
    if rival is None:
        return ids[0], None
    first, second = kept(st.session_state.get(KEPT), ids) or (rival, comparison.verdict.choice)
    key = f"{KEPT}_{section}"
    st.session_state[f"{key}_first"], st.session_state[f"{key}_second"] = first, second

    def take() -> None:
        a, b = st.session_state[f"{key}_first"], st.session_state[f"{key}_second"]
        st.session_state[KEPT] = (second, first) if a == b else (a, b)

    titles = {run: text.plain(comparison.title(run)) for run in ids}
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{key}_boxes"):
        for place in ("first", "second"):
            st.selectbox(
                f"{place.capitalize()} run",
                ids,
                format_func=lambda run: titles.get(run, ""),
                key=f"{key}_{place}",
                on_change=take,
                width=320,
            )
        st.button(
            "Swap",
            icon=":material/swap_horiz:",
            key=f"{key}_swap",
            on_click=lambda: st.session_state.update({KEPT: (second, first)}),
        )
    return first, second


def kept(said: Any, ids: list[str]) -> tuple[str, str] | None:
    """The pair of an earlier visit, where both of its runs are still compared."""
    return said if isinstance(said, tuple) and len(set(said)) == 2 and set(said) <= set(ids) else None
