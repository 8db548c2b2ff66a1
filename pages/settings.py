"""Settings: what holds in this browser and in the whole workspace, what takes room, what this installation is."""

import streamlit as st

from components import shell
from components.kit import text
from components.kit.tab import notify_switch
from components.settings.appearance import appearance
from components.settings.backup import backup_view
from components.settings.disk import disk_view
from components.settings.installation import installation
from components.settings.limits import limits_view
from components.settings.this_workspace import this_workspace
from components.settings.training import training

workspace = shell.begin("Settings", header=False)
for trouble in workspace.settings.troubles():
    st.warning(text.escape(trouble), icon=":material/warning:")

st.header("This browser", anchor=False)
appearance([page.rpartition("/")[2].removesuffix(".py") for page, _, _ in shell.PAGES])
notify_switch()
st.header("Training", anchor=False)
training(workspace)
st.header("Disk", anchor=False)
disk_view(workspace)
st.header("Backup", anchor=False)
backup_view(workspace)
st.header("Limits", anchor=False)
limits_view()
st.header("This workspace", anchor=False)
this_workspace(workspace)
st.header("This installation", anchor=False)
installation(workspace)
