"""Compare: runs of one dataset side by side, and which one to take."""

import pandas as pd
import streamlit as st

from components import charts, shell, text
from components.palette import symbol_uri
from components.queue_view import kind_of
from transfer_core.errors import GraftError
from transfer_core.types import EpochEnd

workspace = shell.begin("Compare")
dataset, done = shell.finished_runs(
    workspace,
    "Nothing to compare yet",
    "Finished runs of one dataset stand here side by side, tested on the same images, with a choice and why.",
)

apart = [run for run in done if run.recipe.folds]  # tested on images of their own
newest = done[0].recipe
done = [run for run in done if not run.recipe.folds] or [
    run
    for run in done
    if (run.recipe.folds, run.recipe.fold, run.recipe.seed) == (newest.folds, newest.fold, newest.seed)
]
names = workspace.titles(done)
picked = st.pills(
    "Runs",
    [run.id for run in done],
    selection_mode="multi",
    default=[run.id for run in done],
    format_func=lambda id: text.escape(names[id]),
    key=f"runs_{dataset.id}_{len(done)}",
)
if not picked:
    st.info("Pick at least one run to compare.")
    st.stop()
try:
    comparison = workspace.compare(picked)
except GraftError as error:
    st.error(text.escape(str(error)), icon=":material/error:")
    st.stop()

with st.container(key="verdict", border=True):
    st.markdown(f"#### {text.escape(comparison.verdict.reason)}")
    st.caption(
        f"All runs were tested on the same {text.count(comparison.scores[0].images)} images. "
        "Intervals are Wilson's, 95 %."
    )

titles = [names[run.id] for run in comparison.runs]
strategies = [run.recipe.strategy for run in comparison.runs]
chance = 1 / len(dataset.classes)
left, right = st.columns(2, gap="large")
with left:
    st.plotly_chart(
        charts.accuracy_bars(titles, strategies, comparison.scores, chance), key="bars", config=charts.CONFIG
    )
with right:
    seconds = [run.seconds or 0.0 for run in comparison.runs]
    st.plotly_chart(
        charts.accuracy_against_time(titles, strategies, comparison.scores, seconds), key="time", config=charts.CONFIG
    )

table = pd.DataFrame(
    {
        "": [symbol_uri(name) for name in strategies],
        "Run": titles,
        "Backbone": [run.recipe.backbone for run in comparison.runs],
        "Test accuracy": [100 * score.accuracy for score in comparison.scores],
        "95 % from": [100 * score.interval[0] for score in comparison.scores],
        "to": [100 * score.interval[1] for score in comparison.scores],
        "Macro-F1": [score.macro_f1 for score in comparison.scores],
        "Validation": [100 * (run.val_accuracy or 0.0) for run in comparison.runs],
        "Time, s": seconds,
        "Images/s": [run.images_per_second for run in comparison.runs],
        "Memory, MB": [(run.peak_bytes or 0) / 1e6 for run in comparison.runs],
        "Run id": [run.id for run in comparison.runs],
    }
).sort_values("Test accuracy", ascending=False)
percent = st.column_config.NumberColumn(format="%.1f %%")
st.dataframe(
    table,
    hide_index=True,
    key="table",
    column_config={
        "": st.column_config.ImageColumn(width=40),
        "Test accuracy": st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=100),
        "95 % from": percent,
        "to": percent,
        "Validation": percent,
        "Macro-F1": st.column_config.NumberColumn(format="%.3f", help="Mean over the classes of F1."),
        "Time, s": st.column_config.NumberColumn(format="%.1f"),
        "Images/s": st.column_config.NumberColumn(format="%.0f"),
        "Memory, MB": st.column_config.NumberColumn(format="%.0f", help="The most held at one time."),
    },
)

repeats = workspace.repeats(dataset.id)
if repeats:
    st.subheader("Repeats", anchor=False)
    st.dataframe(
        pd.DataFrame(
            {
                "": [symbol_uri(group.runs[0].recipe.strategy) for group in repeats],
                "Recipe": [
                    f"{title}, {kind_of(group)}"
                    for title, group in zip(workspace.titles_of_repeats(repeats), repeats, strict=True)
                ],
                "Backbone": [group.runs[0].recipe.backbone for group in repeats],
                "Mean": [None if group.mean is None else 100 * group.mean for group in repeats],
                "Spread": [None if group.spread is None else 100 * group.spread for group in repeats],
                "Each": [
                    ", ".join(text.percent(run.test_accuracy) for run in group.runs if run.test_accuracy is not None)
                    for group in repeats
                ],
            }
        ),
        hide_index=True,
        key="repeats",
        column_config={
            "": st.column_config.ImageColumn(width=40),
            "Mean": st.column_config.NumberColumn(format="%.1f %%", help="Of test accuracies; of folds, on their own."),
            "Spread": st.column_config.NumberColumn(format="%.1f", help="Standard deviation between the runs, points."),
        },
    )
    if apart:
        st.caption(
            "Folds are tested on training and validation images that they did not train on, not on the test split."
            + (
                f" Only fold {newest.fold + 1} is compared here."
                if done[0].recipe.folds
                else " Only this table has them."
            )
        )

curves = {
    run.id: [event for _, _, event in workspace.events(run.id) if isinstance(event, EpochEnd)]
    for run in comparison.runs
}
st.plotly_chart(
    charts.curves(titles, strategies, [curves[run.id] for run in comparison.runs]), key="curves", config=charts.CONFIG
)

st.subheader("Which class is taken for which", anchor=False)
shown = st.segmented_control(
    "Confusion matrix of",
    [run.id for run in comparison.runs],
    default=comparison.verdict.choice,
    format_func=lambda id: text.escape(names[id]),
    key=f"confusion_{comparison.verdict.choice}",
    required=True,
)
score = next(score for score in comparison.scores if score.run == shown)
st.plotly_chart(
    charts.confusion(dataset.classes, score.confusion), key="confusion", config=charts.CONFIG, width="content"
)

st.session_state["predict_run"] = comparison.verdict.choice
shell.next_step("Predict with the chosen run", "predict")
