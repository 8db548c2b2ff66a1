"""A dataset's runs as a table, a page at a time, each with how it stands; runs that repeat one recipe are one line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from components import state
from components.kit import text
from components.kit.buttons import LINES, button, page_in_hand, turn
from components.kit.charts import color_uri, symbol_uri
from components.kit.feed import feed
from components.kit.guard import fragment
from components.kit.runs import kept, kind_of, states, taken, titles
from components.kit.status import BADGES, left, phase, run_badge
from transfer_core.types import GOING, Dataset, Repeats, Run, Status
from transfer_core.workspace import Workspace, holds

TICK_SECONDS = 3.0
PAGE = "queue_page"  # of the list that is turned
SEARCHED = 10  # lines from which there is a search box
NOTE = 90  # characters of a note in a line
AT_WORK: tuple[Status, ...] = ("running", "stopping")
RANKS = {"running": 0, "stopping": 0, "queued": 1}  # what has ended comes after these
HEADS = (
    '<div class="run-heads" aria-hidden="true"><span>Run</span><span>State</span><span>Test accuracy, or how far</span>'
    "<span>Time</span><span></span></div>"
)
STYLE = """
<style>
.st-key-queue [class*="st-key-queue_"], .st-key-queue [class*="st-key-group_"], .run-heads {
  display: grid; grid-template-columns: minmax(0, 1fr) 7rem minmax(9rem, 16rem) 6.5rem 6.5rem; column-gap: 1rem;
  row-gap: 0; align-items: center; padding: .25rem .5rem; border-bottom: 1px solid #8883;
}
.run-heads { font-size: .8125rem; opacity: .74; padding-top: 0; }
.run-heads > :nth-child(4) { text-align: right; }
.st-key-queue [class*="st-key-runs_"] { padding-left: 1.5rem; }
.st-key-queue :is([class*="st-key-queue_"], [class*="st-key-group_"]) > div { width: auto; min-width: 0; }
.st-key-queue :is([class*="st-key-queue_"], [class*="st-key-group_"]) div:has(.run-bar) { display: contents; }
.st-key-queue [class*="st-key-show_"] button {
  justify-content: flex-start; text-align: left; padding: .1rem .5rem; min-height: 2rem; white-space: normal;
}
.st-key-queue [class*="st-key-show_"] button > * { justify-content: flex-start; }
.st-key-queue [class*="st-key-show_"] p::before { margin-right: .6rem; vertical-align: -3px; }
.st-key-queue :is([class*="st-key-stop_"], [class*="st-key-end_"], [class*="st-key-remove_"],
  [class*="st-key-resume_"]) button {
  width: 100%; min-height: 2rem; padding: .1rem .4rem;
}
.run-bar { display: grid; grid-template-columns: minmax(3rem, 1fr) auto; gap: .6rem; align-items: center; }
.run-bar > i { height: .5rem; border-radius: 1rem; background-repeat: no-repeat; box-shadow: inset 0 0 0 1px #8886; }
.run-bar > b { font-weight: 600; min-width: 3.4rem; text-align: right; }
.run-bar, .run-time { font-variant-numeric: tabular-nums; font-size: .875rem; white-space: nowrap; }
.run-time { text-align: right; }
.run-note { grid-column: 1 / -1; grid-row: 2; font-size: .8125rem; padding: 0 .5rem .15rem 2.3rem; }
.run-note { overflow-wrap: anywhere; line-height: 1.35; }
.run-note b { font-weight: 600; border: 1px solid; border-radius: 1rem; padding: 0 .5rem; font-size: .75rem; }
.run-note em { font-style: normal; border: 1px solid #8888; border-radius: .3rem; padding: 0 .35rem; }
@media (max-width: 720px) {
  .run-heads { display: none; }
  .st-key-queue :is([class*="st-key-queue_"], [class*="st-key-group_"]) {
    grid-template-columns: 6.8rem minmax(0, 1fr) auto; grid-auto-flow: dense; column-gap: .6rem; row-gap: .1rem;
  }
  .st-key-queue :is([class*="st-key-queue_"], [class*="st-key-group_"]) > :first-child { grid-column: 1 / 3; }
  .st-key-queue :is([class*="st-key-queue_"], [class*="st-key-group_"]) > :last-child:not(:has(.run-bar)) {
    grid-column: 3; grid-row: 1;
  }
  .run-note { grid-row: auto; padding-left: .5rem; }
}
"""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A run, or the runs that repeat one recipe."""

    key: str
    title: str
    runs: tuple[Run, ...]
    group: Repeats | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """What all lines of one drawing share."""

    workspace: Workspace
    titles: Mapping[str, str]  # by run
    shown: str  # the run that is drawn below
    best: str  # the one to take; '' while there is none
    known: str  # the states of all runs


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
    known = [each.name for each in workspace.strategies.list()]
    marks = "".join(f"--mark-{name}: url({symbol_uri(name)}); --fill-{name}: url({color_uri(name)});" for name in known)
    st.html(f"{STYLE}.st-key-queue {{ {marks} }}\n</style>")
    _cut_off(workspace, runs)
    best = taken(workspace, dataset)
    _table(workspace, runs, _sought(workspace, dataset, runs), best.id if best is not None else "")
    if any(run.active for run in runs) and not any(run.status in AT_WORK for run in runs):
        fragment(_watch, run_every=TICK_SECONDS)(workspace, dataset.id, states(runs))


def _cut_off(workspace: Workspace, runs: Sequence[Run]) -> None:
    """All that were interrupted, to be resumed in one click, where there are several."""
    ids = [run.id for run in runs if run.status == "interrupted"]
    if len(ids) > 1:
        with st.container(horizontal=True, vertical_alignment="center", key="cut_off"):
            st.markdown(f":material/power_off: {text.count(len(ids))} runs were interrupted. Each is kept as it stood.")
            button("Resume all", "resume_all", "resume", workspace.runs.resume, ids)


def shown_run(runs: Sequence[Run]) -> str:
    """The run picked by the user; else the one that trains, else the newest."""
    picked = state.run.get()
    if any(run.id == picked for run in runs):
        return picked
    running = [run for run in runs if run.status in AT_WORK]
    return (running or list(runs))[0].id


def _watch(workspace: Workspace, dataset: str, known: str) -> None:
    """Draws the page anew once a run came, went, or is in another state."""
    if states(workspace.runs.list(dataset)) != known:
        st.rerun()


def _sought(workspace: Workspace, dataset: Dataset, runs: Sequence[Run]) -> list[Line]:
    """The lines to list: all, or those that the search box asks for, where there are enough for one."""
    found = lines(workspace, runs)
    if len(found) < SEARCHED:
        return found
    words = st.text_input(
        "Search runs",
        key=state.run_search.of(dataset.id).key,
        placeholder="Search by name, tag, note, strategy or state",
        icon=":material/search:",
        label_visibility="collapsed",
    )
    names = titles(workspace, runs)

    def told(line: Line) -> bool:
        return any(
            holds(words, f"{line.title} {names[run.id]} {run.strategy} {BADGES[run.status][0]}", run.remark)
            for run in line.runs
        )

    kept = [line for line in found if told(line)]
    if not kept:
        st.caption("No run has these words in its name, tags, note, strategy or state. All are listed.")
    return kept or found


def _table(workspace: Workspace, runs: Sequence[Run], found: Sequence[Line], best: str) -> None:
    shown = shown_run(runs)
    table = Table(workspace=workspace, titles=titles(workspace, runs), shown=shown, best=best, known=states(runs))
    place = next((i for i, line in enumerate(found) if any(run.id == shown for run in line.runs)), 0)
    number = page_in_hand(PAGE, len(found), sought=place, mark=shown)
    with st.container(key="queue", gap=None):
        listed = found[number * LINES : (number + 1) * LINES]
        marks = (
            f".st-key-show_{run.id} p::before {{ content: var(--mark-{run.strategy}) / ''; }}"
            for line in listed
            for run in line.runs
        )
        st.html(f"<style>{' '.join(marks)}</style>")
        st.html(HEADS)
        for line in listed:
            if line.group is None:
                _line(table, line.runs[0], line.title)
            else:
                _group(table, line.group, line)
        turn(PAGE, len(found), number, f"{text.count(len(runs))} runs")
        _undo(workspace)


def _group(table: Table, group: Repeats, line: Line) -> None:
    """One line for all of them, folded open to each."""
    key = line.key
    going = [run for run in group.runs if run.status in GOING]
    failed = sum(run.status == "failed" for run in group.runs)

    def stop_all() -> None:
        for run in going:
            _stop(table.workspace, run.id)

    with st.container(key=key):
        open_ = st.toggle(
            text.escape(f"{line.title}, {kind_of(group)}"),
            value=any(run.active for run in group.runs),
            key=f"open_{key}",
        )
        st.caption(f"{group.done} of {len(group.runs)} done" + f", {failed} failed" * bool(failed))
        share = group.mean if group.mean is not None else 0.0
        words = mean_and_spread(group) if group.mean is not None else ""
        seconds = [run.whole_seconds for run in group.runs if run.whole_seconds is not None]
        took, first = _took(sum(seconds)) if seconds else "", group.runs[0]
        st.html(_cells(first.strategy, share, words, took, ""))
        if going:
            button("Stop all", f"stop_{key}", "stop", stop_all)
    if open_:
        place = next((i for i, run in enumerate(group.runs) if run.id == table.shown), 0)
        number = page_in_hand(f"page_{key}", len(group.runs), sought=place, mark=table.shown)
        with st.container(key=f"runs_{key}", gap=None):
            for run in group.runs[number * LINES : (number + 1) * LINES]:
                _line(table, run, table.titles[run.id])
            turn(f"page_{key}", len(group.runs), number, f"{text.count(len(group.runs))} runs of this recipe")


def mean_and_spread(group: Repeats) -> str:
    """ "81.2 % ± 1.3 points": test accuracy, and its standard deviation between the runs."""
    mean = text.percent(group.mean or 0.0)
    return mean if group.spread is None else f"{mean} ± {100 * group.spread:.1f} points"


def _line(table: Table, run: Run, title: str) -> None:
    workspace, shown = table.workspace, table.shown

    def remove() -> None:
        workspace.runs.delete(run.id)
        state.removed_run.set((run.id, title))

    with st.container(key=f"queue_{run.id}"):
        pressed = st.button(
            text.escape(title),
            key=f"show_{run.id}",
            type="secondary" if run.id == shown else "tertiary",
            help=text.escape(f"{run.recipe.backbone}, {run.device}"),
        )
        if pressed:
            state.run.set(run.id)
            st.rerun()
        run_badge(run, accuracy=False)
        if run.status in AT_WORK:
            fragment(_live, run_every=TICK_SECONDS, place=run.id)(workspace, run, table.known)
        else:
            st.html(_cells(run.strategy, *_how(workspace, run), _about(run, run.id == table.best)))
        if run.status == "stopping" and not run.pausing:
            button(
                *("End now", f"end_{run.id}", "stop", workspace.jobs.stop, run.id),
                disabled=run.stops > 1,
                help="What it has learned is being tested before it is kept. This keeps it untested.",
            )
        elif run.active:
            button("Stop", f"stop_{run.id}", "stop", _stop, workspace, run.id)
        elif run.status == "interrupted":
            button("Resume", f"resume_{run.id}", "resume", workspace.runs.resume, [run.id])
        else:
            button("Remove", f"remove_{run.id}", "delete", remove, type="tertiary")


def _live(workspace: Workspace, run: Run, known: str) -> None:
    """The part of a line that moves, so that nothing else of the table is drawn at a tick."""
    _watch(workspace, run.recipe.dataset, known)
    st.html(_cells(run.strategy, *_how(workspace, run), _about(run, False)))


def _how(workspace: Workspace, run: Run) -> tuple[float, str, str]:
    """The bar's share, its words, and a time: how far and how long still, or how good and how long it took."""
    if run.status in AT_WORK:
        seen = feed(workspace, run.id)
        share, still = phase(seen)[0], left(seen)
        return share, text.percent(share, 0), "" if still is None else text.remaining(still)
    if run.status == "interrupted":
        share = feed(workspace, run.id).share
        return share, text.percent(share, 0) if share else "", ""
    accuracy = run.test_accuracy if run.usable else None
    return accuracy or 0.0, text.percent(accuracy), _took(run.whole_seconds)


def _took(seconds: float | None) -> str:
    return "" if seconds is None else text.duration(seconds)


def _about(run: Run, best: bool) -> str:
    """What else there is to say of a run, as HTML; nothing of most."""
    parts = ["<b>The one to take</b>"] * best
    if run.usable and run.untested:
        parts.append("not tested")
    if run.by_itself:
        parts.append("started by itself" + ", makes way for what you launch" * run.active)
    if run.status == "queued" and run.overtaken_seconds:
        parts.append(f"shorter runs went before it, about {text.duration(run.overtaken_seconds)} so far")
    parts = [" ".join([*parts[: int(best)], ", ".join(parts[int(best) :])]).strip()]
    parts += [f"<em>{text.html(tag)}</em>" for tag in run.remark.tags]
    if run.remark.note:
        parts.append(text.html(text.short(run.remark.note, NOTE)))
    return " ".join(filter(None, parts))


def _cells(strategy: str, share: float, words: str, time: str, note: str) -> str:
    """What a line says in a bar, in figures and beneath, all of it made here; `note` is HTML."""
    fill = f"background-image: var(--fill-{strategy}); background-size: {100 * min(1.0, share):.1f}% 100%"
    bar = f'<div class="run-bar"><i style="{fill}"></i><b>{words}</b></div><div class="run-time">{time}</div>'
    return bar + (f'<div class="run-note">{note}</div>' if note else "")


def _stop(workspace: Workspace, id: str) -> None:
    """Once, though the button was pressed twice: a second stop leaves a run untested."""
    if workspace.runs.get(id).status in GOING:
        workspace.jobs.stop(id)


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
