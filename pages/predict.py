"""Predict: photos, a folder or a zip on one finished run or several; the answer beside its picture."""

import streamlit as st

from components import shell
from components.kit import text
from components.kit.runs import titles
from components.kit.take_home import export_view, promise_input
from components.predict.given import given, runs_to_ask
from components.predict.prediction import prediction

workspace = shell.begin("Predict")
dataset, done = shell.finished_runs(
    workspace,
    "A prediction needs a trained run",
    "Drop photos on a finished run: each gets its likeliest classes, how sure the run is, and whether that suffices.",
    untested=True,
)
done = [*done, *workspace.ensembles.list(dataset.id)]
left, right = st.columns([5, 1], vertical_alignment="bottom")
with left:
    runs = runs_to_ask(workspace, dataset, done)
with right:
    promise_input()
asked = given(workspace, dataset)
if not runs:
    st.info("Choose at least one run.", icon=":material/checklist:")
elif asked is None:
    st.caption("What you give stays on this machine. It is seen as the run's training images were.")
else:
    names = titles(workspace, done)
    prediction(workspace, runs, [text.plain(names[run]) for run in runs], asked)
if len(runs) == 1:
    export_view(workspace, dataset, next(run for run in done if run.id == runs[0]))
