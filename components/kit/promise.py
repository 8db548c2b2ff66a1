"""How right answers have to be for a run to give them, as a user says it."""

import streamlit as st

from components import state


def promise_input() -> None:
    """How right answers have to be for a run to give them."""
    st.number_input(
        "Accuracy promised, %",
        min_value=50.0,
        max_value=99.9,
        value=state.promised.default,
        step=1.0,
        format="%.1f",
        key=state.promised.key,
        persist_state="session",
        help="An answer is “not sure” where answers as likely as it were right less often than this on the validation"
        " images. A bundle that you take home promises the same.",
    )


def promised() -> float:
    """As a fraction."""
    return state.promised.get() / 100
