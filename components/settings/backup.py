"""How the workspace is backed up, as a command to copy."""

import shlex

import streamlit as st

from transfer_core.workspace import Workspace


def backup_view(workspace: Workspace) -> None:
    st.caption(
        "One file with the database, images, runs and their models, each with its checksum, also while Graft is"
        " open and trains. The command restore makes a workspace of it; pack takes one dataset with its runs."
    )
    st.code(f"graft backup graft.zip --workspace {shlex.quote(str(workspace.root))}", language="bash", wrap_lines=True)
