"""Compare: runs of one dataset side by side, and which one to take."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from components import shell, state
from components.compare.approaches import approaches_view
from components.compare.cost import cost_view
from components.compare.curves import curves_view
from components.compare.ensemble import ensemble_maker
from components.compare.ranking import ranking_view
from components.compare.runs import choice, choose_runs, comparable
from components.compare.tables import recipes_table, tables_view
from components.compare.verdict import how_decided, on_what, verdict_view
from components.errors.sections import errors_view
from components.kit.guard import said
from components.kit.runs import compared
from transfer_core.presentation.entries import entries

workspace = shell.begin("Compare")
dataset, done = shell.finished_runs(
    workspace,
    "Nothing to compare yet",
    "This page compares finished runs of one dataset on the same test images, and says which one to take and why.",
)

ensembles = [run for run in workspace.ensembles.list(dataset.id) if run.tested]
runs = [*comparable(done), *ensembles]
chosen = choice(dataset, runs, workspace.runs.best(dataset))
comparison = None
if not chosen.runs:
    st.info("Tick at least one run to compare.", icon=":material/checklist:")
else:
    with said():
        comparison = compared(workspace, dataset.id, [run.id for run in chosen.runs])
if comparison is None:
    choose_runs(workspace, dataset, runs, chosen)
    st.stop()

shown = entries(comparison)
verdict_view(workspace, dataset, comparison)
with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="compare_more"):
    st.caption(on_what(comparison))
    choose_runs(workspace, dataset, runs, chosen)
    ensemble_maker(workspace, dataset, done, chosen.runs)
    how_decided(workspace, dataset, comparison)

folds = any(run.recipe.folds for run in done)
sections: dict[str, Callable[[], None]] = {
    "Ranking": partial(ranking_view, comparison, shown),
    "Approaches": partial(approaches_view, workspace, dataset, comparison),
    "Cost": partial(cost_view, workspace, comparison, shown),
    "Curves": partial(curves_view, workspace, dataset, shown, comparison.verdict.choice),
    "Classes": partial(errors_view, workspace, dataset, comparison, section="classes"),
    "Images": partial(errors_view, workspace, dataset, comparison, section="images"),
    "Recipes": partial(recipes_table, shown),
    "Table": partial(tables_view, workspace, dataset, comparison, shown, apart=folds),
}
# Only what is open is computed.
for tab, view in zip(st.tabs(list(sections), key="section", bind="query-params"), sections.values(), strict=True):
    if tab.open:
        with tab:
            view()

state.to_predict.set(comparison.verdict.choice)
shell.next_step("Next: predict", "predict", quiet=True)
