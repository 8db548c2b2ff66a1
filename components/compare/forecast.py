"""How many more images until fine-tuning wins: the sentence, both learning curves, and what to train to know."""

import streamlit as st

from components import shell
from components.kit import text
from components.kit.buttons import button
from components.kit.charts import plot
from components.kit.guard import said
from components.kit.runs import forecast
from components.kit.train_form import set_by_user
from transfer_core.presentation import figures
from transfer_core.types import Comparison, Dataset, Forecast, Lacking, Recipe
from transfer_core.workspace import Workspace


def forecast_view(workspace: Workspace, dataset: Dataset, comparison: Comparison) -> Forecast | None:
    """The forecast that is shown; None where there are not both approaches to forecast."""
    found = None
    with said():
        found = forecast(workspace, comparison)
    if found is None:
        return None
    st.markdown("##### How many more images until fine-tuning wins?")
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
        if st.button("Watch on the Train page", key="forecast_watch", icon=":material/monitoring:"):
            shell.go("train")
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
