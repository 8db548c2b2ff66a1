"""Where two runs differ: the images that the second fixes, those that it breaks, and what is left to both."""

import streamlit as st

from components.errors.answers import asked, disagreement
from components.errors.gallery import tiles
from components.errors.look import points, show
from components.errors.pair import pair_in_hand
from components.kit import text
from components.kit.runs import luck
from transfer_core.types import Comparison, Dataset, Disagreement, Pair
from transfer_core.workspace import Workspace


def disagreement_view(workspace: Workspace, dataset: Dataset, comparison: Comparison) -> None:
    """Two runs are picked here. Needs at least two in the comparison."""
    first, second = pair_in_hand(comparison, section="images")
    if second is None:
        return
    found = asked(lambda: disagreement(workspace, first, second))
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
    shown = st.segmented_control(
        "Images",
        list(parts),
        default="fixed",
        format_func=lambda part: parts[part][0],
        key="errors_part",
        required=True,
        label_visibility="collapsed",
    )
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
        f" images, {points(accuracy.value)} points ({low} to {high}), {luck(pair, pairs)}."
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
