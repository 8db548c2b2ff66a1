"""All figures of the compared runs, what repeats of a recipe say, and where recipes differ."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from components.compare.charts import Entry
from components.kit import text
from components.kit.leads import points
from components.kit.palette import symbol_uri
from components.kit.queue_lines import kind_of
from transfer_core.types import LABELS, NONE, SETTINGS, TELLING, Dataset, Repeats, Resampled, Run
from transfer_core.workspace import Workspace

FIELDS = ("strategy", "backbone", "weights", *TELLING, "version")  # of a recipe, as they are shown
PERCENT = st.column_config.NumberColumn(format="%.1f %%")
MANY = 24  # columns of the table of differences


def runs_table(workspace: Workspace, dataset: Dataset, shown: Sequence[Entry]) -> None:
    """A line for each run, the most accurate first."""
    st.dataframe(
        pd.DataFrame(
            {
                "": [symbol_uri(each.run.strategy) for each in shown],
                "Run": [text.plain(each.title) for each in shown],
                "Backbone": [text.plain(each.run.backbone) for each in shown],
                "Test accuracy": [100 * each.score.accuracy for each in shown],
                "95 % from": [100 * each.score.interval[0] for each in shown],
                "to": [100 * each.score.interval[1] for each in shown],
                "Macro-F1": [each.score.macro_f1 for each in shown],
                "Log-loss": [each.score.log_loss for each in shown],
                "ECE": [100 * each.score.ece for each in shown],
                "Validation": [hundredfold(each.run.val_accuracy) for each in shown],
                "Training images": [workspace.runs.train_images(dataset, each.run) for each in shown],
                "Time, s": [each.run.whole_seconds for each in shown],
                "Images/s": [each.run.images_per_second for each in shown],
                "Memory, MB": [each.run.peak_bytes and each.run.peak_bytes / 1e6 for each in shown],
                "Model, MB": [(size := workspace.runs.model_bytes(each.run.id)) and size / 1e6 for each in shown],
                "Run id": [each.run.id for each in shown],
            }
        ),
        hide_index=True,
        height=35 * len(shown) + 38 if len(shown) <= 15 else 560,
        key="table",
        placeholder=NONE,
        alt="The figures of the runs that are compared",
        column_config={
            "": st.column_config.ImageColumn(width=40),
            "Test accuracy": st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=100),
            "95 % from": PERCENT,
            "to": PERCENT,
            "Validation": PERCENT,
            "Macro-F1": st.column_config.NumberColumn(format="%.3f", help="Mean over the classes of F1."),
            "Log-loss": st.column_config.NumberColumn(
                format="%.3f", help="Mean of −log of the label's probability, nats. Less is better."
            ),
            "ECE": st.column_config.NumberColumn(
                format="%.1f %%", help="Expected calibration error: how far confidence lies from accuracy on average."
            ),
            "Time, s": st.column_config.NumberColumn(format="%.1f"),
            "Images/s": st.column_config.NumberColumn(format="%.0f"),
            "Memory, MB": st.column_config.NumberColumn(format="%.0f", help="The most held at one time."),
            "Model, MB": st.column_config.NumberColumn(format="%.1f", help="The file of its weights."),
        },
    )


def hundredfold(share: float | None) -> float | None:
    return None if share is None else 100 * share


# --- repeats ------------------------------------------------------------------------------------


def repeats_table(workspace: Workspace, dataset: Dataset, compared: Run, *, apart: bool) -> None:
    """Recipes with several seeds or folds: mean and spread; and recipes held against each other over folds.

    `compared` is one of the runs that the page compares, `apart` whether there are runs of folds.
    """
    groups = workspace.runs.repeats(dataset.id)
    if not groups:
        return
    names = {
        group.runs[0].recipe.repeats: f"{title}, {kind_of(group)}"
        for title, group in zip(workspace.runs.titles_of_repeats(groups), groups, strict=True)
    }
    st.markdown("##### Repeats")
    st.dataframe(
        pd.DataFrame(
            {
                "": [symbol_uri(group.runs[0].recipe.strategy) for group in groups],
                "Recipe": [text.plain(name) for name in names.values()],
                "Backbone": [text.plain(group.runs[0].recipe.backbone) for group in groups],
                "Mean": [hundredfold(group.mean) for group in groups],
                "Spread": [hundredfold(group.spread) for group in groups],
                "Each": [_each(group) for group in groups],
            }
        ),
        hide_index=True,
        key="repeats",
        placeholder=NONE,
        alt="Recipes that were trained several times",
        column_config={
            "": st.column_config.ImageColumn(width=40),
            "Mean": st.column_config.NumberColumn(format="%.1f %%", help="Of test accuracies; of folds, on their own."),
            "Spread": st.column_config.NumberColumn(format="%.1f", help="Standard deviation between the runs, points."),
        },
    )
    if apart:
        fold = compared.recipe
        st.caption(
            "Folds are tested on training and validation images that they did not train on, not on the test split."
            + (f" Only fold {fold.fold + 1} is compared here." if fold.folds else " Only this table has them.")
        )
    resampled_table(workspace.comparisons.resampled(dataset.id), names)


def _each(group: Repeats) -> str:
    return ", ".join(text.percent(run.test_accuracy) for run in group.runs if run.test_accuracy is not None)


def resampled_table(tests: Sequence[Resampled], names: dict[str, str]) -> None:
    """Recipes that were cross-validated on the same folds, each two against each other."""
    if not tests:
        return
    st.markdown(
        "##### Over folds",
        help="Corrected resampled t-test (Nadeau and Bengio 2003): folds share most of their training images, so a"
        " plain t-test would be too sure of itself. Adjusted by Holm over all pairs of recipes.",
    )
    for test in sorted(tests, key=lambda test: test.adjusted):
        st.markdown(f"- {text.escape(resampled_words(test, names))}")


def resampled_words(test: Resampled, names: dict[str, str]) -> str:
    """Two recipes over the same folds, in a sentence."""
    ahead, behind, lead = test.first, test.second, test.difference
    if lead.value < 0:
        ahead, behind, lead = behind, ahead, -lead
    luck = "more than luck" if test.adjusted < 0.05 else "which may be luck"
    adjusted = "below 0.001" if test.adjusted < 0.001 else f"{test.adjusted:.3f}"
    return (
        f"“{names[ahead]}” is {points(lead).removeprefix('+')} ahead of “{names[behind]}” over"
        f" {test.folds} folds, {luck}: adjusted p {adjusted}."
    )


# --- where recipes differ -----------------------------------------------------------------------


def recipes_table(workspace: Workspace, shown: Sequence[Entry]) -> None:
    """Only the fields that are not the same for all runs: fields down, runs across. An ensemble has no recipe."""
    shown = [each for each in shown if not each.run.members]
    rows = differences(workspace, shown[:MANY])
    if not rows:
        st.caption("One run has nothing to differ from." if len(shown) < 2 else "These runs have equal recipes.")
        return
    more = f" The {MANY} most accurate runs are shown." if len(shown) > MANY else ""
    in_fields = "1 field" if len(rows) == 1 else f"{len(rows)} fields"
    st.markdown(f"**The recipes differ in {in_fields}; the rest are the same.**{more}")
    heads = [f"{each.number} {text.plain(text.short(each.title, 34))}" for each in shown[:MANY]]
    st.dataframe(
        pd.DataFrame({"Field": list(rows)} | dict(zip(heads, zip(*rows.values(), strict=True), strict=True))),
        hide_index=True,
        height=35 * len(rows) + 38,
        key="recipes",
        alt="Fields in which the recipes differ",
        column_config={"Field": st.column_config.TextColumn(pinned=True, width=190)},
    )
    if any(NONE in told for told in rows.values()):
        st.caption(f"{NONE} stands where a strategy does not have the field.")


def differences(workspace: Workspace, shown: Sequence[Entry]) -> dict[str, list[str]]:
    """By the field's label, what each run has there, in words: fields that differ between runs that have them."""
    own = {each.run.recipe.strategy: workspace.strategies.get(each.run.recipe.strategy).settings for each in shown}
    found = {}
    for name in FIELDS:
        told = [_told(workspace, each.run, name, own[each.run.recipe.strategy]) for each in shown]
        versions = zip((each.run.recipe.strategy for each in shown), told, strict=True)
        if len({*told} - {NONE}) > 1 and (name != "version" or len(set(versions)) > len(own)):
            found[LABELS[name]] = told
    return found


def _told(workspace: Workspace, run: Run, name: str, own: Sequence[str]) -> str:
    value: Any = getattr(run.recipe, name)
    if name == "strategy":
        return workspace.strategies.get(run.recipe.strategy).title
    if name in SETTINGS and name not in own:
        return NONE
    if name == "tap":
        chosen = f"{run.tap}, by cross-validation" if value == "auto" and run.tap else value or "last"
        return text.plain(str(chosen))
    if name == "weights":
        return text.short(str(value), 16)
    if name == "fold":
        return str(value + 1) if run.recipe.folds else NONE
    return text.plain(run.recipe.words(name) if name in SETTINGS else str(value))
