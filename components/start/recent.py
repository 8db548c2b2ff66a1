"""Where one left off: the datasets worked on last, each with what is known of it and one button that goes on."""

from collections import defaultdict
from functools import partial

import streamlit as st

from components import shell, state
from components.kit import text
from components.kit.buttons import button
from components.kit.feed import feed
from components.kit.gallery import data_uri, or_none
from components.kit.guard import follow
from components.kit.runs import taken, titles
from components.kit.status import phase_bar
from transfer_core.errors import GraftError
from transfer_core.types import Run
from transfer_core.workspace import DatasetRow, Workspace

NEWEST = 4  # datasets that are shown
TILES = 4  # images of each
STYLE = """
<style>
.graft-tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: .25rem; max-width: 15rem; }
.graft-tiles img { width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 4px; display: block; }
[class*="st-key-dataset_"] h3 { padding: 0 0 .35rem; }
</style>
"""


def recent(workspace: Workspace, rows: tuple[DatasetRow, ...]) -> None:
    """Draw it; the dataset that was worked on last comes first, with the page's primary button unless images wait."""
    runs: dict[str, list[Run]] = defaultdict(list)
    for run in workspace.runs.list():
        runs[run.recipe.dataset].append(run)
    known = sorted(rows, key=lambda row: -max([row.created, *(run.created for run in runs[row.id][:1])]))
    _running(workspace, [run for found in runs.values() for run in found], {row.id: row.name for row in rows})
    st.html(STYLE)
    for number, row in enumerate(known[:NEWEST]):
        _card(workspace, row, runs[row.id], first=not number and state.given.get() is None)
    if len(known) > NEWEST:
        st.caption(f"The newest {NEWEST} of {text.count(len(known))}. The list above each other page has them all.")


def _card(workspace: Workspace, row: DatasetRow, runs: list[Run], *, first: bool) -> None:
    try:
        dataset = workspace.datasets.get(row.id)
    except GraftError:  # deleted in another tab just now
        return
    active, done = sum(run.active for run in runs), sum(run.tested for run in runs)
    label, icon, page = next_step(active, done)
    facts = [f"{text.count(row.images)} images", f"{row.classes} classes", f"imported {text.ago(row.created)}"]
    counts = [f"{text.count(n)} {what}" for n, what in ((active, "to train"), (done, "done")) if n]
    facts.append(f"runs: {', '.join(counts)}" if counts else "no runs yet")
    facts += [text.tags(row.remark)] if row.remark.tags else []
    said = ":small[" + " · ".join(facts) + "]"
    if best := taken(workspace, dataset) if done else None:
        title = text.escape(titles(workspace, runs).get(best.id) or workspace.runs.title(best))
        right = best.test_accuracy
        said = (
            f"Best: **{title}**"
            + (f", {text.percent(right)} on test images" if right is not None else "")
            + f"  \n{said}"
        )
    with st.container(border=True, key=f"dataset_{row.id}"):
        tiles, words, go = st.columns([3, 8, 3], vertical_alignment="center", gap="small")
        step = max(1, len(dataset) // TILES)
        shown = [
            data_uri(or_none(partial(workspace.datasets.thumbnail, dataset, i))) for i in range(0, len(dataset), step)
        ]
        pictures = "".join(f'<img src="{source}" alt="">' for source in shown[:TILES] if source)
        tiles.html(f'<div class="graft-tiles">{pictures}</div>')
        words.markdown(f"### {text.escape(row.name)}\n{said}")
        with go:
            kind = "primary" if first else "secondary"
            button(label, f"open_{row.id}", icon, _go_on, row.id, page, type=kind, width="stretch")


def next_step(active: int, done: int) -> tuple[str, str, str]:
    """What comes next for a dataset with so many runs that train or wait, and that ended: label, icon, page."""
    if active:
        return "Watch it train", "model_training", "train"
    if done:
        return ("Compare the runs" if done > 1 else "See how good it is"), "bar_chart", "compare"
    return "Decide on a strategy", "account_tree", "decide"


def _go_on(dataset: str, page: str) -> None:
    shell.take(dataset)
    shell.leave_for(page)


def _running(workspace: Workspace, runs: list[Run], names: dict[str, str]) -> None:
    """What trains now and how far it is; nothing where nothing does."""
    now = next((run for run in runs if run.status in ("running", "stopping")), None)
    if now is not None:
        waiting = sum(run.status == "queued" for run in runs)
        title, name = workspace.runs.title(now), names.get(now.recipe.dataset, "")
        follow(_run, partial(workspace.runs.get, now.id), workspace, f"{title} on {name}", waiting, every=2.0)


def _run(run: Run, workspace: Workspace, title: str, waiting: int) -> None:
    with st.container(border=True, key="runs_now"):
        more = f" {waiting} more {'waits' if waiting == 1 else 'wait'}." if waiting else ""
        st.markdown(f"Training now: **{text.escape(title)}**.{more}")
        phase_bar(feed(workspace, run.id))
