"""Which two runs are held against each other."""

from typing import Any

import streamlit as st

from components import state
from components.kit import text
from components.kit.buttons import button
from transfer_core.types import Comparison


def pair_in_hand(comparison: Comparison, *, section: str) -> tuple[str, str | None]:
    """Two select boxes and what they say; a run alone has no second."""
    ids = [run.id for run in comparison.runs]
    rival = comparison.rival
    if rival is None:
        return ids[0], None
    first, second = kept(state.errors_pair.get(), ids) or (rival, comparison.verdict.choice)
    boxes = [state.widget("errors_pair").of(section, place) for place in ("first", "second")]
    for box, run in zip(boxes, (first, second), strict=True):
        box.set(run)

    def take() -> None:
        a, b = (box.get() for box in boxes)
        state.errors_pair.set((second, first) if a == b else (a, b))

    titles = {run: text.plain(comparison.title(run)) for run in ids}
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"errors_pair_{section}_boxes"):
        for place, box in zip(("First", "Second"), boxes, strict=True):
            st.selectbox(
                f"{place} run",
                ids,
                format_func=lambda run: titles.get(run, ""),
                key=box.key,
                on_change=take,
                width=320,
            )
        button("Swap", f"errors_pair_{section}_swap", "swap_horiz", state.errors_pair.set, (second, first))
    return first, second


def kept(said: Any, ids: list[str]) -> tuple[str, str] | None:
    """The pair of an earlier visit, where both of its runs are still compared."""
    return said if isinstance(said, tuple) and len(set(said)) == 2 and set(said) <= set(ids) else None
