"""A long list, a page of it at a time."""

import streamlit as st

from components import state
from components.kit import text
from components.kit.buttons import button

LINES = 25  # of a page


def pages(count: int) -> int:
    return max(1, -(-count // LINES))


def page_in_hand(key: str, count: int, *, sought: int, mark: str) -> int:
    """The page to draw of a list of lines, from 0: the one turned to; that of line `sought` when `mark` is new."""
    last, number = state.turned.of(key).get()
    if last != mark:
        number = sought // LINES
    number = max(0, min(number, pages(count) - 1))
    state.turned.of(key).set((mark, number))
    return number


def turn(key: str, count: int, number: int, what: str) -> None:
    """Which page this is, and buttons to the next and the previous one. Nothing where there is one page."""
    last = pages(count) - 1
    if not last:
        return
    place = state.turned.of(key)

    def to(number: int) -> None:
        place.set((place.get()[0], number))

    with st.container(horizontal=True, vertical_alignment="center", key=f"turn_{key}"):
        button("Previous", f"previous_{key}", "chevron_left", to, number - 1, disabled=number == 0)
        st.caption(f"Page {text.count(number + 1)} of {text.count(last + 1)}, {what}", width="content")
        button("Next", f"next_{key}", "chevron_right", to, number + 1, disabled=number == last)
