"""The browser's tab: its title says page and dataset, and which run has just ended; a notification says so too."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from components import state
from components.kit import text
from components.kit.drawn import component
from components.kit.runs import titles
from components.kit.status import BADGES
from transfer_core.errors import UnknownJob
from transfer_core.types import ACTIVE, Status
from transfer_core.workspace import Workspace

KEPT = 20  # ends that a session remembers
CSS = """
.notify { font: .875rem/1.4 var(--st-font); color: var(--st-text-color); }
.notify label { display: inline-flex; gap: .45rem; align-items: center; cursor: pointer; }
.notify input { accent-color: var(--st-primary-color); width: 1rem; height: 1rem; margin: 0; }
"""
HERE = Path(__file__)
mount_title = component("graft_tab", "<i hidden></i>", js=HERE.with_name("tab.js").read_text())
mount_switch = component(
    "graft_notify", '<div class="notify"></div>', css=CSS, js=HERE.with_name("notify.js").read_text()
)


def name_tab(page: str, dataset: str) -> None:
    """ "Compare · wallpaper · Graft" """
    named = [page] * (page != "Graft") + [text.plain(text.short(dataset, 40))] * bool(dataset)
    st.set_page_config(page_title=" · ".join([*named, "Graft"]))


def say_ends(workspace: Workspace, dataset: str, standing: Mapping[str, Status]) -> None:
    """What has ended since this session last looked goes before the tab's title, until the tab is looked at."""
    seen = state.standing.of(dataset)
    before = seen.begin(dict(standing))
    new = [id for id, status in standing.items() if status not in ACTIVE and before.get(id, "queued") in ACTIVE]
    if new:
        told = [{"id": id, "words": words} for id in new if (words := ended(workspace, id))]
        state.ended.set([*state.ended.get(), *told][-KEPT:])
    seen.set(dict(standing))
    mount_title(key="tab", data={"ended": state.ended.get()})


def ended(workspace: Workspace, id: str) -> str:
    """ "Done: Linear probe 86 %"; '' for a run that is gone."""
    try:
        run = workspace.runs.get(id)
    except UnknownJob:
        return ""
    title = titles(workspace, workspace.runs.list(run.recipe.dataset)).get(id, run.strategy)
    share = f" {100 * run.test_accuracy:.0f}{text.NARROW}%" if run.test_accuracy is not None else ""
    return f"{BADGES[run.status][0]}: {text.plain(text.short(title, 60))}{share}"


def notify_switch(*, key: str = "notify") -> None:
    """A check box: the browser tells of each run that ends while its tab is out of sight. It asks when it is ticked."""
    mount_switch(key=key, data={})
