"""The look that classes and images share on the Compare page: our own HTML in the page's colours, in both themes."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from components.kit import text
from components.kit.drawn import component
from transfer_core.presentation.marks import mark_of
from transfer_core.workspace import Comparison

STYLE = Path(__file__).with_suffix(".css").read_text()
ROOT = '<div class="errors"></div>'
mount = component("graft_errors", ROOT, css=STYLE, js='export default shows(".errors")')


def show(html: str, *, key: str) -> None:
    """Show HTML with this look's classes. Whoever writes it escapes what users or files named, with `text.html`."""
    mount(key=key, data={"html": html})


def mark(strategy: str) -> str:
    """A strategy's symbol in its colour, for HTML in an element of class "errors"."""
    own = mark_of(strategy)
    return (
        '<svg class="mark" viewBox="-9 -9 18 18" aria-hidden="true">'
        f'<path d="{own.path}" style="fill: var(--c{own.slot})"/></svg>'
    )


def strategy_of(comparison: Comparison, run: str) -> str:
    return next(known.strategy for known in comparison.runs if known.id == run)


def titles_of(comparison: Comparison) -> Callable[[str], str]:
    """How a select box shows runs; of a run that is no longer compared it holds nothing."""
    titles = {run.id: text.plain(title) for run, title in zip(comparison.runs, comparison.titles, strict=True)}
    return lambda run: titles.get(run, "")


def probability(share: float) -> str:
    """0.834 -> 83 %"""
    return f"{100 * share:.0f}{text.NARROW}%"


def points(difference: float) -> str:
    """0.0296 -> +3.0"""
    return text.signed(100 * difference, 1)


def nothing(title: str, body: str, *, key: str) -> None:
    """What a part would show, where it has nothing to show."""
    with st.container(border=True, key=key):
        st.markdown(f"**{title}**")
        st.caption(body)
