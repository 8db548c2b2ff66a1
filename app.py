"""Graft's dashboard: the list of pages, the navigation, the look. `make app` starts it.

The server imports it, and finds what it serves; each session runs it, and draws.
"""

import streamlit as st

if __name__ == "__main__":
    from components import shell
    from components.kit.guard import guarded

    st.set_page_config(page_title="Graft", page_icon="static/icon.svg", layout="wide")
    page = shell.navigation()
    with guarded():
        shell.open_session()
        page.run()
else:
    from components.entrance import Application, behind_a_door

    app: Application = st.App(__file__)
    app = behind_a_door(app)
