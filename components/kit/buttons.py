"""Buttons that act before the page is drawn anew, and buttons that save a file."""

from collections.abc import Callable
from mimetypes import guess_type
from typing import Any

import streamlit as st

from components.kit.guard import act


def button(label: str, key: str, icon: str, action: Callable[..., Any], *args: Any, **looks: Any) -> None:
    """Does `action(*args)` when it is pressed; what that runs into is said where the button stands.

    `icon`: a name of Material's, or ''. `looks`: what else `st.button` takes.
    """
    drawn = f":material/{icon}:" if icon else None
    st.button(label, key=key, icon=drawn, on_click=act(action), args=args, **looks)


def save_button(label: str, data: Any, file: str, key: str, *, icon: str = "download", help: str | None = None) -> None:
    """Saves a file of that name. `data`: its content, or what is called for it once the button is pressed."""
    drawn, mime = f":material/{icon}:", guess_type(file)[0]
    st.download_button(label, data, file, mime, key=key, icon=drawn, on_click="ignore", help=help)
