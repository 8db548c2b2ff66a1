"""Where the workspace lies, and whether its database is whole."""

import streamlit as st

from components.entrance import reached
from components.kit import text
from components.kit.guard import fragment
from transfer_core.workspace import Workspace


def this_workspace(workspace: Workspace) -> None:
    fragment(_body)(workspace)


def _body(workspace: Workspace) -> None:
    st.caption("Its folder, with all images, runs and models")
    st.code(str(workspace.root), language=None, wrap_lines=True)
    st.caption("Who reaches it")
    st.markdown(text.escape(reached()))
    st.caption("Its log, which says what went wrong and when")
    st.code(str(workspace.log), language=None, wrap_lines=True)
    if st.button("Check the database", key="check_database", icon=":material/fact_check:"):
        with st.spinner("Reading all of it"):
            findings = workspace.damage()
        if findings:
            st.error("\n\n".join(map(text.escape, findings)), icon=":material/error:")
        else:
            st.success("The database is whole.", icon=":material/check:")
