"""Decide: the flowchart answered on its own drawing, the scenario, why, and the strategies ready to launch."""

import streamlit as st

from components import shell, text
from components.flowchart import flowchart
from transfer_core.types import TRAIN, Answers

PRESELECTED = 3
ROLES = {"recommended": "Recommended", "alternative": "Alternative", "control": "Control"}

workspace = shell.begin("Decide")
dataset = shell.dataset_in_hand(workspace)
if dataset is None:
    shell.empty(
        "The flowchart needs images to decide about",
        "Three questions lead to one of four scenarios: how many images you have, how much they look like ImageNet's "
        "photos, and how much you can compute. The first is answered by counting.",
        "Bring in images",
        "data",
    )

kept = st.session_state.setdefault("answers", {}).get(dataset.id, Answers(images=dataset.count(TRAIN)))
advice = workspace.advise(dataset, similarity=kept.similarity, budget=kept.budget)
chosen = flowchart(kept, advice.scenario, advice.between, key=f"flowchart_{dataset.id}")
if chosen != kept:
    st.session_state["answers"][dataset.id] = chosen
    st.rerun()

st.subheader(advice.headline, anchor=False)
against = [reason for reason in advice.reasons if reason.against]
left, right = st.columns(2, gap="large") if against else (st.container(), None)
with left:
    st.markdown("**Why**")
    for reason in advice.reasons:
        if not reason.against:
            st.markdown(f"{reason.rule}  \n:gray[{text.escape(reason.evidence)}. Source: {reason.source}]")
if right is not None:
    with right:
        st.markdown("**Where the sources disagree**")
        for reason in against:
            st.markdown(f"{reason.rule}  \n:gray[Source: {reason.source}]")
        st.caption("Training the alternatives beside the recommendation lets your own images decide.")

st.subheader("Strategies, best first", anchor=False)
picked = []
for rank, suggestion in enumerate(advice.suggestions):
    strategy = workspace.strategy(suggestion.strategy)
    with st.container(border=True, key=f"suggestion_{suggestion.strategy}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.checkbox(strategy.title, value=rank < PRESELECTED, key=f"pick_{dataset.id}_{suggestion.strategy}"):
                picked.append(suggestion)
            st.badge(ROLES[suggestion.role], color="blue" if suggestion.role == "recommended" else "gray")
        st.markdown(f"{suggestion.why} :gray[{suggestion.source}]")
        st.caption(f"Frozen: {strategy.frozen} Trains: {strategy.trains}")

with st.container(horizontal=True, vertical_alignment="center"):
    label = f"Launch {len(picked)} {'strategy' if len(picked) == 1 else 'strategies'}"
    if st.button(label, type="primary", key="launch", icon=":material/play_arrow:", disabled=not picked):
        recipes = [workspace.recipe(dataset, s.strategy, **dict(s.overrides)) for s in picked]
        ids = workspace.submit(recipes)
        st.session_state["run"] = ids[0]
        shell.go("train")
    st.caption("On the bundled backbone, with defaults by rule. The Train page lets you change both.")
