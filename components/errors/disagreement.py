"""Two runs held against each other: which two, the images that the second fixes or breaks, and what is left to both."""

from typing import Any

import streamlit as st

from components import state
from components.errors.gallery import tiles
from components.errors.look import nothing, points, show, titles_of
from components.kit import text
from components.kit.buttons import button, choice
from components.kit.runs import asked, once, significance
from transfer_core.types import Dataset
from transfer_core.workspace import Comparison, Disagreement, Pair, Workspace


def pair_in_hand(comparison: Comparison, *, section: str) -> tuple[str, str | None]:
    """Two select boxes and what they say; a run alone has no second."""
    ids = [run.id for run in comparison.runs]
    rival = comparison.rival
    if rival is None:
        return ids[0], None
    first, second = kept(state.errors_pair.get(), ids) or (rival, comparison.verdict.choice)
    boxes = [state.widget("errors_pair").of(section, place) for place in ("first", "second")]
    for box, run in zip(boxes, (first, second), strict=True):
        box.set(run)

    def take() -> None:
        a, b = (box.get() for box in boxes)
        state.errors_pair.set((second, first) if a == b else (a, b))

    with st.container(horizontal=True, vertical_alignment="bottom", key=f"errors_pair_{section}_boxes"):
        for place, box in zip(("First", "Second"), boxes, strict=True):
            st.selectbox(
                f"{place} run",
                ids,
                format_func=titles_of(comparison),
                key=box.key,
                on_change=take,
                width=320,
            )
        button("Swap", f"errors_pair_{section}_swap", "swap_horiz", state.errors_pair.set, (second, first))
    return first, second


def kept(said: Any, ids: list[str]) -> tuple[str, str] | None:
    """The pair of an earlier visit, where both of its runs are still compared."""
    return said if isinstance(said, tuple) and len(set(said)) == 2 and set(said) <= set(ids) else None


def disagreement_view(workspace: Workspace, dataset: Dataset, comparison: Comparison) -> None:
    """Two runs are picked here."""
    st.header("Where two runs differ", anchor=False)
    first, second = pair_in_hand(comparison, section="images")
    if second is None:
        nothing(
            "Two runs are needed",
            "This shows the images that one run has right and another wrong. Compare a second run to see them.",
            key="errors_no_pair",
        )
        return
    found = asked(lambda: once(workspace.comparisons.disagreement, first, second))
    if found is None:
        return
    titles = comparison.title(first), comparison.title(second)
    pair = comparison.pair(second, first)
    st.markdown(words(found, pair, titles, images=comparison.images, pairs=len(comparison.pairs)))
    show(bar(found, titles), key="errors_agreement")
    parts = {
        "fixed": (f"Fixed: {text.count(len(found.fixed))}", found.fixed),
        "broken": (f"Broken: {text.count(len(found.broken))}", found.broken),
        "both_wrong": (f"Both wrong: {text.count(len(found.both_wrong))}", found.both_wrong),
    }
    shown = choice("Images", parts, "errors_part", default="fixed", format_func=lambda part: parts[part][0])
    _, seen = parts.get(shown, parts["fixed"])
    if not seen:
        st.caption(f"There are none: {NONE[shown].format(*map(text.escape, titles))}.")
        return
    st.caption(f"Those first that {text.escape(titles[1])} is surest of.")
    tiles(workspace, dataset, comparison, seen, key=f"errors_{shown}_{first}_{second}")


NONE = {
    "fixed": "{0} has no image wrong that {1} has right",
    "broken": "{1} has no image wrong that {0} has right",
    "both_wrong": "each image is right in one of the two at least",
}


def words(found: Disagreement, pair: Pair, titles: tuple[str, str], *, images: int, pairs: int) -> str:
    """Markdown. `pair` has the second run first: what it wins is what it fixes."""
    first, second = (f"**{text.escape(title)}**" for title in titles)
    net = len(found.fixed) - len(found.broken)
    accuracy = pair.accuracy
    low, high = points(accuracy.low), points(accuracy.high)
    return (
        f"{second} fixes **{text.count(len(found.fixed))}** of the images that {first} has wrong, and breaks "
        f"**{text.count(len(found.broken))}** that it has right: net {text.signed(net, 0)} of {text.count(images)}"
        f" images, {points(accuracy.value)} points ({low} to {high}), {significance(pair, pairs)}."
    )


def bar(found: Disagreement, titles: tuple[str, str]) -> str:
    """HTML: how the test images divide, as one bar with its words below."""
    first, second = (text.html(text.short(title, 40)) for title in titles)
    parts = (
        ("both", found.both_right, "both right"),
        ("fixed", len(found.fixed), f"{second} alone right"),
        ("broken", len(found.broken), f"{first} alone right"),
        ("neither", len(found.both_wrong), "both wrong"),
    )
    stretches = "".join(f'<i class="{kind}" style="flex: {count}"></i>' for kind, count, _ in parts if count)
    keys = "".join(
        f'<span class="{kind}"><i></i><b>{text.count(count)}</b> {label}</span>' for kind, count, label in parts
    )
    said = ", ".join(f"{text.count(count)} {label}" for _, count, label in parts)
    return f'<div class="agreement" role="img" aria-label="{said}">{stretches}</div><p class="keys">{keys}</p>'
