"""The verdict: which run to take and why, what became of Graft's advice, and whether pretraining helped at all."""

from collections.abc import Sequence

import streamlit as st

from components import shell, state
from components.compare.report_button import report_button
from components.kit import text
from components.kit.buttons import button
from components.kit.drawn import drawn
from components.kit.goal import goal_view
from components.kit.take_home import export_view
from transfer_core.presentation.entries import always, what_counts
from transfer_core.types import Dataset, Run
from transfer_core.workspace import Comparison, Workspace

Fact = tuple[str, str, str]  # what it is, the figure, what is to be said of it


def verdict_view(workspace: Workspace, dataset: Dataset, comparison: Comparison) -> None:
    """The strip that the page begins with: the sentence, the figures of the run to take, what to do with it.

    The alarm below it where pretraining was useless.
    """
    verdict = comparison.verdict
    run = next(run for run in comparison.runs if run.id == verdict.choice)
    with st.container(key="verdict", border=True, gap="small"):
        st.markdown(f"## {text.escape(verdict.reason)}")
        if verdict.warning:
            st.warning(text.escape(verdict.warning), icon=":material/warning:")
        drawn(facts(facts_of(workspace, comparison, run)), key="verdict_facts")
        if verdict.caution:
            st.markdown(f":small[{text.escape(verdict.caution)}]")
        with st.container(horizontal=True, key="verdict_next"):
            button(
                "Predict with the chosen run",
                "predict_chosen",
                "arrow_forward",
                shell.leave_for,
                "predict",
                type="primary",
            )
            export_view(workspace, dataset, run)
            report_button(workspace, dataset, comparison)
    transfer = comparison.transfer
    if transfer is not None and transfer.finding == "useless":
        st.warning(text.escape(f"{transfer.reason} {transfer.advice}".strip()), icon=":material/warning:")


def rule(comparison: Comparison) -> str:
    """How many are compared, on what, what needs no training there, and how the choice is made."""
    constant = f"{text.escape(always(comparison))} has {text.percent(comparison.constant.score.accuracy)} right."
    on = f"{on_what(comparison)} {constant}"
    if len(comparison.runs) == 1:
        return on
    points = f"{100 * comparison.verdict.worth:.1f}".removesuffix(".0")
    more = f" by more than {points} point{'' if points == '1' else 's'}" if comparison.verdict.worth else ""
    return (
        f"{on} The rule: of the runs that no other one surely beats{more}, the one that trained fastest; where times"
        " hardly differ, the best of them."
    )


def on_what(comparison: Comparison) -> str:
    """ "9 runs compared on the same 153 test images, each trained on 714 images." """
    images, count = comparison.images, len(comparison.runs)
    on = f"the same {text.count(images)} test images" if images > 1 else "a single test image"
    least, most = min(comparison.train_images), max(comparison.train_images)
    trained = f"trained on {text.count(least)}{f' to {text.count(most)}' if most > least else ''} images"
    return f"1 run on {on}, {trained}." if count == 1 else f"{count} runs compared on {on}, each {trained}."


def facts_of(workspace: Workspace, comparison: Comparison, run: Run) -> list[Fact]:
    """What a run reached and what it took; what was not measured is left out."""
    score, model_bytes = comparison.score(run.id), workspace.runs.model_bytes(run.id)
    reached: list[Fact] = []
    if score.reached is not None:
        between = text.between(score.reached.low, score.reached.high)
        reached = [(what_counts(comparison), text.percent(score.reached.value), between)]
    took = (
        ("Training time", run.whole_seconds, text.duration),
        ("Peak memory", run.peak_bytes, text.size),
        ("Model file", model_bytes, text.size),
    )
    found = [(what, written(figure), "") for what, figure, written in took if figure is not None]
    return [*reached, ("Test accuracy", text.percent(score.accuracy), text.between(*score.interval)), *found]


def facts(listed: Sequence[Fact]) -> str:
    """HTML: figures beside each other, each with its name above it."""
    made = "".join(
        f"<div><dt>{text.html(name)}</dt><dd>{text.html(figure)}"
        f"{f' <small>{text.html(note)}</small>' if note else ''}</dd></div>"
        for name, figure, note in listed
    )
    return f'<style>{STYLE}</style><dl class="facts">{made}</dl>'


def how_decided(workspace: Workspace, dataset: Dataset, comparison: Comparison) -> None:
    """Folded: the rule, with what counts and what a lead must be worth; the advice; what pretraining brought."""
    grade, transfer = workspace.comparisons.grade(comparison), comparison.transfer
    with st.popover("How this is decided", icon=":material/balance:", key="how"):
        st.caption(rule(comparison))
        goal_view(workspace, dataset, place="compare")
        st.number_input(
            "Points that a lead must exceed",
            min_value=0.0,
            max_value=100.0,
            value=state.compare_worth.default,
            step=0.5,
            format="%.1f",
            key=state.compare_worth.key,
            persist_state="session",
            width=300,
            help="A surely better run is taken only when it is ahead by more than this. Set it to what a point of"
            " what counts is worth to you against training time.",
        )
        st.markdown(f"### The advice\n:small[{text.escape(grade.reason)}]")
        if transfer is not None:
            st.markdown(f"### Pretraining\n:small[{text.escape(f'{transfer.reason} {transfer.advice}'.strip())}]")
        drawn(EXPLAINED, key="how_decided")


STYLE = """
.drawn .facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, auto)); gap: .8rem 2rem;
  justify-content: start; margin: 0; }
.drawn .facts dt { font-size: .8125rem; color: var(--soft); }
.drawn .facts dd { margin: 0; font-size: 1.25rem; font-weight: 600; line-height: 1.35; }
.drawn .facts small { font-weight: 400; white-space: nowrap; display: block; }
@container (max-width: 480px) { .drawn .facts { grid-template-columns: 1fr 1fr; gap: .7rem 1rem; } }
"""
EXPLAINED = (
    "<p style='max-width: 46rem'>All runs answer the same test images, so they are compared image by image. A paired "
    "bootstrap says between what bounds the difference of two runs lies: near-duplicates are drawn together. "
    "McNemar’s exact test says whether the images that one run alone has right make a significant difference. Where "
    "macro-F1 counts, it is drawn at random 4,000 times whose answers are whose instead; where the recall of a class "
    "counts, only its images are compared, at the threshold that each run’s validation images set. The more pairs are "
    "compared, the more often one differs though nothing is behind it, so Holm’s rule asks for more of each. A run is "
    "surely better when the adjusted p is below 0.05 and the interval leaves out zero. The verdict takes the run that "
    "trained fastest of those that no other one surely beats by more than the points above; of those that took less "
    "than one and a half times as long as that, the best. By the same tests each run is held against always "
    "answering the class that is commonest in training: one that is not surely better than that is taken only where "
    "none is, and the verdict says so.</p>"
)
