"""Predict: drop a photo on a finished run, see the top five."""

import streamlit as st

from components import shell, text
from components.prediction import prediction
from components.queue_lines import titles
from transfer_core.types import TEST

workspace = shell.begin("Predict")
dataset, done = shell.finished_runs(
    workspace,
    "A prediction needs a trained run",
    "Drop a photo on a finished run and see the five likeliest classes with their probabilities.",
    untested=True,
)

names = titles(workspace, done)
ids = [run.id for run in done]
best = max(done, key=lambda run: (not run.recipe.folds, run.test_accuracy or 0.0)).id  # folds have other test images
wanted = st.session_state.get("predict_run")
run = st.selectbox(
    "Run",
    ids,
    index=ids.index(wanted if wanted in ids else best),
    format_func=lambda id: text.plain(names[id]),
    key=f"run_{dataset.id}",
)
upload = st.file_uploader("A photo", type=["jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff"], key="photo")
if st.button("Try one of the test images", key="try_test", icon=":material/casino:"):
    turn = st.session_state.get("test_turn", -1) + 1
    st.session_state["test_turn"] = turn
    st.session_state["tried"] = int(dataset.rows(TEST)[(turn * 7919) % dataset.count(TEST)])
tried = st.session_state.get("tried")
if upload is not None:
    st.session_state.pop("tried", None)
    prediction(workspace, run, upload.getvalue(), upload.name, label=None)
elif tried is not None and tried < len(dataset):
    label = dataset.classes[dataset.labels[tried]]
    prediction(workspace, run, workspace.image(dataset, tried), dataset.paths[tried], label=label)
else:
    st.caption("The photo stays on this machine. It is scaled and cropped as the backbone expects.")
