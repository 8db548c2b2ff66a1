"""What training will see of the user's own images, before anything is trained."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from components import state
from components.kit import text
from components.kit.guard import follow
from components.kit.status import say_ended
from transfer_core.types import NOTHING, SWITCHES, Dataset, Job, Recipe
from transfer_core.workspace import SETTINGS, Workspace

WIDTH_PX, PLAIN_WIDTH_PX = 660, 220  # with drawings at random, and without


def augmented_view(workspace: Workspace, dataset: Dataset, recipes: Sequence[Recipe], *, always: bool) -> None:
    """Training images and five random drawings of each, as the first recipe that augments would train on them.

    Drawn when first asked for. Where no recipe augments, `always` shows what the network sees of the images.
    """
    augmenting = (known for known in recipes if known.epochs and known.augmentation != NOTHING)
    recipe = next(augmenting, recipes[0] if always and recipes else None)
    if recipe is None:
        return
    apart = len({known.augmentation for known in recipes if known.epochs}) > 1
    who = f"“{workspace.strategies.get(recipe.strategy).title}”" if apart else "training"
    with st.container(key="augmented"):
        follow(_augmented, partial(_job, workspace, dataset, recipe), workspace, dataset, recipe, who, every=0.5)


def _augmented(job: Job | None, workspace: Workspace, dataset: Dataset, recipe: Recipe, who: str) -> None:
    picture = workspace.recipes.augmented(dataset, recipe)
    if job and job.active:
        st.caption(f":material/hourglass_top: Drawing what {text.escape(who)} will see of your images.")
    elif job:
        say_ended(job, "The drawing was stopped.")
        if st.button("Draw again", key="draw_again"):
            state.augmented_jobs.get().pop(workspace.recipes.drawing(dataset, recipe), None)
            st.rerun()
    elif picture is not None:
        _shown(picture, workspace.recipes.alike_when_turned(dataset, recipe), recipe, who)


def _shown(picture: bytes, warnings: Sequence[str], recipe: Recipe, who: str) -> None:
    on = [SETTINGS[name].label.lower() for name in SWITCHES if getattr(recipe.augmentation, name)]
    for said in warnings:
        st.warning(text.escape(said), icon=":material/swap_horiz:")
    st.caption(f"**How {text.escape(who)} will see your images**")
    said = f"Rows of training images, each as it is and as {who} will see it"
    st.image(picture, width=WIDTH_PX if on else PLAIN_WIDTH_PX, alt=said)
    columns = "Left: your images. Beside them: the squares that the network sees of them"
    if on:
        st.caption(
            f"{columns}, then how five epochs would show them to it: {', '.join(on)}. Is the class still plain in each?"
        )
    else:
        st.caption(f"{columns}. Nothing is changed at random.")


def _job(workspace: Workspace, dataset: Dataset, recipe: Recipe) -> Job | None:
    """What draws it; None once it is drawn."""
    if workspace.recipes.augmented(dataset, recipe) is not None:
        return None
    jobs, key = state.augmented_jobs.begin({}), workspace.recipes.drawing(dataset, recipe)
    if key not in jobs:
        jobs[key] = workspace.recipes.draw_augmented(dataset, recipe)
    return workspace.jobs.get(jobs[key])
