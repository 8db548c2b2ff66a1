"""Decide: what to launch and the button that does, the flowchart, and folded below it what explains the answer."""

from dataclasses import replace

import streamlit as st

from components import shell, state
from components.decide.answer import answer_view
from components.decide.decision import instead, sources, sources_view, why, why_view
from components.decide.estimates import estimates_view, span
from components.decide.flowchart import flowchart
from components.decide.pilots import pilots_view
from components.decide.similarity import found, notes, similarity_view
from components.kit import text
from components.kit.backbone_picker import add_own, in_hand
from components.kit.expected import ask_for_times
from components.kit.goal import goal_view
from components.kit.job_panel import MEASURE, study_button
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
answer_view(workspace, dataset, backbone, decision, titles)

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
    instead=instead(decision, titles),
)
if chosen != kept:
    workspace.studies.say(
        dataset, replace(said, similarity=chosen.similarity, budget=chosen.budget, domain=chosen.domain)
    )
    st.rerun()
if said.domain == "yes":
    add_own(workspace, backbone, state.device.get())
goal_view(workspace, dataset, place="decide")
st.space("xsmall")

with st.container(key="explained", gap="small"):
    with st.expander(text.escape(why(decision)), icon=":material/lightbulb:", key="why"):
        why_view(decision, measured, titles)
    with st.expander(text.escape(sources(decision)), icon=":material/menu_book:", key="sources"):
        sources_view(decision)
    if measured is not None:
        with st.expander(text.escape(found(backbone, measured)), icon=":material/straighten:", key="similarity"):
            similarity_view(workspace, dataset, backbone, measured)
            study_button(MEASURE, lambda: workspace.studies.measure(dataset, backbone.name), found=True)
    if decision.plans:
        with st.expander(text.escape(span(decision.plans)), icon=":material/timer:", key="times"):
            estimates_view(
                decision.plans,
                measured,
                titles,
                said.seconds,
                lambda seconds: workspace.studies.say(dataset, replace(said, seconds=seconds)),
                of=dataset.id,
            )
    pilots_view(workspace, dataset, backbone, decision, titles)
if any(run.tested for run in workspace.runs.list(dataset.id)):
    shell.next_step("Next: compare", "compare", quiet=True)
