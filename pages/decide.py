"""Decide: the flowchart as said and as measured, pilots beside it, what to trust and why, ready to launch."""

from dataclasses import replace

import streamlit as st

from components import shell, state
from components.decide.decision import decision_view
from components.decide.estimates import estimates_view
from components.decide.flowchart import flowchart
from components.decide.launch import launch_view
from components.decide.pilots import pilots_view
from components.decide.similarity import notes, similarity_view
from components.kit import text
from components.kit.backbone_picker import add_own, download_note, in_hand, offline_badge
from components.kit.expected import ask_for_times, wait_for_times
from components.kit.job_panel import MEASURE, study_view
from transfer_core.types import TRAIN, Answers

workspace = shell.begin("Decide")
dataset = shell.dataset_or_empty(
    workspace,
    "The flowchart needs images to decide about",
    "Three questions lead to one of four scenarios: how many images you have, how much they look like ImageNet's "
    "photos, and how much you can compute. The first is answered by counting; Graft can measure the others.",
)

said = workspace.studies.said(dataset)
backbone = in_hand(workspace, state.backbone.begin(said.backbone))
said = replace(said, backbone=backbone.name)
workspace.studies.say(dataset, said)
titles = {strategy.name: strategy.title for strategy in workspace.strategies.list()}
kept = Answers(images=dataset.count(TRAIN), similarity=said.similarity, budget=said.budget, domain=said.domain)
measured = workspace.studies.measured(dataset, backbone.name)
if measured is None:
    ask_for_times(workspace, backbone, "auto")
decision = workspace.studies.decide(
    dataset,
    similarity=said.similarity,
    budget=said.budget,
    domain=said.domain,
    backbone_name=backbone.name,
    seconds=said.seconds,
)
seen = decision.measured.answers if decision.measured else None
if seen is not None and said.seconds is None:
    seen = replace(seen, budget=None)  # what was said of compute stands in for a limit, but was not measured
chosen = flowchart(
    kept,
    decision.said.scenario,
    decision.said.between,
    key=f"flowchart_{dataset.id}",
    measured=seen,
    notes=notes(measured),
)
if chosen != kept:
    workspace.studies.say(
        dataset, replace(said, similarity=chosen.similarity, budget=chosen.budget, domain=chosen.domain)
    )
    st.rerun()
if said.domain == "yes":
    add_own(workspace, backbone, state.device.get())
decision_view(decision, measured, titles)

st.subheader("What your images are like", anchor=False)
if measured is not None:
    similarity_view(workspace, dataset, backbone, measured)
elif backbone.package and not workspace.backbones.available(backbone):
    st.caption(text.escape(download_note(backbone)))
elif not workspace.backbones.available(backbone):
    st.caption(f"Measuring fetches the weights first: {text.escape(offline_badge(backbone, False).lower())}.")
study_view(
    workspace,
    dataset,
    backbone,
    MEASURE,
    lambda: workspace.studies.measure(dataset, backbone.name),
    found=measured is not None,
)

st.subheader("What each strategy will take", anchor=False)
if decision.plans:
    estimates_view(
        decision.plans,
        measured,
        titles,
        said.seconds,
        lambda seconds: workspace.studies.say(dataset, replace(said, seconds=seconds)),
    )
else:
    wait_for_times(workspace, dataset, backbone)

st.subheader("Try before you train", anchor=False)
pilots_view(workspace, dataset, backbone, decision, titles)

st.subheader("Launch", anchor=False)
launch_view(workspace, dataset, backbone, decision, titles)
