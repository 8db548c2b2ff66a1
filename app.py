"""Graft's dashboard: the list of pages, the navigation, the look. `make app` starts it."""

import streamlit as st

from components import shell
from components.kit.guard import guarded

st.set_page_config(page_title="Graft", page_icon="static/icon.svg", layout="wide")
page = shell.navigation()
with guarded():
    shell.open_session()
    page.run()
