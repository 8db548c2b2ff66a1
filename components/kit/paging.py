"""A long list, a page of it at a time."""

import streamlit as st

from components import state
from components.kit import text

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
    with st.container(horizontal=True, vertical_alignment="center", key=f"turn_{key}"):
        _button(key, "Previous", number - 1, ":material/chevron_left:", disabled=number == 0)
        st.caption(f"Page {text.count(number + 1)} of {text.count(last + 1)}, {what}", width="content")
        _button(key, "Next", number + 1, ":material/chevron_right:", disabled=number == last)


def _button(key: str, label: str, to: int, icon: str, *, disabled: bool) -> None:
    place = state.turned.of(key)

    def go() -> None:
        place.set((place.get()[0], to))

    st.button(label, key=f"{label.lower()}_{key}", icon=icon, disabled=disabled, on_click=go)
