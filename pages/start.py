"""Start: where one left off, a place to drop images, examples; what Graft does."""

import streamlit as st

from components import shell
from components.kit.import_form import import_form, import_progress
from components.start.journey import journey
from components.start.recent import recent

workspace = shell.begin("Graft", header=False)
rows = workspace.datasets.list()


def arrived(dataset: str) -> None:
    shell.take(dataset)
    shell.leave_for("data")


import_progress(workspace, arrived)
if rows:
    st.header("Go on", anchor=False)
    recent(workspace, rows)
    st.header("Begin with other images", anchor=False)
else:
    st.markdown("## From a folder of labelled images to the best classifier transfer learning can give, and why")
import_form(workspace, arrived, primary=not rows)
if not rows:
    st.space("small")
    journey()
