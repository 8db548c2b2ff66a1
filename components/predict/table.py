"""The answers for many pictures: how many stand, a page of them at a time, all of them as a file."""

import base64
from collections.abc import Sequence
from functools import partial
from typing import Literal

import pandas as pd
import streamlit as st

from components.kit import text
from components.kit.buttons import save_button
from components.kit.paging import LINES, page_in_hand, turn
from components.predict.answer import UNJUDGED, one_answer
from transfer_core.types import Ints, Predicted
from transfer_core.workspace import Workspace

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
