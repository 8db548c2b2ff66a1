"""A run as it trains: phase, figures, live curves; its recipe; the layer that it chose; its network taken on."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from components import state
from components.kit import text
from components.kit.buttons import button
from components.kit.charts import plot
from components.kit.feed import Feed, feed
from components.kit.guard import follow, fragment, said
from components.kit.live_chart import run_chart
from components.kit.own_weights import added, suggested
from components.kit.remark import remark_form
from components.kit.runs import titles
from components.kit.status import phase_bar, say_ended
from components.kit.take_home import export_view
from components.train.queue import shown_run
from components.train.recipe import recipe_of_run
from transfer_core.presentation import figures
from transfer_core.types import Dataset, Goal, Run
from transfer_core.workspace import Workspace, goal_of, words

# On two cores without a GPU what draws takes its time from what trains: how often, and how much, is measured in
# benchmarks/RESULTS.md, A live page beside training.
WAITS = "Waiting for the run before it to end, or for the worker to start. A much shorter run may go before a long one."
WAITS_LAST = "Graft started this one by itself: it waits until the device has nothing else to do."
STOPPING = "Stopping: the best network so far is tested and kept. “End now” keeps it untested."
PAUSING = "Pausing: where it stands is being kept."
TICK_SECONDS = 3.0  # of the bar
CURVES_SECONDS = 6.0


def run_view(workspace: Workspace, dataset: Dataset, runs: Sequence[Run]) -> None:
    """The picked one of a dataset's runs, live while it trains. Call at top level."""
    shown = next(run for run in runs if run.id == shown_run(runs))
    title = titles(workspace, runs)[shown.id]  # with its seed and fold, where others differ in these
    st.header(text.escape(title), anchor=False)
    live, then = partial(workspace.runs.get, shown.id), partial(_follow_next, workspace)
    follow(_now, live, workspace, every=TICK_SECONDS, place="now", ended=then)
    drawn = fragment(_so_far, run_every=CURVES_SECONDS if shown.active else None, place="so far")
    drawn(workspace, dataset, shown.id)
    with st.container(horizontal=True, key="run_next"):
        _pause_view(workspace, shown)
        export_view(workspace, dataset, shown)
        continue_view(workspace, dataset, shown)
        with st.popover("Name, note, tags", icon=":material/edit_note:", key=f"remark_of_{shown.id}"):
            remark_form(workspace, shown.id, shown.remark, title=title)
    recipe_of_run(workspace, dataset, shown)


def _now(run: Run, workspace: Workspace) -> None:
    """How far it is, or how it ended."""
    with st.container(key="run_status"):
        if run.status == "queued":
            st.info(WAITS_LAST if run.by_itself else WAITS, icon=":material/schedule:")
        elif run.active:
            phase_bar(feed(workspace, run.id))
            if run.status == "stopping":
                st.caption(PAUSING if run.pausing else STOPPING)
        elif run.status == "interrupted" and run.pausing:
            st.info(text.escape(run.error), icon=":material/pause_circle:")
        else:
            say_ended(run, _stopped(run))


def _pause_view(workspace: Workspace, run: Run) -> None:
    """Leave the device to others and go on later; take away what nobody wants to go on with."""
    if run.status == "running":
        help = "It keeps where it stands, and others may train. Resume goes on from there."
        button("Pause", f"pause_{run.id}", "pause", workspace.runs.pause, run.id, help=help)
    elif run.status == "interrupted":
        button("Resume", f"resume_shown_{run.id}", "resume", workspace.runs.resume, [run.id])
        button("Remove", f"remove_shown_{run.id}", "delete", _remove, workspace, run, type="tertiary")


def _remove(workspace: Workspace, run: Run) -> None:
    state.removed_run.set((run.id, workspace.runs.title(run)))
    workspace.runs.delete(run.id)


def _so_far(workspace: Workspace, dataset: Dataset, id: str) -> None:
    """Figures and curves."""
    run, seen = workspace.runs.get(id), feed(workspace, id)
    if not run.active and not seen.epochs:
        return  # it ended before there was anything to draw
    _figures(run, seen)
    chance = 1 / len(dataset.classes)
    run_chart(seen, key=f"live_{run.id}", strategy=run.recipe.strategy, chance=chance)
    st.caption(text.escape(kept_words(dataset, run, seen)))
    for notice in seen.notices:
        st.caption(text.escape(notice))
    if run.depth_curve:
        layers = {tap.name: tap.title for tap in workspace.backbones.get(run.recipe.backbone).taps}
        plot(figures.depth(run.depth_curve, layers, run.tap, chance), key=f"depth_{run.id}")


