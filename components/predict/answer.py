"""Answers beside their pictures: of one; or how many of many stand, a page of them at a time, all of them as a file."""

import base64
from collections.abc import Sequence
from functools import partial
from typing import Literal

import pandas as pd
import streamlit as st

from components.kit import text
from components.kit.buttons import LINES, page_in_hand, save_button, turn
from components.kit.charts import plot
from components.kit.heat import picture
from transfer_core.presentation import figures
from transfer_core.types import Ints, Predicted
from transfer_core.workspace import Workspace

TOP = 5
UNJUDGED = "No validation images judged this run: probabilities are as it gives them, and none is called unsure."


def one_answer(
    workspace: Workspace, id: str, found: Predicted, titles: Sequence[str], label: str = "", row: int = 0
) -> None:
    """The class first and how sure the run is of it, then the picture; several runs one below the other."""
    if found.errors[row]:
        st.error(f"{text.escape(found.names[row])}: {text.escape(found.errors[row])}", icon=":material/broken_image:")
        return
    with st.container(key="answer", gap="xsmall"):  # above the picture, so that it is seen first on a phone too
        for place, title in enumerate(titles):
            _answer(found, row, place, title if len(titles) > 1 else "")
    left, right = st.columns([1, 2], gap="large")
    with left:
        picture(workspace, id, found, row, titles)
        if label:
            st.caption(f"Its label is {text.escape(label)}.")
    with right:
        for place, title in enumerate(titles):
            if len(titles) > 1:
                st.caption(text.escape(title))
            said = found.probabilities[place, row]
            top = [(found.classes[k], float(said[k])) for k in said.argsort()[::-1][:TOP]]
            plot(figures.top_five(top), key=f"top_{id}_{row}_{place}")


def _answer(found: Predicted, row: int, place: int, title: str) -> None:
    """A run's answer; `title`: the run's, where there are several."""
    said, doubt = found.probabilities[place, row], found.doubts[place]
    best = int(said.argmax())
    answer = f"{text.escape(found.classes[best])}, {text.percent(float(said[best]))}"
    if not found.sure(place, row):
        answer = f"Not sure: {answer}"
    st.subheader(f"{text.escape(title)}: {answer}" if title else answer, anchor=False)
    if found.unlike[place, row]:
        st.warning("Unlike anything in training: no answer of this run means much for it.", icon=":material/help:")
    elif not doubt.images:
        st.caption(UNJUDGED)
    elif not found.sure(place, row):
        st.caption(why_unsure(doubt.threshold, doubt.accuracy))


def why_unsure(threshold: float | None, accuracy: float) -> str:
    """From where on answers stand, in a sentence."""
    promised = text.percent(accuracy)
    if threshold is None:
        return f"On the validation images no confidence of this run means that {promised} of its answers are right."
    return f"{promised} of this run’s answers on the validation images are right from {text.percent(threshold)} on."


ROW_PX = 64
KINDS: dict[Literal["csv", "parquet"], str] = {"csv": "CSV", "parquet": "Parquet"}


def many_answers(workspace: Workspace, id: str, found: Predicted, titles: Sequence[str]) -> None:
    """The sentence, the table, the downloads."""
    read = [row for row, error in enumerate(found.errors) if not error]
    sure = sum(found.sure(0, row) for row in read)
    st.subheader(_headline(found, len(read), sure), anchor=False)
    if len(found.names) < found.of:
        st.caption(f"Stopped after {text.count(len(found.names))} of {text.count(found.of)} images.")
    for title, doubt in zip(titles, found.doubts, strict=True):
        if not doubt.images:
            st.caption(f"{text.escape(title)}: {UNJUDGED}")
    with st.container(horizontal=True, vertical_alignment="center"):
        doubtful = st.toggle("Least sure first", key="by_doubt")
        order = workspace.predictions.by_doubt(found) if doubtful else None
        for kind, name in KINDS.items():
            data, said = (
                partial(workspace.predictions.table, found, kind, order),
                "All images, with the probability of each class.",
            )
            save_button(name, data, f"predictions.{kind}", f"download_{kind}", help=said)
    number = page_in_hand("predicted_page", len(found.names), sought=0, mark=f"{id} {doubtful}")
    rows = list(range(len(found.names)) if order is None else order)[number * LINES : (number + 1) * LINES]
    above = st.container()
    chosen = st.dataframe(
        _table(workspace, id, found, titles, rows),
        hide_index=True,
        row_height=ROW_PX,
        height=ROW_PX * len(rows) + 40,
        column_config={"Picture": st.column_config.ImageColumn(width="small")}
        | {
            name: st.column_config.ProgressColumn(min_value=0.0, max_value=1.0, format="percent")
            for name in (_sure(title, titles) for title in titles)
        },
        key=f"answers_{id}_{doubtful}_{number}",
        on_select="rerun",
        selection_mode="single-row",
    )
    with above:
        if picked := chosen.selection.rows:
            with st.container(border=True, key="chosen_answer"):
                one_answer(workspace, id, found, titles, row=int(rows[picked[0]]))
        else:
            st.caption("Choose a row to see its picture, and where in it the evidence is.")
    turn("predicted_page", len(found.names), number, f"{text.count(len(found.names))} images")


def _headline(found: Predicted, read: int, sure: int) -> str:
    words = [f"{text.count(sure)} of {text.count(read)} images answered"]
    if read > sure:
        words.append(f"{text.count(read - sure)} not sure")
    if read < len(found.names):
        words.append(f"{text.count(len(found.names) - read)} could not be read")
    return ", ".join(words)


def _prefix(found: Predicted, place: int, row: int) -> str:
    if found.unlike[place, row]:
        return "Unlike training: "
    return "" if found.sure(place, row) else "Not sure: "


def _sure(title: str, titles: Sequence[str]) -> str:
    return "Probability" if len(titles) == 1 else f"{title}: probability"


def _table(
    workspace: Workspace, id: str, found: Predicted, titles: Sequence[str], rows: Sequence[int] | Ints
) -> pd.DataFrame:
    pictures = workspace.predictions.thumbnails(id, [int(row) for row in rows])
    table: dict[str, list[object]] = {
        "Picture": [f"data:image/jpeg;base64,{base64.b64encode(each).decode()}" if each else None for each in pictures],
    }
    for place, title in enumerate(titles):
        head = "" if len(titles) == 1 else f"{title}: "
        said = [None if found.errors[row] else found.probabilities[place, row] for row in rows]
        table[f"{head}Answer" if not head else title] = [
            "" if each is None else _prefix(found, place, row) + found.classes[int(each.argmax())]
            for row, each in zip(rows, said, strict=True)
        ]
        table[_sure(title, titles)] = [None if each is None else float(each.max()) for each in said]
    table["Image"] = [found.names[row] for row in rows]
    if any(found.errors):
        table["Why not"] = [found.errors[row] for row in rows]
    return pd.DataFrame(table)
