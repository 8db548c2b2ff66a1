"""Feature extraction and fine-tuning against each other: what either reached here, took, and would with more images."""

from collections.abc import Sequence

import streamlit as st

from components import shell
from components.compare.runs import pick
from components.compare.verdict import Fact, facts, facts_of
from components.kit import text
from components.kit.buttons import button
from components.kit.charts import plot
from components.kit.drawn import drawn, strategy_name
from components.kit.guard import said
from components.kit.runs import forecast, points, significance
from components.kit.train_form import fill_from, set_by_user
from transfer_core.presentation import figures
from transfer_core.types import Dataset, Recipe, Run
from transfer_core.workspace import Approach, Comparison, Forecast, Lacking, Pair, Workspace

SAYS = {
    "feature extraction": "The backbone stays as it is: it turns each image into features, once, and only a classifier"
    " learns.",
    "fine-tuning": "The backbone learns too, from its pretrained weights on, with the classifier.",
}


def approaches_view(workspace: Workspace, dataset: Dataset, comparison: Comparison) -> None:
    """The difference in words; two columns; what either reaches with fewer images, and would with more."""
    if comparison.runs[0].recipe.folds:
        st.caption("The two approaches are contrasted on the dataset's own test split. These runs are folds.")
        return
    st.markdown(f"**{text.escape(contrast(comparison))}**")
    for column, approach in zip(st.columns(2), comparison.approaches, strict=True):
        key = approach.name.replace(" ", "_")
        with column, st.container(border=True, key=f"approach_{key}", height="stretch"):
            _side(workspace, dataset, comparison, approach, key)
    sizes = {reached.images for each in comparison.approaches for reached in each.by_images}
    told = forecast_view(workspace, dataset, comparison)
    if told is not None and told.crossing is not None:  # its curves show the same and more
        return
    if len(sizes) > 1:
        _fewer_images(workspace, comparison)
    elif sizes and told is None:
        st.caption(
            "Train the same strategies on fewer images of each class (Settings, Training images of each class) and"
            " this place shows what either approach reaches with how many."
        )


def contrast(comparison: Comparison) -> str:
    """The runs that stand for the two against each other, in a sentence."""
    extraction, tuning = (each.run for each in comparison.approaches)
    if extraction is None and tuning is None:
        return "Neither approach has a run among those that are compared: all begin with random weights."
    if extraction is None or tuning is None:
        missing = "feature extraction" if extraction is None else "fine-tuning"
        return f"Only one of the two approaches has a run here; {missing} has none to hold against it."
    pair = comparison.pair(tuning, extraction)
    seconds = {run.id: run.whole_seconds for run in comparison.runs}
    return f"{_lead(pair, len(comparison.pairs))}{_cost(seconds[tuning], seconds[extraction])}."


def _lead(pair: Pair, pairs: int) -> str:
    value = pair.counts.value
    if not value:
        return "Both have as many test images right" if pair.reached is None else "Both reach as much of what counts"
    ahead, lead = ("Fine-tuning", pair.counts) if value > 0 else ("Feature extraction", -pair.counts)
    return f"{ahead} is {points(lead).removeprefix('+')} ahead, {significance(pair, pairs)}"


def _cost(tuning: float | None, extraction: float | None) -> str:
    """What fine-tuning takes more, or less, than feature extraction."""
    if not tuning or not extraction:
        return ""
    slower, more, less = ("fine-tuning", tuning, extraction)
    if tuning < extraction:
        slower, more, less = ("feature extraction", extraction, tuning)
    ratio = more / less
    times = f"{ratio:,.0f}" if ratio >= 9.95 else f"{ratio:.1f}"
    return f"; {slower} takes {times} times as long" if times != "1.0" else "; both take as long"