def kept_words(dataset: Dataset, run: Run, seen: Feed) -> str:
    """Which network is kept, by what rule, and how good it is beside the highest point of the curve."""
    if not seen.kept:
        return ""
    goal = goal_of(run.recipe.goal, dataset.classes)
    accuracy = seen.best_accuracy if run.val_accuracy is None else run.val_accuracy
    best = "the calibrated validation loss is lowest" if goal == Goal() else f"the {words(goal)} is highest"
    if seen.judge and seen.kept.startswith("epoch"):
        rule = f"the network after {seen.kept}, where {best}" + " on validation images" * (goal != Goal())
    elif seen.judge:
        rule = "the head that was fitted first: " + (
            "no epoch has a lower calibrated validation loss" if goal == Goal() else "no epoch reaches more"
        )
    elif seen.kept.startswith("strength"):
        by = "validation loss" if seen.highest is not None else "loss on training images kept aside"
        rule = f"{seen.kept} of those tried, where the {by} is lowest"
    elif not seen.kept.startswith("epoch"):
        rule = f"what the solver ends with, {seen.kept.partition(' of ')[0]}"
    elif seen.highest is None:
        rule = f"the network after {seen.kept}, the last, since there are no validation images"
    else:  # trained by an earlier Graft, which did not say by what
        rule = f"the network after {seen.kept}"
    begun = "Would be kept now" if run.active else "Kept"
    if accuracy is None or seen.highest is None:
        return f"{begun}: {rule}."
    share, place = seen.highest
    held = f"Its validation accuracy is {text.percent(accuracy)}"
    if accuracy >= share - 5e-5:
        return f"{begun}: {rule}. {held}, the highest."
    return f"{begun}: {rule}. {held}; the highest is {text.percent(share)}, at {place}."


def _follow_next(workspace: Workspace, ended: Run) -> None:
    """When the run on show is done, show the next one that trains."""
    following = workspace.runs.list(ended.recipe.dataset, active=True)
    if ended.status == "done" and following:
        state.run.set(workspace.runs.first_of([run.id for run in following]))


def _stopped(run: Run) -> str:
    """What became of it."""
    if not run.usable:
        return "Stopped before it had learned anything, so there is nothing to keep."
    left = "The best network until then was kept"
    if run.untested:
        return f"{run.stopped_words.capitalize()}. {left}, not tested: it can predict, but not be compared."
    return f"{run.stopped_words.capitalize()}. {left} and tested."


def _figures(run: Run, seen: Feed) -> None:
    with st.container(horizontal=True, key="figures"):
        best = seen.best_accuracy if run.val_accuracy is None else run.val_accuracy
        st.metric("Validation accuracy, kept", "–" if best is None else text.percent(best))
        if run.test_accuracy is not None:
            st.metric("Test accuracy", text.percent(run.test_accuracy))
        speed = run.images_per_second or seen.images_per_second
        st.metric("Speed", f"{text.count(round(speed))} images/s" if speed else "–")
        peak = run.peak_bytes or seen.peak_bytes
        st.metric("Memory, peak", text.size(peak) if peak else "–")
        if run.whole_seconds is not None:
            st.metric("Time", text.duration(run.whole_seconds), help=_kept(run))


def _kept(run: Run) -> str | None:
    """Why it took less than its time says, where earlier runs had kept what it needed."""
    if not run.saved_seconds or run.seconds is None:
        return None
    return (
        f"With nothing kept from before, by which runs compare. This one took {text.duration(run.seconds)}, since"
        " earlier runs had computed a part of it."
    )


def continue_view(workspace: Workspace, dataset: Dataset, run: Run) -> None:
    """The button; nothing for a run that left no network, or left its backbone as it was."""
    if not run.usable or workspace.strategies.get(run.recipe.strategy).weights == "kept":
        return
    with st.popover("Continue from this run", icon=":material/fork_right:", key=f"continue_{run.id}"):
        st.caption(
            "Its network becomes a backbone: choose it for further runs on these images or on others. On a dataset that"
            " holds images which this run trained on, test figures would be too good."
        )
        proposed = suggested(f"{text.file_stem(dataset.name)[:18]}-{run.recipe.strategy}"[:33] + f"-{run.id[:4]}.pth")
        name = st.text_input("Name of the backbone", value=proposed, key=f"continue_name_{run.id}")
        if st.button("Keep it and set up a run", key=f"continue_go_{run.id}", type="primary", disabled=not name):
            with said():
                kept = added(workspace, workspace.backbones.add_run(run.id, name=name), "Reading the network.")
                if kept is not None:
                    state.backbone.set(kept)
                    state.continued.set(kept)
                    st.rerun()
