"""What every strategy will take on this machine, held against the time that there is."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from components.kit import text
from components.kit.drawn import drawn, strategy_name
from transfer_core.types import Measured, Plan

LIMITS: dict[str, float | None] = {
    "1 min": 60,
    "5 min": 300,
    "15 min": 900,
    "1 h": 3_600,
    "4 h": 14_400,
    "No limit": None,
}
NO_LIMIT = "No limit"
SLIDER = "time_limit_slider"
TAGS = {"yes": "Fits", "shortened": "Shortened", "no": "Ruled out"}


def span(plans: Sequence[Plan]) -> str:
    """What strategies take with all their epochs, the quickest and the longest; whatever the limit."""
    seconds = sorted(plan.estimate.seconds for plan in plans)
    return f"What each strategy takes: {text.duration(seconds[0])} to {text.duration(seconds[-1])}"


def estimates_view(
    plans: Sequence[Plan],
    measured: Measured | None,
    titles: Mapping[str, str],
    limit: float | None,
    keep: Callable[[float | None], None],
    *,
    of: str = "",
) -> None:
    """The slider of the time limit, whose seconds go to `keep` when they change, and the table of strategies.

    `of`: the dataset's id.
    """
    kept = next((name for name, seconds in LIMITS.items() if seconds == limit), NO_LIMIT)
    chosen = st.select_slider(
        "Time that a run may take",
        list(LIMITS),
        value=kept,
        key=f"{SLIDER}_{of}",
        width=520,
        help="Rules out strategies that do not fit, or takes epochs from them where fewer still make sense.",
    )
    if chosen != kept:
        keep(LIMITS[chosen])
        st.rerun()
    drawn(table(plans, titles, limited=chosen != NO_LIMIT), key="estimates")
    st.caption(
        text.escape(
            f"On {measured.device}, from a few real steps of each. Early stopping may end a run sooner. "
            "Memory is the peak of the training process."
            if measured is not None
            else "Expected, from how fast this machine passes images through the network, timed once. Measuring your "
            "images makes it exact. Early stopping may end a run sooner."
        )
    )


def table(plans: Sequence[Plan], titles: Mapping[str, str], *, limited: bool) -> str:
    """HTML: a row for each strategy; how it stands against the limit where there is one."""
    head = "".join(f'<th class="number">{name}</th>' for name in ("Time", "Epochs", "Peak memory"))
    head = f"<th>Strategy</th>{head}{'<th>Against your limit</th>' * limited}"
    rows = "".join(_row(plan, titles[plan.strategy], limited) for plan in plans)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _row(plan: Plan, title: str, limited: bool) -> str:
    shorter = plan.fits == "shortened"
    seconds, epochs = (plan.seconds, plan.epochs) if shorter else (plan.estimate.seconds, plan.estimate.epochs)
    count = "none" if not plan.estimate.epochs else text.count(epochs)
    if shorter:
        count += f' <span class="dim">of {text.count(plan.estimate.epochs)}</span>'
    tag, memory = TAGS[plan.fits], text.size(plan.estimate.peak_bytes) if plan.estimate.peak_bytes else "–"
    words = plan.words if plan.words.rstrip(".") != tag else ""
    against = f'<td class="words"><span class="tag">{tag}</span> <small>{text.html(words)}</small></td>' * limited
    return (
        f'<tr class="{"dim" if plan.fits == "no" else ""}"><td class="name">{strategy_name(plan.strategy, title)}</td>'
        f'<td class="number" data-label="Time">{text.duration(seconds)}</td>'
        f'<td class="number" data-label="Epochs">{count}</td>'
        f'<td class="number" data-label="Peak memory">{memory}</td>{against}</tr>'
    )
