"""Buttons that act before the page is drawn anew, that save a file, that turn the pages of a long list."""

from collections.abc import Callable, Iterable
from mimetypes import guess_type
from typing import Any, TypeVar

import streamlit as st

from components import state
from components.kit import text
from components.kit.guard import act

LINES = 25  # of a page
T = TypeVar("T")


def button(label: str, key: str, icon: str, action: Callable[..., Any], *args: Any, **looks: Any) -> None:
    """Does `action(*args)` when it is pressed; what that runs into is said where the button stands.

    `icon`: a name of Material's, or ''. `looks`: what else `st.button` takes.
    """
    drawn = f":material/{icon}:" if icon else None
    st.button(label, key=key, icon=drawn, on_click=act(action), args=args, **looks)


def save_button(label: str, data: Any, file: str, key: str, *, icon: str = "download", help: str | None = None) -> None:
    """Saves a file of that name. `data`: its content, or what is called for it once the button is pressed."""
    drawn, mime = f":material/{icon}:", guess_type(file)[0]
    st.download_button(label, data, file_name=file, mime=mime, key=key, icon=drawn, on_click="ignore", help=help)


def choice(label: str, options: Iterable[T], key: str, **looks: Any) -> T:
    """One of several, always one of them, without words beside it."""
    told: dict[str, Any] = {"required": True, "label_visibility": "collapsed", **looks}
    chosen: T = st.segmented_control(label, list(options), key=key, **told)
    return chosen


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
