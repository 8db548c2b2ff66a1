"""What has been trained on these images so far, in a line, live while something trains."""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from components.kit import text
from components.kit.buttons import button
from components.kit.feed import Feed, feed
from components.kit.guard import follow
from transfer_core.types import GOING, TRAIN, Dataset, Decision, Run
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
    right = text.percent(run.val_accuracy or 0.0)
    return f"So far: {named(run, images, of, titles)} has {right} of the validation images right."


def named(run: Run, images: int | None, of: int, titles: Mapping[str, str]) -> str:
    title = titles.get(run.recipe.strategy, run.recipe.strategy)
    part = f" on {text.count(images)} of {text.count(of)} images" if images and images < of else ""
    return f"“{title}”{part}"


def _under_way(run: Run, workspace: Workspace, dataset: Dataset, titles: Mapping[str, str]) -> None:
    what = named(run, workspace.runs.train_images(dataset, run), dataset.count(TRAIN), titles)
    if run.by_itself:
        what = f"A first model, by itself: {what}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="under_way"):
        st.caption(f":material/hourglass_top: {text.escape(f'{what} {how(run, feed(workspace, run.id))}.')}")
        if run.status in GOING:
            button("Stop", "stop_under_way", "stop", workspace.jobs.stop, run.id, type="tertiary")


def how(run: Run, seen: Feed) -> str:
    """How it stands, in a few words."""
    if run.status == "queued":
        return "waits for its turn"
    if run.status == "stopping":
        return "is being stopped"
    if seen.progress is None:
        return "begins"
    now = seen.progress[1]
    share = f", {text.percent(now.done / now.of, 0)}" if now.of else ""
    return f"trains: {now.what[:1].lower()}{now.what[1:]}{share}"
