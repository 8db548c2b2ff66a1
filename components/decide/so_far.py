"""What has been trained on these images so far, in a line, live while something trains."""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from components.kit import text
from components.kit.buttons import button
from components.kit.feed import feed
from components.kit.guard import follow
from components.kit.status import phase
from transfer_core.types import TRAIN, Dataset, Decision, Run
from transfer_core.workspace import Workspace


def so_far(
    workspace: Workspace,
    dataset: Dataset,
    runs: Sequence[Run],
    decision: Decision,
    titles: Mapping[str, str],
    *,
    own: Run | None,
) -> None:
    """The run that trains or waits, else the one that has most validation images right. Call at top level.

    `runs` of the dataset, newest first. `own`: the run of what is recommended, whose accuracy is said already.
    """
    active = next((run for run in reversed(runs) if run.active), None)
    if active is not None:
        live = partial(workspace.runs.get, active.id)
        follow(_under_way, live, workspace, dataset, titles, place="so_far")
    best = best_so_far(runs)
    if best is not None and (own is None or own.id != best.id):
        words = now(best, workspace.runs.train_images(dataset, best), dataset.count(TRAIN), titles)
        if own is None and best.recipe.strategy != decision.strategy and decision.pilots is None:
            words += " What this would gain over it is not measured; pilots can tell."
        st.caption(text.escape(words))


def best_so_far(runs: Sequence[Run]) -> Run | None:
    """Of those that saw the dataset's own splits, the one with most validation images right; of equals the newest."""
    judged = [run for run in runs if run.tested and run.val_accuracy is not None and not run.recipe.folds]
    return max(judged, key=lambda run: run.val_accuracy or 0.0, default=None)


def now(run: Run, images: int | None, of: int, titles: Mapping[str, str]) -> str:
    """What a run is worth today. `images`: that it was trained on, of so many."""
    part = f", trained on {text.count(images)} of {text.count(of)} images," if images and images < of else ""
    title = titles.get(run.recipe.strategy, run.recipe.strategy)
    return f"“{title}”{part} has {text.percent(run.val_accuracy or 0.0)} of the validation images right now."


def _under_way(run: Run, workspace: Workspace, dataset: Dataset, titles: Mapping[str, str]) -> None:
    what = text.escape(words(run, workspace.runs.train_images(dataset, run), dataset.count(TRAIN), titles))
    if run.status == "queued":
        how = "waits for its turn."
    elif run.status == "stopping":
        how = "is being stopped."
    else:
        how = f"trains: {text.escape(phase(feed(workspace, run.id))[1].rstrip(' .'))}."
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="under_way"):
        st.caption(f":material/hourglass_top: {what} {how}", width="content")
        if run.status in ("queued", "running"):
            button("Stop", "stop_under_way", "stop", workspace.jobs.stop, run.id, type="tertiary")


def words(run: Run, images: int | None, of: int, titles: Mapping[str, str]) -> str:
    title = titles.get(run.recipe.strategy, run.recipe.strategy)
    part = f" on {text.count(images)} of {text.count(of)} images" if images and images < of else ""
    return f"“{title}”{part}"
