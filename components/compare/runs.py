"""Which runs stand side by side: the best of each strategy, until somebody picks others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha1
from operator import attrgetter

import pandas as pd
import streamlit as st

from components import state
from components.compare.tables import PERCENT, hundredfold
from components.kit import text
from components.kit.buttons import button
from components.kit.charts import symbol_uri
from components.kit.runs import titles
from transfer_core.types import Dataset, Run
from transfer_core.workspace import Workspace

WIDE_PX, TABLE_PX = 940, 420
ADDRESS = "runs"  # of what was picked, in the page's address
Sizes = Mapping[str, int | None]  # training images by run; None with folds


@dataclass(frozen=True, kw_only=True)
class Choice:
    runs: tuple[Run, ...]
    own: bool  # picked by the user; else the best of each strategy
    gone: int  # runs that were picked and are no longer there


def comparable(done: Sequence[Run]) -> list[Run]:
    """Of finished runs, newest first, those that share test images: without folds, else of the newest run's fold."""
    fold = attrgetter("recipe.folds", "recipe.fold", "recipe.seed")
    return [run for run in done if not run.recipe.folds] or [run for run in done if fold(run) == fold(done[0])]


def choice(dataset: Dataset, runs: Sequence[Run], best: Sequence[Run]) -> Choice:
    """The runs that are to be compared, in the order in which they are listed; `best` until somebody picks others.

    What was picked stands in the address too, so that a reload keeps it and a link tells it.
    """
    kept = state.compared.of(dataset.id)
    if not kept.known and st.query_params.get(ADDRESS):
        kept.set(st.query_params[ADDRESS].split(","))
    picked = kept.get()
    found = tuple(run for run in runs if run.id in (picked or ()))
    own = bool(found) or picked == []
    listed = ",".join(run.id for run in found)
    if not found:
        st.query_params.pop(ADDRESS, None)
    elif st.query_params.get(ADDRESS) != listed:
        st.query_params[ADDRESS] = listed
    return Choice(runs=found if own else tuple(best or runs), own=own, gone=len(picked or ()) - len(found))


def pick(dataset: Dataset, runs: Sequence[str]) -> None:
    """Compare these from now on. For a callback."""
    state.compared.of(dataset.id).set(list(runs))
    _renew(dataset)


def _renew(dataset: Dataset) -> None:
    """The table begins anew with the runs that were picked elsewhere."""
    turn = state.compared_turn.of(dataset.id)
    turn.set(turn.get() + 1)


def _default(dataset: Dataset) -> None:
    state.compared.of(dataset.id).pop()
    st.query_params.pop(ADDRESS, None)
    _renew(dataset)


def _ticked(dataset: Dataset, key: str, ids: Sequence[str]) -> None:
    rows = state.widget(key).get().selection.rows
    ticked = [ids[row] for row in rows if row < len(ids)]
    state.compared.of(dataset.id).set(ticked)


def choose_runs(workspace: Workspace, dataset: Dataset, runs: Sequence[Run], chosen: Choice) -> None:
    """The table in which runs are ticked, folded while some are, and the way back to the best of each strategy."""
    label = f"Choose runs: {len(chosen.runs)} of {len(runs)}"
    place = st.popover(label, icon=":material/checklist:", key="choose_runs") if chosen.runs else st.container()
    with place, st.container(width=WIDE_PX):
        sizes = {run.id: workspace.runs.train_images(dataset, run) for run in runs}
        st.caption(_words(chosen, sizes))
        # Another list of runs is another table, ticked by what was kept; the ticked ones stand first when it is new.
        listed = sha1(" ".join(run.id for run in runs).encode()).hexdigest()[:8]
        table = dataset.id, listed, state.compared_turn.of(dataset.id).get()
        key = state.widget("choose").of(*table).key
        shown = {run.id for run in chosen.runs}
        order = sorted((run.id for run in runs), key=lambda id: id not in shown)
        ids = state.compared_order.of(*table).begin(order)
        known = {run.id: run for run in runs}
        backbones = {run.id: workspace.backbones.titled(run) for run in runs}
        st.dataframe(
            _table([known[id] for id in ids], titles(workspace, runs), backbones, sizes),
            key=key,
            hide_index=True,
            height=min(TABLE_PX, 35 * len(runs) + 38),
            column_config=COLUMNS,
            on_select=lambda: _ticked(dataset, key, ids),
            selection_mode="multi-row",
            selection_default={"selection": {"rows": [i for i, id in enumerate(ids) if id in shown]}},
            alt="Runs that can be compared; ticked ones are",
        )
        if chosen.own:
            button("Back to the best of each strategy", "compare_best", "restart_alt", _default, dataset)


def _words(chosen: Choice, sizes: Sizes) -> str:
    lost = ""
    if chosen.gone:
        lost = f" {chosen.gone} that you had picked {'is' if chosen.gone == 1 else 'are'} no longer there."
    if chosen.own:
        return f"Your own choice.{lost}"
    images = sizes[chosen.runs[0].id]
    if images is None:
        return f"All runs of the newest fold.{lost}"
    return (
        f"The best run of each strategy by validation accuracy, all trained on {text.count(images)} images, as most"
        f" strategies were.{lost}"
    )


def _table(runs: Sequence[Run], titles: Mapping[str, str], backbones: Mapping[str, str], sizes: Sizes) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "": [symbol_uri(run.strategy) for run in runs],
            "Run": [text.plain(titles[run.id]) for run in runs],
            "Validation": [hundredfold(run.val_accuracy) for run in runs],
            "Test": [hundredfold(run.test_accuracy) for run in runs],
            "Time, s": [run.whole_seconds for run in runs],
            "Training images": [sizes[run.id] for run in runs],
            "Seed": [None if run.members else run.recipe.seed for run in runs],
            "Backbone": [text.plain(backbones[run.id]) for run in runs],
        }
    )


COLUMNS = {
    "": st.column_config.ImageColumn(width=40),
    "Run": st.column_config.TextColumn(width=270),
    "Backbone": st.column_config.TextColumn(width=110),
    "Validation": PERCENT,
    "Test": PERCENT,
    "Time, s": st.column_config.NumberColumn(format="%.1f"),
}
