"""What Streamlit lacks for those who use a keyboard or a zoom: a ring around the focus, colours that can be
read, a menu that closes."""

from pathlib import Path

import streamlit as st

STYLE = Path(__file__).with_suffix(".css").read_text()
SCRIPT = Path(__file__).with_suffix(".js").read_text()


def within_reach() -> None:
    """Once a page. The script stays when another page is drawn, so it begins once in a browser's tab."""
    st.html(f"<style>{STYLE}</style>")
    with st.container(key="within_reach"):
        st.html(f"<script>{SCRIPT}</script>", unsafe_allow_javascript=True)
