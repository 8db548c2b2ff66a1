"""What augmentation makes of the user's own images, before anything is trained."""

from collections.abc import Sequence

import streamlit as st

from components.guard import fragment
from components.status import ENDED_BADLY, say_ended_badly
from transfer_core.types import Dataset, Job, Recipe
from transfer_core.workspace import Workspace

TICK_SECONDS = 0.5
WIDTH_PX = 620
JOBS = "augmented_jobs"  # in session_state: the job that draws each, so that no rerun queues it twice


def augmented_view(workspace: Workspace, dataset: Dataset, recipes: Sequence[Recipe]) -> None:
    """Training images and five random drawings of each, as the first recipe that augments would train on them.

    Drawn when first asked for. Nothing where no recipe augments.
    """
    recipe = next((known for known in recipes if known.augment != "none" and known.epochs), None)
    if recipe is None:
        return
    waits = workspace.augmented(dataset, recipe) is None and _job(workspace, dataset, recipe).active
    with st.container(key="augmented"):
        fragment(_augmented, run_every=TICK_SECONDS if waits else None)(workspace, dataset, recipe, waits)


def _augmented(workspace: Workspace, dataset: Dataset, recipe: Recipe, waits: bool) -> None:
    picture = workspace.augmented(dataset, recipe)
    job = None if picture is not None else _job(workspace, dataset, recipe)
    if waits and not (job and job.active):
        st.rerun()  # so that it looks no more
    if job and job.active:
        st.caption(":material/hourglass_top: Drawing what augmentation makes of your images.")
    elif job:
        if job.status in ENDED_BADLY:
            say_ended_badly(job)
        else:
            st.info("The drawing was stopped.", icon=":material/stop_circle:")
        forget = st.session_state[JOBS].pop
        if st.button("Draw again", key="draw_again", on_click=forget, args=(_key(dataset, recipe), None)):
            st.rerun()
    elif picture is not None:
        st.caption("**How training will see your images**")
        st.image(picture, width=WIDTH_PX)
        flips = "with" if recipe.flip else "without"
        st.caption(
            f"Augmentation *{recipe.augment}*, {flips} flips. Left: your images as the network sees them. Right: how"
            " five epochs would show them to it. Is the class still plain in each?"
        )


def _job(workspace: Workspace, dataset: Dataset, recipe: Recipe) -> Job:
    jobs, key = st.session_state.setdefault(JOBS, {}), _key(dataset, recipe)
    if key not in jobs:
        jobs[key] = workspace.draw_augmented(dataset, recipe)
    return workspace.job(jobs[key])


def _key(dataset: Dataset, recipe: Recipe) -> tuple[str, str, str, bool]:
    return (dataset.id, recipe.backbone, recipe.augment, recipe.flip)
