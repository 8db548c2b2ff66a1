"""The answer for one picture, beside it."""

from collections.abc import Sequence

import streamlit as st

from components.kit import text
from components.kit.charts import plot
from components.kit.heat import picture
from transfer_core.presentation import figures
from transfer_core.workspace import Predicted, Workspace

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
