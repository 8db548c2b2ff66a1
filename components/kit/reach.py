"""What Streamlit lacks for those who use a keyboard or a zoom: a ring around the focus, colours that can be
read, a menu that closes. And for everybody: a page that its front end broke is loaded anew."""

from pathlib import Path

import streamlit as st

STYLE = Path(__file__).with_suffix(".css").read_text()
SCRIPTS = tuple(Path(__file__).with_name(name).read_text() for name in ("reach.js", "recover.js"))


def within_reach() -> None:
    """Once a page. The scripts stay when another page is drawn, so they begin once in a browser's tab."""
    st.html(f"<style>{STYLE}</style>")
    with st.container(key="within_reach"):
        st.html("".join(f"<script>{script}</script>" for script in SCRIPTS), unsafe_allow_javascript=True)
