"""Which learning rates the chosen strategy learns at: tried on a few steps, drawn, and put into the form."""

from collections.abc import Sequence

import streamlit as st

from components.kit import text
from components.kit.charts import plot
from components.kit.guard import fragment, said
from components.kit.job_panel import TICK_SECONDS, under_way
from components.kit.status import say_ended_badly
from components.kit.train_form import take_rate
from components.state import Form
from transfer_core import findings
from transfer_core.presentation import figures
from transfer_core.presentation.figures.rates import NEAR
from transfer_core.types import Dataset, Job, RateTest, Recipe
from transfer_core.workspace import Workspace

OFFER = (
    "Graft takes up to a hundred steps, each with a higher learning rate than the last, and shows where the loss falls"
    " and where it breaks. It takes about a minute and leaves no run."
)
LIMITS = (
    "So few steps show where learning begins and where it breaks, not which rate ends best: on photos of clothes, whole"
    " trainings by the rules ended ahead of those by this test. Train with both and compare."
)


def rate_view(workspace: Workspace, dataset: Dataset, recipes: Sequence[Recipe], form: Form, device: str) -> None:
    """The range test of the first recipe that learns step by step: offered, watched, drawn. Nothing without one."""
    learners = [recipe for recipe in recipes if recipe.epochs]
    if not learners:
        return
    job = workspace.studies.rate_job(dataset, learners[0])
    waits = job is not None and job.active
    with st.container(key="rates", border=True):
        body = fragment(_body, run_every=TICK_SECONDS if waits else None)
        body(workspace, dataset, learners, form, device, waits)


def _body(
    workspace: Workspace, dataset: Dataset, learners: Sequence[Recipe], form: Form, device: str, waits: bool
) -> None:
    recipe, title = learners[0], workspace.strategies.get(learners[0].strategy).title
    job, test = workspace.studies.rate_job(dataset, recipe), workspace.studies.rate_test(dataset, recipe)
    if waits != (job is not None and job.active):
        st.rerun()
    if job is not None and waits:
        st.markdown(f"**Trying learning rates for “{text.escape(title)}”**")
        under_way(workspace, job, "rates")
    elif test is None:
        _offer(workspace, dataset, recipe, job, device, f" It tries “{title}”." if len(learners) > 1 else "")
    else:
        rule = _by_rule(workspace, dataset, recipe, form)
        st.markdown(f"**{text.escape(findings.learning_rates(test))}** {text.escape(against(test, rule))}")
        plot(figures.rates(test, rule, recipe.strategy), key="rates_figure")
        _use(test, recipe, form)
        took = f"{test.steps} steps of “{title}” in {text.duration(test.seconds)}, on training images alone."
        shared = " The form has one rate for all chosen strategies." if len(learners) > 1 else ""
        st.caption(text.escape(f"{took} {LIMITS}{shared}"))


def _offer(workspace: Workspace, dataset: Dataset, recipe: Recipe, job: Job | None, device: str, which: str) -> None:
    if job is not None and job.status == "stopped":
        st.info("The test was stopped before it ended.", icon=":material/stop_circle:")
    elif job is not None:
        say_ended_badly(job)
    label = "Find a learning rate" if job is None else "Try again"
    pressed = st.button(label, key="find_rate", icon=":material/trending_down:")
    st.caption(text.escape(OFFER + which))
    if pressed:
        with said():
            workspace.studies.find_rate(dataset, recipe, device)
            st.rerun()


def _use(test: RateTest, recipe: Recipe, form: Form) -> None:
    """A button that puts the suggested rate into the form."""
    if test.suggested is None:
        return
    held, rate = test.suggested == recipe.lr, text.rate(test.suggested)
    pressed = st.button(
        f"The form holds {rate}" if held else f"Use {rate}",
        key="use_rate",
        icon=":material/check:" if held else ":material/edit:",
        disabled=held,
        on_click=take_rate,
        args=(form, test.suggested, recipe.backbone_lr / recipe.lr),
    )
    if pressed:
        st.rerun()  # the whole page, since the form stands above


def _by_rule(workspace: Workspace, dataset: Dataset, recipe: Recipe, form: Form) -> float:
    """The rate that the form would launch, had the user set none."""
    own = set(workspace.strategies.get(recipe.strategy).settings) - {"lr", "backbone_lr"}
    others = {name: value for name, value in form.settings.items() if name in own}
    return workspace.recipes.make(dataset, recipe.strategy, recipe.backbone, **others).lr


def against(test: RateTest, rule: float) -> str:
    """Where the rate by rule lies on the curve, in a sentence."""
    own = f"The rule’s {text.rate(rule)}"
    if test.diverges_from is not None and rule >= test.diverges_from:
        return f"{own} lies where it is lost."
    if test.suggested is None:
        return f"{own} stays." if test.diverges_from is None else f"{own} lies below that."
    if max(rule, test.suggested) < NEAR * min(rule, test.suggested):
        return f"{own} is the same."
    if rule < test.suggested:
        return f"{own} lies below that."
    return f"{own} lies between the two." if rule <= test.lowest else f"{own} lies past the lowest point."
