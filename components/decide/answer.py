"""The answer: what to launch and the button that does, what it takes, what is there already; quietly, what else."""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from components import shell, state
from components.decide.decision import headline
from components.decide.pilots import pilots_offer
from components.decide.so_far import reached, so_far
from components.kit import text
from components.kit.backbone_picker import download_note
from components.kit.buttons import button
from components.kit.expected import wait_for_times
from components.kit.job_panel import MEASURE, PILOT, study_button, study_progress
from transfer_core.errors import GraftError
from transfer_core.types import Backbone, Dataset, Decision, Plan, Recipe, Run
from transfer_core.workspace import Workspace

PRESELECTED = 3
ROLES = {"recommended": "Recommended", "alternative": "Alternative", "control": "Control"}


def answer_view(
    workspace: Workspace, dataset: Dataset, backbone: Backbone, decision: Decision, titles: Mapping[str, str]
) -> None:
    """Call at top level. `titles` of the strategies by name."""
    runs = workspace.runs.list(dataset.id)
    run = _its_run(workspace, dataset, backbone, decision, runs)
    plans = {plan.strategy: plan for plan in decision.plans}
    with st.container(key="answer", gap="small"):
        st.header(text.escape(headline(decision, titles, run)), anchor=False)
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="do_it"):
            launch = partial(_launch, workspace, dataset, backbone, decision)
            if run is None:
                button("Launch recommended", "launch", "play_arrow", launch, (decision.strategy,), type="primary")
            else:
                label = "Watch it train" if run.active else "See its run"
                button(label, "launch", "visibility", _see, run.id, type="primary")
            with st.container(key="cost", gap=None):
                _cost(workspace, dataset, backbone, plans.get(decision.strategy), run)
                so_far(workspace, dataset, runs, decision, titles, own=run)
        _what_else(workspace, dataset, backbone, decision, titles, plans)
    if not workspace.backbones.available(backbone):
        st.warning(text.escape(download_note(backbone)), icon=":material/download:")
    for study in (MEASURE, PILOT):
        study_progress(workspace, dataset, backbone, study)


def _its_run(
    workspace: Workspace, dataset: Dataset, backbone: Backbone, decision: Decision, runs: Sequence[Run]
) -> Run | None:
    """The run of what is recommended that goes on or has finished; None where a launch would begin one."""
    try:
        (wanted,) = _recipes(workspace, dataset, backbone, decision, (decision.strategy,))
    except GraftError:  # the press of the button says it
        return None
    return next((run for run in runs if run.recipe.id == wanted.id and (run.active or run.status == "done")), None)


def _cost(workspace: Workspace, dataset: Dataset, backbone: Backbone, plan: Plan | None, run: Run | None) -> None:
    """Its expected seconds, or what it took; 'timing…' until this machine has timed the network."""
    if run is not None and run.seconds is not None:
        found = reached(workspace, dataset, run)
        st.caption(text.escape(f"Trained in {text.duration(run.seconds)}{f'; it {found}' if found else ''}."))
    elif plan is not None:
        st.caption(f":material/timer: About {text.duration(plan.seconds)} here, on {text.escape(backbone.title)}.")
    else:
        wait_for_times(workspace, dataset, backbone)


def _what_else(
    workspace: Workspace,
    dataset: Dataset,
    backbone: Backbone,
    decision: Decision,
    titles: Mapping[str, str],
    plans: Mapping[str, Plan],
) -> None:
    """Other things that one could do, none of them louder than the answer."""
    four = tuple(known.name for known in workspace.strategies.list() if known.represents)
    launch = partial(_launch, workspace, dataset, backbone, decision)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="what_else"):
        measuring = workspace.studies.job("measure", dataset, backbone.name)
        if decision.measured is None and not (measuring is not None and measuring.active):
            study_button(MEASURE, lambda: workspace.studies.measure(dataset, backbone.name), type="tertiary")
        pilots_offer(workspace, dataset, backbone, decision)
        button(
            f"Launch all four scenarios{_time(four, plans)}",
            *("launch_four", "grid_view", launch, four),
            type="tertiary",
            help=text.escape(all_four(four, plans, titles)),
        )
        with st.popover("Choose yourself", icon=":material/checklist:", type="tertiary", key="choose_yourself"):
            ticked = _choose(workspace, dataset, decision, plans)
            label = f"Launch {len(ticked)} {'strategy' if len(ticked) == 1 else 'strategies'}"
            button(label, "launch_chosen", "play_arrow", launch, ticked, disabled=not ticked)


def all_four(four: Sequence[str], plans: Mapping[str, Plan], titles: Mapping[str, str]) -> str:
    """What training one strategy for each scenario means. `four`: their names."""
    late = [titles[name] for name in four if name in plans and plans[name].fits == "no"]
    beyond = f" Beyond your time limit: {', '.join(late)}." if late else ""
    return f"{', '.join(titles[name] for name in four)}: your images decide.{beyond}"


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


def _recipes(
    workspace: Workspace, dataset: Dataset, backbone: Backbone, decision: Decision, names: Sequence[str]
) -> list[Recipe]:
    return [workspace.recipes.make(dataset, name, backbone.name, **overrides(decision, name)) for name in names]


def _launch(
    workspace: Workspace, dataset: Dataset, backbone: Backbone, decision: Decision, names: Sequence[str]
) -> None:
    ids = workspace.runs.submit(_recipes(workspace, dataset, backbone, decision, names))
    _see(workspace.runs.first_of(ids))


def _see(run: str) -> None:
    state.run.set(run)
    shell.leave_for("train")
