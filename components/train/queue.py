"""A dataset's runs, a page at a time, each with how it stands; runs that repeat one recipe are one line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from components import state
from components.kit import text
from components.kit.buttons import LINES, button, page_in_hand, turn
from components.kit.guard import fragment
from components.kit.runs import kept, kind_of, states, titles
from components.kit.status import run_badge
from transfer_core.types import GOING, Dataset, Repeats, Run
from transfer_core.workspace import Workspace

TICK_SECONDS = 1.0
PAGE = "queue_page"  # of the list that is turned
RANKS = {"running": 0, "stopping": 0, "queued": 1}  # what has ended comes after these


@dataclass(frozen=True, kw_only=True)
class Line:
    """A run, or the runs that repeat one recipe."""

    key: str
    title: str
    runs: tuple[Run, ...]
    group: Repeats | None = None


def lines(workspace: Workspace, runs: Sequence[Run]) -> list[Line]:
    """The newest first, as `runs` are. A list whose first page would miss some that train or wait begins with these."""
    return kept(workspace, _lines, workspace, runs, by=states(runs))


def _lines(workspace: Workspace, runs: Sequence[Run]) -> list[Line]:
    names, groups = titles(workspace, runs), workspace.runs.repeats(runs=runs)
    found: dict[str, Line] = {}
    grouped = {
        run.id: Line(key=f"group_{run.recipe.repeats}", title=title, runs=group.runs, group=group)
        for group, title in zip(groups, workspace.runs.titles_of_repeats(groups), strict=True)
        for run in group.runs
    }
    for run in runs:
        line = grouped.get(run.id) or Line(key=run.id, title=names[run.id], runs=(run,))
        found.setdefault(line.key, line)
    ordered = list(found.values())
    if any(run.active for line in ordered[LINES:] for run in line.runs):  # else no line moves when its state changes
        ordered.sort(key=lambda line: min(RANKS.get(run.status, len(RANKS)) for run in line.runs))
    return ordered


def queue_view(workspace: Workspace, dataset: Dataset, runs: Sequence[Run]) -> None:
    """All runs of a dataset, as the page has read them. Picking one shows it below. Call at top level."""
    active = any(run.active for run in runs)
    body = fragment(_queue, run_every=TICK_SECONDS if active else None)
    body(workspace, dataset, {run.id for run in runs}, active)


def shown_run(runs: Sequence[Run]) -> str:
    """The run picked by the user; else the one that trains, else the newest."""
    picked = state.run.get()
    if any(run.id == picked for run in runs):
        return picked
    running = [run for run in runs if run.status in ("running", "stopping")]
    return (running or list(runs))[0].id


def _queue(workspace: Workspace, dataset: Dataset, known: set[str], was_active: bool) -> None:
    runs = workspace.runs.list(dataset.id)
    if known != {run.id for run in runs} or (was_active and not any(run.active for run in runs)):
        st.rerun()  # the rest of the page speaks of them too
    names, shown = titles(workspace, runs), shown_run(runs)
    found = lines(workspace, runs)
    place = next(i for i, line in enumerate(found) if any(run.id == shown for run in line.runs))
    number = page_in_hand(PAGE, len(found), sought=place, mark=shown)
    with st.container(key="queue", gap="xsmall"):
        for line in found[number * LINES : (number + 1) * LINES]:
            if line.group is None:
                _line(workspace, line.runs[0], line.title, shown)
            else:
                _group(workspace, line.group, line, names, shown)
        turn(PAGE, len(found), number, f"{text.count(len(runs))} runs")
        _undo(workspace)


def _group(workspace: Workspace, group: Repeats, line: Line, titles: Mapping[str, str], shown: str) -> None:
    """One line for all of them, folded open to each."""
    key = line.key
    going = [run for run in group.runs if run.status in GOING]
    failed = sum(run.status == "failed" for run in group.runs)

    def stop_all() -> None:
        for run in going:
            _stop(workspace, run.id)

    with st.container(horizontal=True, vertical_alignment="center", key=key):
        open_ = st.toggle(
            text.escape(f"{line.title}, {kind_of(group)}"),
            value=any(run.active for run in group.runs),
            key=f"open_{key}",
        )
        if group.mean is not None:
            st.markdown(f"**{mean_and_spread(group)}**", width="content")
        ended = f"{group.done} of {len(group.runs)} done" + f", {failed} failed" * bool(failed)
        st.caption(f"{ended} · {text.escape(group.runs[0].recipe.backbone)}")
        if going:
            button("Stop all", f"stop_{key}", "stop", stop_all)
    if open_:
        place = next((i for i, run in enumerate(group.runs) if run.id == shown), 0)
        number = page_in_hand(f"page_{key}", len(group.runs), sought=place, mark=shown)
        with st.container(key=f"runs_{key}", gap="xsmall"):
            for run in group.runs[number * LINES : (number + 1) * LINES]:
                _line(workspace, run, titles[run.id], shown)
            turn(f"page_{key}", len(group.runs), number, f"{text.count(len(group.runs))} runs of this recipe")


def mean_and_spread(group: Repeats) -> str:
    """ "81.2 % ± 1.3 points": test accuracy, and its standard deviation between the runs."""
    mean = text.percent(group.mean or 0.0)
    return mean if group.spread is None else f"{mean} ± {100 * group.spread:.1f} points"


def _line(workspace: Workspace, run: Run, title: str, shown: str) -> None:
    def remove() -> None:
        workspace.runs.delete(run.id)
        state.removed_run.set((run.id, title))

    with st.container(horizontal=True, vertical_alignment="center", key=f"queue_{run.id}"):
        if st.button(
            text.escape(title),
            key=f"show_{run.id}",
            type="secondary" if run.id == shown else "tertiary",
            icon=":material/visibility:" if run.id == shown else ":material/show_chart:",
        ):
            state.run.set(run.id)
            st.rerun()
        run_badge(run)
        st.caption(_words(run))
        if run.status == "stopping":
            button(
                *("End now", f"end_{run.id}", "stop", workspace.jobs.stop, run.id),
                disabled=run.stops > 1,
                help="What it has learned is being tested before it is kept. This keeps it untested.",
            )
        elif run.active:
            button("Stop", f"stop_{run.id}", "stop", _stop, workspace, run.id)
        else:
            button("Remove", f"remove_{run.id}", "delete", remove, type="tertiary")


def _stop(workspace: Workspace, id: str) -> None:
    """Once, though the button was pressed twice: a second stop leaves a run untested."""
    if workspace.runs.get(id).status in GOING:
        workspace.jobs.stop(id)


def _words(run: Run) -> str:
    parts = [run.recipe.backbone] + ([] if run.status == "queued" else [run.device])
    if run.test_accuracy is not None:
        parts.insert(0, f"{text.percent(run.test_accuracy)} test")
    if run.whole_seconds is not None:
        parts.append(text.duration(run.whole_seconds))
    if run.usable and run.untested:
        parts.append("not tested")
    return text.escape(", ".join(parts))


def _undo(workspace: Workspace) -> None:
    removed, title = state.removed_run.get()
    if not removed:
        return

    def restore() -> None:
        workspace.runs.restore(removed)
        state.removed_run.pop()

    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{text.escape(title)} was removed.")
        button("Undo", "undo_remove", "", restore, type="tertiary")
