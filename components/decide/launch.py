"""Launching from the decision: what is recommended, all four scenarios, or what the user ticks."""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from components import shell, state
from components.kit import text
from components.kit.backbone_picker import download_note
from components.kit.buttons import button
from transfer_core.types import Backbone, Dataset, Decision, Plan
from transfer_core.workspace import Workspace

PRESELECTED = 3
ROLES = {"recommended": "Recommended", "alternative": "Alternative", "control": "Control"}


def launch_view(
    workspace: Workspace, dataset: Dataset, backbone: Backbone, decision: Decision, titles: Mapping[str, str]
) -> None:
    """The buttons; the primary one launches what is recommended. `titles` of the strategies by name."""
    plans = {plan.strategy: plan for plan in decision.plans}
    four = tuple(known.name for known in workspace.strategies.list() if known.represents)
    launch = partial(_launch, workspace, dataset, backbone, decision)
    with st.expander("Choose yourself", icon=":material/checklist:", key="choose_yourself"):
        ticked = _choose(workspace, dataset, decision, plans)
        label = f"Launch {len(ticked)} {'strategy' if len(ticked) == 1 else 'strategies'}"
        button(label, "launch_chosen", "play_arrow", launch, ticked, disabled=not ticked)
    if not workspace.backbones.available(backbone):
        st.warning(text.escape(download_note(backbone)), icon=":material/download:")
    with st.container(horizontal=True, vertical_alignment="center"):
        button("Launch recommended", "launch", "play_arrow", launch, (decision.strategy,), type="primary")
        button("Launch all four scenarios", "launch_four", "grid_view", launch, four)
    st.caption(text.escape(words(decision, plans, titles, backbone, four)))


def words(
    decision: Decision, plans: Mapping[str, Plan], titles: Mapping[str, str], backbone: Backbone, four: Sequence[str]
) -> str:
    """What each of the two buttons will take, and on which backbone. `four`: a strategy for each scenario."""
    first = f"Recommended: {titles[decision.strategy]}{_time([decision.strategy], plans)}."
    all_four = f"All four: {', '.join(titles[name] for name in four)}{_time(four, plans)}."
    late = [titles[name] for name in four if name in plans and plans[name].fits == "no"]
    beyond = f" Beyond your time limit: {', '.join(late)}." if late else ""
    return f"{first} {all_four}{beyond} On {backbone.title}; the Train page lets you change it and every setting."


def _time(names: Sequence[str], plans: Mapping[str, Plan]) -> str:
    known = [plans[name] for name in names if name in plans]
    if len(known) < len(names):
        return ""
    seconds = sum(plan.estimate.seconds if plan.fits == "no" else plan.seconds for plan in known)
    return f", about {text.duration(seconds)}"


def overrides(decision: Decision, name: str) -> dict[str, object]:
    """What the decision fixes of a strategy's recipe; of one that it does not suggest, the epochs that fit the time."""
    plan = next((plan for plan in decision.plans if plan.strategy == name and plan.fits == "shortened"), None)
    found = next((each.overrides for each in decision.suggestions if each.strategy == name), ())
    return dict(found) if found or plan is None else {"epochs": plan.epochs}


def _choose(workspace: Workspace, dataset: Dataset, decision: Decision, plans: Mapping[str, Plan]) -> tuple[str, ...]:
    ticked = []
    for rank, suggestion in enumerate(decision.suggestions):
        strategy = workspace.strategies.get(suggestion.strategy)
        with st.container(border=True, key=f"suggestion_{suggestion.strategy}"):
            with st.container(horizontal=True, vertical_alignment="center"):
                key = f"pick_{dataset.id}_{suggestion.strategy}"
                if st.checkbox(strategy.title, value=rank < PRESELECTED, key=key):
                    ticked.append(suggestion.strategy)
                st.badge(ROLES[suggestion.role], color="blue" if suggestion.role == "recommended" else "gray")
                taken = _time([suggestion.strategy], plans).removeprefix(", ")
                if taken:
                    st.caption(taken)
            st.markdown(f"{text.escape(suggestion.why)} :gray[{text.escape(suggestion.source)}]")
            st.caption(f"Frozen: {strategy.frozen} Trains: {strategy.trains}")
    return tuple(ticked)


def _launch(
    workspace: Workspace, dataset: Dataset, backbone: Backbone, decision: Decision, names: Sequence[str]
) -> None:
    recipes = [workspace.recipes.make(dataset, name, backbone.name, **overrides(decision, name)) for name in names]
    state.run.set(workspace.runs.submit(recipes)[0])
    shell.leave_for("train")
