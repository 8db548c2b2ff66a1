"""Elements of our own: HTML, a style and a script each, with dom.js in front of every script."""

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

DOM = Path(__file__).with_name("dom.js").read_text()


def component(
    name: str, html: str, *, beside: str = "", css: str = "", js: str = "", isolate_styles: bool = True
) -> ComponentRenderer:
    """What draws one, to be called with `key` and `data`.

    `beside`: a Python file, whose name its style and its script have too; they follow `css` and `js`.
    """
    if beside:
        css += Path(beside).with_suffix(".css").read_text()
        js += Path(beside).with_suffix(".js").read_text()
    return st.components.v2.component(name, html=html, css=css, js=DOM + js, isolate_styles=isolate_styles)