def _side(workspace: Workspace, dataset: Dataset, comparison: Comparison, approach: Approach, key: str) -> None:
    st.markdown(f"### {approach.name.capitalize()}")
    st.caption(SAYS[approach.name])
    run = next((run for run in comparison.runs if run.id == approach.run), None)
    if run is not None:
        drawn(best(workspace, comparison, run), key=f"best_{key}")
        return
    if approach.by_images:
        held = approach.by_images[-1].run
        st.markdown("A finished run of it is not among those that are compared.")
        beside = [*(run.id for run in comparison.runs), held]
        button("Add the best one", f"add_{key}", "add", pick, dataset, beside)
        return
    strategy = next(known for known in workspace.strategies.list() if known.approach == approach.name)
    st.markdown(f"It has no finished run yet. “{text.escape(strategy.title)}” is a good one to begin with.")
    recipe = workspace.recipes.make(dataset, strategy.name, workspace.studies.said(dataset).backbone)
    if st.button(
        f"Set up “{text.escape(strategy.title)}”",
        key=f"train_{key}",
        icon=":material/model_training:",
        on_click=fill_from,
        args=(workspace, dataset, recipe),
    ):
        shell.go("train")


def best(workspace: Workspace, comparison: Comparison, run: Run) -> str:
    """HTML: the run that stands for an approach, with its figures."""
    listed: list[Fact] = facts_of(workspace, comparison, run)
    listed.append(("Training images", text.count(comparison.trained_on(run.id)), ""))
    name = strategy_name(run.recipe.strategy, text.short(comparison.title(run.id), 60))
    return f'<p style="margin-bottom: .9rem"><small>Taken by the verdict’s rule</small><br>{name}</p>{facts(listed)}'


def _fewer_images(workspace: Workspace, comparison: Comparison) -> None:
    """The best runs at each size, which may not be among those that are compared."""
    runs = [at.run for each in comparison.approaches for at in each.by_images]
    strategies = {run: workspace.runs.get(run).recipe.strategy for run in runs}
    plot(figures.reach(comparison.approaches, strategies), key="reach")
    st.caption(_sizes(comparison.approaches))


def _sizes(approaches: Sequence[Approach]) -> str:
    """Where the two stand at the fewest and at the most images that both were trained on."""
    extraction, tuning = ({at.images: at.accuracy.value for at in each.by_images} for each in approaches)
    both = sorted(extraction.keys() & tuning.keys())
    if len(both) < 2:
        return "Each symbol is the strategy that was best at that size."
    said = [
        f"{text.signed(100 * (tuning[size] - extraction[size]), 1)} points with {text.count(size)}"
        for size in (both[0], both[-1])
    ]
    return f"Fine-tuning against feature extraction: {said[0]} training images, {said[1]}."


def forecast_view(workspace: Workspace, dataset: Dataset, comparison: Comparison) -> Forecast | None:
    """The forecast that is shown; None where there are not both approaches to forecast."""
    found = None
    with said():
        found = forecast(workspace, comparison)
    if found is None:
        return None
    st.markdown("### How many more images until fine-tuning wins?")
    st.markdown(f"**{text.escape(found.said)}**")
    if found.crossing is not None:
        plot(figures.learning_curves(found, found.crossing), key="learning_curves")
        st.caption(text.escape(found.method))
    _offer(workspace, dataset, found)
    return found


def _offer(workspace: Workspace, dataset: Dataset, found: Forecast) -> None:
    """One button that queues the runs that lack; while they wait or run, where to watch them."""
    if not found.lacking:
        return
    wanted = [recipe_like(workspace, dataset, each) for each in found.lacking]
    active = {run.recipe.id for run in workspace.runs.list(dataset.id, active=True)}
    waiting = sum(recipe.id in active for recipe in wanted)
    if waiting:
        runs = "1 run waits or trains" if waiting == 1 else f"{waiting} runs wait or train"
        st.caption(f"{runs} for this. When they have ended, the forecast takes them in.")
        button("Watch on the Train page", "forecast_watch", "monitoring", shell.leave_for, "train")
        return
    button(
        *(text.escape(found.offer), "forecast_train", "model_training", workspace.runs.submit, wanted),
        help="Queues the missing runs, with the settings of the two that are compared.",
    )


def recipe_like(workspace: Workspace, dataset: Dataset, lacking: Lacking) -> Recipe:
    """A run's recipe on another number of images: what its user had set stays, the rest is by rule for that many."""
    like = workspace.runs.get(lacking.run).recipe
    by_rule = workspace.recipes.make(dataset, like.strategy, like.backbone, per_class=like.per_class)
    own = set_by_user(like, by_rule) | {"per_class": lacking.per_class}
    return workspace.recipes.make(dataset, like.strategy, like.backbone, **own)
