"""What a run has wrong although it is sure, and what the others say of it."""

import streamlit as st

from components.errors.answers import asked, mistakes
from components.errors.gallery import tiles
from components.errors.heat import heat_pairs, switch, waits
from components.kit import text
from transfer_core.errors import UnknownJob
from transfer_core.types import Dataset
from transfer_core.workspace import Comparison, Workspace


def mistakes_view(workspace: Workspace, dataset: Dataset, comparison: Comparison, was_active: bool) -> None:
    """The run is picked here; the choice at first. Call in a fragment that runs by itself while evidence is sought."""
    ids = [run.id for run in comparison.runs]
    titles = {run: text.plain(comparison.title(run)) for run in ids}
    run = comparison.verdict.choice
    if len(ids) > 1:
        run = st.selectbox(
            "Run",
            ids,
            index=ids.index(run),
            format_func=lambda each: titles.get(each, ""),
            key=f"errors_mistakes_of_{'_'.join(ids)}",
            width=320,
        )
    found = asked(lambda: mistakes(workspace, run, tuple(other for other in ids if other != run)))
    if found is None:
        return
    name = f"**{text.escape(comparison.title(run))}**"
    if not found:
        st.markdown(f"{name} has all {text.count(comparison.images)} test images right.")
        return
    st.markdown(
        f"{name} has {text.count(len(found))} of {text.count(comparison.images)} test images wrong. "
        "Those first that it was surest of."
    )
    key = f"errors_mistakes_{run}_{len(ids)}"
    if not switch():
        tiles(workspace, dataset, comparison, found, key=key)
        return
    try:
        heat_pairs(workspace, dataset, run, found, key=key)
    except UnknownJob as error:  # its network is gone
        st.info(text.escape(str(error)), icon=":material/info:")
    if waits(workspace) != was_active:
        st.rerun()
