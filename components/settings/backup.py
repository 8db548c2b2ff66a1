"""How the workspace is backed up, as a command to copy."""

import shlex

import streamlit as st

from transfer_core.workspace import Workspace


def backup_view(workspace: Workspace) -> None:
    st.caption(
        "This command writes one file with the database, images, runs and their models, each with its checksum, also"
        " while Graft trains. With restore it becomes a workspace again; pack takes one dataset with its runs."
    )
    st.code(f"graft backup graft.zip --workspace {shlex.quote(str(workspace.root))}", language="bash", wrap_lines=True)
