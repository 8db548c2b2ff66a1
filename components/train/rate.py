"""Which learning rates the chosen strategy learns at: tried on a few steps, drawn, and put into the form."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from components.kit import canvas, text
from components.kit.charts import CONFIG
from components.kit.guard import fragment, said
from components.kit.job_panel import TICK_SECONDS, under_way
from components.kit.palette import NEUTRAL, style
from components.kit.status import say_ended_badly
from components.kit.train_form import take_rate
from components.state import Form
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
NEAR = 1.1  # two rates within this factor are the same
HEIGHT = 260  # px
ROW_PX = 18  # of labels below each other
ROOM = 20.0  # times a rate: so much of the axis takes the word “diverges”


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
        st.markdown(f"**{text.escape(test.finding)}** {text.escape(against(test, rule))}")
        st.plotly_chart(figure(test, rule, recipe.strategy), key="rates_figure", config=CONFIG)
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


def figure(test: RateTest, rule: float, strategy: str) -> go.Figure:
    """Loss by learning rate, with the rate by rule, the suggested one, and the form's if it is another."""
    low, high = min(test.smoothed), max(test.begun, *test.smoothed[: len(test.smoothed) // 2])
    bottom, top = max(0.0, low - 0.25 * (high - low)), high + 0.55 * (high - low)
    broken = ROOM * (test.diverges_from or 0.0)  # what diverges is drawn further than it was tried
    left, right = test.rates[0], max(1.3 * test.rates[-1], 1.3 * rule, broken)
    drawn = canvas.blank(
        title="Training loss as the learning rate grows",
        subtitle="Line: moving average. Faint: single steps.",
        height=HEIGHT,
    )
    if test.diverges_from is not None:
        _region(drawn, test.diverges_from, right, bottom, top)
    if bottom < test.guessing < top:
        _line(drawn, [left, right], [test.guessing] * 2, "dot")
        _label(drawn, left, test.guessing, "guessing", xanchor="left", yanchor="bottom")
    mark = style(strategy)
    drawn.add_scatter(
        x=test.rates,
        y=test.losses,
        mode="lines",
        line={"color": mark.color, "width": 1},
        opacity=0.3,
        hoverinfo="skip",
    )
    drawn.add_scatter(
        x=test.rates,
        y=test.smoothed,
        mode="lines",
        line={"color": mark.color, "width": 2.5},
        hovertext=[text.rate(rate) for rate in test.rates],
        hovertemplate="at %{hovertext}: %{y:.3f}<extra></extra>",
    )
    _rates(drawn, test, rule, (left, right), (bottom, top))
    decades = range(math.ceil(math.log10(left) - 0.01), math.floor(math.log10(right)) + 1)
    drawn.update_xaxes(
        type="log",
        range=[math.log10(left), math.log10(right)],
        tickvals=[10.0**n for n in decades],
        ticktext=[f"10<sup>{n}</sup>".replace("-", "−") if n < -3 else text.rate(10.0**n) for n in decades],
        title_text="Learning rate of the head",
        showgrid=False,
        zeroline=False,
    )
    drawn.update_yaxes(title_text="Loss", range=[bottom, top], zeroline=False)
    return drawn


def _rates(drawn: go.Figure, test: RateTest, rule: float, x: tuple[float, float], y: tuple[float, float]) -> None:
    """A line for each rate that is spoken of. Labels all lie on one side, below each other, and no line crosses one."""
    named = {"by rule": (rule, "dash")}
    if test.suggested is not None:
        named["by this test"] = (test.suggested, "solid")
    if all(max(known, test.own) > NEAR * min(known, test.own) for known, _ in named.values()):
        named["in the form"] = (test.own, "dot")
    places = [math.log(rate / x[0]) / math.log(x[1] / x[0]) for rate, _ in named.values()]
    leftwards = sum(places) / len(places) > 0.5
    side = {"xanchor": "right", "xshift": -3} if leftwards else {"xanchor": "left", "xshift": 3}
    ordered = sorted(named.items(), key=lambda one: one[1][0], reverse=leftwards)
    for row, (name, (rate, dash)) in enumerate(ordered):
        _line(drawn, [rate, rate], [y[0], y[1] - row * ROW_PX / HEIGHT * (y[1] - y[0])], dash)
        _label(drawn, rate, y[1], f"{name} {text.rate(rate)}", yanchor="top", yshift=-ROW_PX * row, **side)


def _line(drawn: go.Figure, x: Sequence[float], y: Sequence[float], dash: str) -> None:
    color = canvas.INK if dash == "solid" else NEUTRAL
    drawn.add_scatter(x=x, y=y, mode="lines", line={"color": color, "width": 1.2, "dash": dash}, hoverinfo="skip")


def _region(drawn: go.Figure, begin: float, end: float, bottom: float, top: float) -> None:
    drawn.add_scatter(
        x=[begin, end, end, begin],
        y=[bottom, bottom, top, top],
        mode="none",
        fill="toself",
        fillcolor=NEUTRAL.replace(".75", ".16"),
        hoverinfo="skip",
    )
    _label(drawn, end, bottom, "diverges", xanchor="right", yanchor="bottom", xshift=-3)


def _label(drawn: go.Figure, x: float, y: float, words: str, **place: object) -> None:
    drawn.add_annotation(x=math.log10(x), y=y, text=words, showarrow=False, **place)
