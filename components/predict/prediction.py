"""A prediction: queued once, watched; the answer beside its picture, or many a page at a time, and all as a file."""

import base64
from collections.abc import Sequence
from functools import partial
from typing import Literal

import pandas as pd
import streamlit as st

from components import state
from components.kit import text
from components.kit.buttons import LINES, page_in_hand, save_button, turn
from components.kit.charts import plot
from components.kit.guard import follow
from components.kit.heat import picture
from components.kit.job_panel import under_way
from components.kit.status import ENDED_BADLY, say_ended
from components.kit.take_home import promised
from components.predict.given import Given
from transfer_core.presentation import figures
from transfer_core.types import Ints, Job
from transfer_core.workspace import Predicted, Workspace

TOP, ROW_PX = 5, 64
KINDS: dict[Literal["csv", "parquet"], str] = {"csv": "CSV", "parquet": "Parquet"}
SAVED = "All images, with the probability of each class."
UNJUDGED = "No validation images judged this run: probabilities are as it gives them, and none is called unsure."


def prediction(workspace: Workspace, runs: Sequence[str], titles: Sequence[str], given: Given) -> None:
    """What the runs say of what was given. Call at top level."""
    key = f"{workspace.root} {' '.join(runs)} {given.mark}"
    jobs = state.predictions.begin({})
    if key not in jobs:
        jobs[key] = _queued(workspace, runs, given)
    follow(_body, partial(workspace.jobs.get, jobs[key]), workspace, titles, given.label, every=0.3)


def _queued(workspace: Workspace, runs: Sequence[str], given: Given) -> str:
    if given.sample is not None or given.unlabelled:
        dataset = workspace.datasets.get(workspace.runs.get(runs[0]).recipe.dataset)
        if given.sample is None:
            return workspace.predictions.submit_paths(runs, [workspace.datasets.unlabelled(dataset)[0]])
        return workspace.predictions.submit_samples(runs, dataset, [given.sample])
    for _, file in given.files:
        file.seek(0)
    return workspace.predictions.submit(runs, given.files, heat=True)


def _body(job: Job, workspace: Workspace, titles: Sequence[str], label: str) -> None:
    if job.active:
        under_way(workspace, job, "predict")
    elif job.status in ENDED_BADLY or not job.result:
        say_ended(job, "Stopped before an image was looked at.")
    else:
        found = workspace.predictions.get(job.id, promise=promised())
        if found.of == 1:
            one_answer(workspace, job.id, found, titles, label)
        else:
            many_answers(workspace, job.id, found, titles)


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
    st.header(f"{text.escape(title)}: {answer}" if title else answer, anchor=False)
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


def many_answers(workspace: Workspace, id: str, found: Predicted, titles: Sequence[str]) -> None:
    """The sentence, the table, the downloads."""
    read = [row for row, error in enumerate(found.errors) if not error]
    sure = sum(found.sure(0, row) for row in read)
    st.header(_headline(found, len(read), sure), anchor=False)
    if len(found.names) < found.of:
        st.caption(f"Stopped after {text.count(len(found.names))} of {text.count(found.of)} images.")
    for title, doubt in zip(titles, found.doubts, strict=True):
        if not doubt.images:
            st.caption(f"{text.escape(title)}: {UNJUDGED}")
    with st.container(horizontal=True, vertical_alignment="center"):
        doubtful = st.toggle("Least sure first", key="by_doubt")
        order = workspace.predictions.by_doubt(found) if doubtful else None
        for kind, name in KINDS.items():
            data = partial(workspace.predictions.table, found, kind, order)
            save_button(name, data, f"predictions.{kind}", f"download_{kind}", help=SAVED)
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
        said = [None if found.errors[row] else found.probabilities[place, row] for row in rows]
        table["Answer" if len(titles) == 1 else title] = [
            "" if each is None else _prefix(found, place, row) + found.classes[int(each.argmax())]
            for row, each in zip(rows, said, strict=True)
        ]
        table[_sure(title, titles)] = [None if each is None else float(each.max()) for each in said]
    table["Image"] = [found.names[row] for row in rows]
    if any(found.errors):
        table["Why not"] = [found.errors[row] for row in rows]
    return pd.DataFrame(table)
