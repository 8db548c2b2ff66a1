"""A run's or a dataset's name, note and tags, to be written where they stand."""

import streamlit as st

from components.kit import text
from components.kit.guard import said
from transfer_core.types import Remark
from transfer_core.workspace import Workspace


def remark_form(workspace: Workspace, id: str, remark: Remark, *, title: str = "", run: bool = True) -> None:
    """Fields and a button. `title`: what a run is called without a name of its own, or a dataset's name."""
    with st.form(f"remark_{id}", border=False):
        name = st.text_input("Name", remark.name if run else title, placeholder=text.plain(title), max_chars=80)
        note = st.text_area("Note", remark.note, max_chars=4_000, height=100)
        tags = st.text_input("Tags", ", ".join(remark.tags), help="Words with commas between them.")
        if st.form_submit_button("Save"):
            with said():
                workspace.remarks.tag(id, tags.split(","))
                workspace.remarks.note(id, note)
                if run and name != remark.name:
                    workspace.runs.rename(id, name)
                elif not run and name != title:
                    workspace.datasets.rename(id, name)
                st.rerun()
