"""What has been trained on these images so far, in a line, live while something trains."""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from components.kit import text
from components.kit.buttons import button
from components.kit.feed import Feed, feed
from components.kit.guard import follow
from components.kit.status import left
from transfer_core import findings
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
    """The run that trains or waits, and the one that reaches most on validation images. Call at top level.

    `runs` of the dataset, newest first. `own`: the run of what is recommended, of which this is said already.
    """
    active = next((run for run in reversed(runs) if run.active), None)
    if active is not None:
        live = partial(workspace.runs.get, active.id)
        follow(_under_way, live, workspace, dataset, titles, place="so_far")
    best = best_so_far(workspace, dataset, runs)
    if best is not None and (own is None or own.id != best.id):
        what = named(best, workspace.runs.train_images(dataset, best), dataset.count(TRAIN), titles)
        words = f"Best so far: {what} {reached(workspace, dataset, best)}."
        if own is None and best.recipe.strategy != decision.strategy and decision.pilots is None:
            words += " What this would gain over it is not measured; pilots can tell."
        st.caption(text.escape(words))


def best_so_far(workspace: Workspace, dataset: Dataset, runs: Sequence[Run]) -> Run | None:
    """Of those that saw the dataset's own splits, the one that reaches most of what counts on validation images; of
    equals the newest."""
    known = {run.id: value for run in runs if (value := workspace.runs.validated(dataset, run)) is not None}
    judged = [run for run in runs if run.tested and run.id in known and not run.recipe.folds]
    return max(judged, key=lambda run: known[run.id], default=None)


def reached(workspace: Workspace, dataset: Dataset, run: Run) -> str:
    """ "has 86.2 % of the validation images right", or what it reaches of what counts; '' where that is not known."""
    value = workspace.runs.validated(dataset, run)
    return "" if value is None else findings.validated(workspace.studies.goal(dataset), value)


def named(run: Run, images: int | None, of: int, titles: Mapping[str, str]) -> str:
    title = titles.get(run.recipe.strategy, run.recipe.strategy)
    part = f" on {text.count(images)} of {text.count(of)} images" if images and images < of else ""
    return f"“{title}”{part}"


def _under_way(run: Run, workspace: Workspace, dataset: Dataset, titles: Mapping[str, str]) -> None:
    what = named(run, workspace.runs.train_images(dataset, run), dataset.count(TRAIN), titles)
    if run.by_itself:
        what = f"A first model, {what},"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="under_way"):
        said = text.escape(f"{what} {how(run, feed(workspace, run.id))}.")
        st.caption(f":material/hourglass_top: {said}", width="content")
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
    now, still = seen.progress[1], left(seen)
    parts = [f"trains{' by itself' * run.by_itself}: {now.what[:1].lower()}{now.what[1:]}"]
    parts += [text.percent(now.done / now.of, 0)] if now.of else []
    parts += [text.remaining(still)] if still is not None else []
    return ", ".join(parts)
