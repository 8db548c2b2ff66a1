"""Settings: what holds in the whole workspace, what takes room, and what this installation is."""

import streamlit as st

from components import shell
from components.kit import text
from components.settings.appearance import appearance
from components.settings.disk import disk_view
from components.settings.installation import installation
from components.settings.this_workspace import this_workspace
from components.settings.training import training

workspace = shell.begin("Settings", header=False)
for trouble in workspace.settings.troubles():
    st.warning(text.escape(trouble), icon=":material/warning:")

st.header("Appearance", anchor=False)
appearance([page.rpartition("/")[2].removesuffix(".py") for page, _, _ in shell.PAGES])
st.header("Training", anchor=False)
training(workspace)
st.header("Disk", anchor=False)
disk_view(workspace)
st.header("This workspace", anchor=False)
this_workspace(workspace)
st.header("This installation", anchor=False)
installation(workspace)
