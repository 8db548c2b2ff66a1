"""What measuring saw: three ways of being like the backbone's source, the layers, the source classes nearest by."""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from components.kit import text
from components.kit.charts import plot
from components.kit.drawn import drawn
from components.kit.gallery import data_uri, or_none
from transfer_core import findings
from transfer_core.presentation import figures
from transfer_core.presentation.answers import SIMILARITY
from transfer_core.types import Backbone, Dataset, Measured, SourceClass
from transfer_core.workspace import Workspace

TITLES = {
    "depth": "Layers: how deep the useful features lie",
    "statistics": "Statistics: how images look inside the network",
    "semantics": "Meaning: whether it recognises things",
}
THUMBNAIL_PX = 72
CLASSES, IMAGES = 6, 4  # shown


def found(backbone: Backbone, measured: Measured) -> str:
    """What measuring says of the images, in a line."""
    answer = measured.similarity.answer
    if answer is None:
        return f"How much your images are like {backbone.source}'s cannot be told (measured)"
    return f"Your images {findings.LIKE[answer]} {backbone.source}'s (measured)"


def similarity_view(workspace: Workspace, dataset: Dataset, backbone: Backbone, measured: Measured) -> None:
    """The sentence, the axes, the depth curve, the nearest source classes."""
    st.markdown(f"**{text.escape(findings.likeness(measured))}**")
    layers = {tap.name: tap.title for tap in backbone.taps}
    left, right = st.columns(2, gap="large")
    with left:
        drawn(axes(measured, layers), key="axes")
        st.caption("Three views, none of them the truth. Together is their mean; bars are 95 % intervals.")
    with right:
        if measured.depth_curve:
            plot(figures.measured_depth(measured.depth_curve, layers, 1 / len(dataset.classes)), key="measured_depth")
        else:
            st.caption(findings.LACKING["depth"])
    if measured.nearest_classes:
        st.markdown(f"**What the classifier of {text.escape(backbone.source)} takes your images for**")
        shown = measured.nearest_classes[:CLASSES]
        drawn(nearest([(each, _tiles(workspace, dataset, each)) for each in shown]), key="nearest_classes")
    took = f"in {text.duration(measured.seconds)}, with {backbone.title} on {measured.device}"
    st.caption(f"{text.count(measured.similarity.images)} training images measured {text.escape(took)}.")


def axes(measured: Measured, layers: Mapping[str, str]) -> str:
    """HTML: the answer on a line from unlike to like, then each axis with what its ends stand for."""
    found = measured.similarity
    answer = "Cannot be told" if found.answer is None else SIMILARITY[found.answer]
    whole = _axis(
        f"Together: {answer.lower()}", found.score, found.low, found.high, "", ("unlike", "like its source"), "all"
    )
    views = [
        _axis(
            TITLES[axis.name],
            axis.score,
            axis.low,
            axis.high,
            findings.axis(axis, measured, layers),
            findings.ENDS[axis.name],
            "" if axis.score is not None else "off",
        )
        for axis in found.axes
    ]
    return f'<div class="axes">{whole}{"".join(views)}</div>'


def _axis(
    title: str,
    score: float | None,
    low: float | None,
    high: float | None,
    finding: str,
    ends: tuple[str, str],
    kind: str,
) -> str:
    value, marks = '<span class="value dim">not available</span>', ""
    if score is not None:
        value = f'<span class="value">{score:.2f}</span>'
        if low is not None and high is not None:
            value = f'<span class="value">{score:.2f} <small>{low:.2f} to {high:.2f}</small></span>'
            marks = f'<i class="span" style="left: {100 * low:.1f}%; width: {100 * (high - low):.1f}%"></i>'
        marks += f'<i class="dot" style="left: {100 * score:.1f}%"></i>'
    far, near = (text.html(end) for end in ends)
    said = f"<small>{text.html(finding)}</small>" if finding else ""
    below = "" if kind == "off" else f'<div class="ends"><span>0: {far}</span><span>1: {near}</span></div>'
    return (
        f'<section class="axis {kind}"><header><h3>{text.html(title)}</h3>{value}</header>'
        f'<div class="scale"><i class="rail"></i>{marks}</div>{below}{said}</section>'
    )


def nearest(classes: Sequence[tuple[SourceClass, Sequence[tuple[str, str]]]]) -> str:
    """HTML: each source class with its share of the images, and (label, address) of the images nearest to it."""
    made = []
    for each, tiles in classes:
        images = "".join(f'<img src="{uri}" alt="{text.html(label)}">' for label, uri in tiles)
        name, share = text.html(each.name), text.percent(each.share)
        head = f'<header><span class="name">{name}</span><small>{share} of images</small></header>'
        made.append(f"<section>{head}<div>{images}</div></section>")
    return f'<div class="sources">{"".join(made)}</div>'


def _tiles(workspace: Workspace, dataset: Dataset, each: SourceClass) -> list[tuple[str, str]]:
    known = [sample for sample in each.samples[:IMAGES] if sample < len(dataset)]
    return [
        (
            dataset.classes[int(dataset.labels[sample])],
            data_uri(or_none(partial(workspace.datasets.thumbnail, dataset, sample, THUMBNAIL_PX))),
        )
        for sample in known
    ]


def notes(measured: Measured | None) -> dict[str, str]:
    """For the flowchart: what measuring says of similarity where it is neither of the two answers."""
    if measured is None or measured.similarity.answer in ("similar", "different"):
        return {}
    answer = measured.similarity.answer
    return {"similarity": f"measured: {answer}" if answer else "measured: cannot be told"}
