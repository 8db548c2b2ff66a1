"""All figures of the compared runs, what repeats of a recipe say, and where recipes differ."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from components.compare.report_button import figures_button
from components.kit import text
from components.kit.charts import symbol_uri
from components.kit.runs import kind_of, points
from transfer_core.presentation.entries import Entry, always, what_counts
from transfer_core.presentation.recipes import differences
from transfer_core.presentation.tables import run_rows
from transfer_core.types import Dataset, Run
from transfer_core.workspace import NONE, Comparison, Resampled, Workspace

PERCENT = st.column_config.NumberColumn(format="%.1f %%")
MANY = 24  # columns of the table of differences


def tables_view(
    workspace: Workspace, dataset: Dataset, comparison: Comparison, shown: Sequence[Entry], *, apart: bool
) -> None:
    """All figures of the runs, and what repeats say. `apart`: whether there are runs of folds."""
    _runs(workspace, comparison, shown)
    figures_button(workspace, dataset, comparison)
    _repeats(workspace, dataset, comparison.runs[0], apart=apart)


def _runs(workspace: Workspace, comparison: Comparison, shown: Sequence[Entry]) -> None:
    """A line for each run, the most accurate first; then what the constant answer has."""
    rows = run_rows(shown, comparison, {each.run.id: workspace.runs.model_bytes(each.run.id) for each in shown})
    figures = pd.DataFrame(
        {
            "": [symbol_uri(each.run.strategy) for each in shown],
            "Run": [text.plain(each.title) for each in shown],
            "Chosen": ["✓" if row.taken else "" for row in rows],
            "Backbone": [text.plain(workspace.backbones.titled(each.run)) for each in shown],
            "Test accuracy": [100 * each.score.accuracy for each in shown],
            "95 % from": [100 * each.score.interval[0] for each in shown],
            "to": [100 * each.score.interval[1] for each in shown],
            "Macro-F1": [each.score.macro_f1 for each in shown],
            "Log-loss": [each.score.log_loss for each in shown],
            "ECE": [100 * each.score.ece for each in shown],
            "Validation": [hundredfold(each.run.val_accuracy) for each in shown],
            "Training images": [row.train_images for row in rows],
            "Time, s": [each.run.whole_seconds for each in shown],
            "Images/s": [each.run.images_per_second for each in shown],
            "Memory, MB": [each.run.peak_bytes and each.run.peak_bytes / 1e6 for each in shown],
            "Model, MB": [row.model_bytes and row.model_bytes / 1e6 for row in rows],
            "Run id": [each.run.id for each in shown],
        }
    )
    constant = comparison.constant.score
    counts = text.plain(what_counts(comparison))
    if comparison.goal.kind == "recall":
        figures.insert(3, counts, [100 * each.score.counts.value for each in shown])
    figures.loc[len(figures)] = {
        **dict.fromkeys(figures),
        "Run": text.plain(always(comparison)),
        **({counts: 100 * constant.counts.value} if comparison.goal.kind == "recall" else {}),
        "Test accuracy": 100 * constant.accuracy,
        "95 % from": 100 * constant.interval[0],
        "to": 100 * constant.interval[1],
        "Macro-F1": constant.macro_f1,
    }
    figures["Training images"] = figures["Training images"].astype("Int64")  # whole though one lacks
    st.dataframe(
        figures,
        hide_index=True,
        height=35 * len(figures) + 38 if len(figures) <= 15 else 560,
        key="table",
        placeholder=NONE,
        alt="The figures of the runs that are compared",
        column_config={
            counts: PERCENT,
            "": st.column_config.ImageColumn(width=40),
            "Chosen": st.column_config.TextColumn(width=70),
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


def _repeats(workspace: Workspace, dataset: Dataset, compared: Run, *, apart: bool) -> None:
    """Recipes with several seeds or folds: mean and spread; and recipes held against each other over folds.

    `compared` is one of the runs that the page compares.
    """
    groups = workspace.runs.repeats(dataset.id)
    if not groups:
        return
    names = {
        group.runs[0].recipe.repeats: f"{title}, {kind_of(group)}"
        for title, group in zip(workspace.runs.titles_of_repeats(groups), groups, strict=True)
    }
    st.markdown("### Repeats")
    st.dataframe(
        pd.DataFrame(
            {
                "": [symbol_uri(group.runs[0].recipe.strategy) for group in groups],
                "Recipe": [text.plain(name) for name in names.values()],
                "Backbone": [text.plain(workspace.backbones.titled(group.runs[0])) for group in groups],
                "Mean": [hundredfold(group.mean) for group in groups],
                "Spread": [hundredfold(group.spread) for group in groups],
                "Each": [
                    ", ".join(text.percent(run.test_accuracy) for run in group.runs if run.test_accuracy is not None)
                    for group in groups
                ],
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
    tests = workspace.comparisons.resampled(dataset.id)
    if not tests:
        return
    st.markdown(
        "### Over folds",
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
    found = "significant" if test.adjusted < 0.05 else "not significant"
    adjusted = "below 0.001" if test.adjusted < 0.001 else f"{test.adjusted:.3f}"
    return (
        f"“{names[ahead]}” is {points(lead).removeprefix('+')} ahead of “{names[behind]}” over"
        f" {test.folds} folds, which is {found}: adjusted p {adjusted}."
    )


# --- where recipes differ -----------------------------------------------------------------------


def recipes_table(shown: Sequence[Entry]) -> None:
    """Only the fields that are not the same for all runs: fields down, runs across. An ensemble has no recipe."""
    shown = [each for each in shown if not each.run.members]
    rows = differences([each.run for each in shown[:MANY]]).apart
    if not rows:
        st.caption("One run has nothing to differ from." if len(shown) < 2 else "These runs have equal recipes.")
        return
    more = f" The {MANY} best runs are shown." if len(shown) > MANY else ""
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
        st.caption(f"{NONE}: the strategy does not have that setting.")
