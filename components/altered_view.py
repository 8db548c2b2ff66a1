"""What augmentation makes of the user's own images, before anything is trained."""

import time

import streamlit as st

from components import text
from transfer_core.types import Dataset, Recipe
from transfer_core.workspace import Workspace

LOOK_SECONDS, PATIENCE_SECONDS = 0.1, 20
WIDTH_PX = 620


def altered_view(workspace: Workspace, dataset: Dataset, recipe: Recipe) -> None:
    """Four training images and five random drawings of each, as the recipe would train on them; drawn when first asked.

    Nothing for a recipe without augmentation.
    """
    if recipe.augment == "none" or not recipe.epochs:
        return
    picture = workspace.altered(dataset, recipe)
    if picture is None:
        job = workspace.draw_altered(dataset, recipe)
        until = time.monotonic() + PATIENCE_SECONDS
        with st.spinner("Drawing what augmentation makes of your images"):
            while workspace.job(job).active and time.monotonic() < until:
                time.sleep(LOOK_SECONDS)
        ended = workspace.job(job)
        if ended.status == "failed":
            st.error(text.escape(ended.error), icon=":material/error:")
        picture = workspace.altered(dataset, recipe)
    if picture is not None:
        with st.container(key="altered"):
            st.image(picture, width=WIDTH_PX)
        flips = "with" if recipe.flip else "without"
        st.caption(
            f"Augmentation *{recipe.augment}*, {flips} flips. Left: your images as the network sees them. Right: how"
            " five epochs would show them to it. Is the class still plain in each?"
        )
