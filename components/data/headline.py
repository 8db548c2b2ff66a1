"""What an import came to in a sentence, with the next step beside it; and how even the classes are."""

import streamlit as st

from components import shell, state
from components.kit import text
from components.kit.buttons import button
from components.kit.charts import plot
from components.kit.drawn import component
from transfer_core.presentation import figures
from transfer_core.presentation.readiness import a_class, balance, is_lopsided, ready, splits
from transfer_core.types import TRAIN, Dataset
from transfer_core.workspace import Profile, Workspace

MOST_BARS = 80
MOST_NOTE = 300  # characters of a note that are shown
STYLE = """
.balance { color: var(--st-text-color); font-family: var(--st-font); font-size: .875rem; display: flex;
  flex-wrap: wrap; gap: .4rem 1rem; align-items: end; }
.balance div { display: flex; align-items: end; gap: 1px; height: 1.75rem; width: min(15rem, 100%); }
.balance i { flex: 1; min-width: 1px;
  background: color-mix(in srgb, var(--st-text-color) 42%, transparent); border-radius: 1px 1px 0 0; }
"""
mount = component("graft_balance", '<div class="balance"></div>', css=STYLE, js='export default shows(".balance")')


def headline(workspace: Workspace, dataset: Dataset, profile: Profile) -> None:
    """The sentence and the page's primary button; below it the splits, the size, what was noted of all images, and what
    somebody wrote of them."""
    with st.container(border=True, key="ready"):
        words, go = st.columns([7, 3], vertical_alignment="center", gap="medium")
        words.markdown(f"## {text.escape(ready(dataset, profile))}")
        with go:
            button(
                *("Decide on a strategy", "go_on", "arrow_forward", shell.leave_for, "decide"),
                type="primary" if state.given.get() is None else "secondary",  # images that wait come first
                width="stretch",
            )
        size = f"Median size {profile.median_width_px} × {profile.median_height_px} px."
        notes = [problem.reason for problem in dataset.problems if problem.kind == "note" and not problem.file]
        shape = workspace.recipes.fit_reason(dataset)
        notes += [f"{shape.rule} ({shape.evidence})"] if shape is not None else []
        st.markdown(f":small[{text.escape(splits(dataset))} {text.escape(size)}]")
        for note in notes:
            st.caption(text.escape(note))
        remark = workspace.remarks.get(dataset.id)
        if remark.note or remark.tags:
            said = text.tags(remark), text.escape(text.short(remark.note, MOST_NOTE))
            st.markdown(f":small[{' · '.join(filter(None, said))}]")


def balance_view(dataset: Dataset, profile: Profile) -> None:
    """Large where the classes are lopsided; one line where they are even, with every class folded away."""
    figure = figures.class_balance(dataset.classes, profile.counts)
    if is_lopsided(profile):
        plot(figure, key="class_balance")
        return
    mount(key="balance", data={"html": spark(dataset, profile)})
    with st.expander("Images of each class", icon=":material/bar_chart:"):
        plot(figure, key="class_balance")


def spark(dataset: Dataset, profile: Profile) -> str:
    """HTML: a bar for each class, the largest first, and the words for it."""
    train = sorted(
        ((row[TRAIN], name) for row, name in zip(profile.counts, dataset.classes, strict=True)), reverse=True
    )
    most, step = max(1, train[0][0]), -(-len(train) // MOST_BARS)
    bars = "".join(
        f'<i style="height: {100 * number / most:.1f}%" title="{text.html(name)}: {text.count(number)}"></i>'
        for number, name in train[::step]
    )
    said = f"{balance(profile)}: {a_class(profile)}"
    return f'<div aria-hidden="true">{bars}</div><span>{text.html(said[0].upper() + said[1:])}</span>'
