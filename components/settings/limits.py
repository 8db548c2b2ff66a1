"""What Graft takes and no more, with the reasons."""

from collections.abc import Sequence
from itertools import groupby

import streamlit as st

from components.kit import text
from components.kit.drawn import drawn
from transfer_core.workspace import Limit, limits

UPLOAD = (
    "It is held in memory until it has come. server.maxUploadSize sets it; a folder on the server has no such limit."
)


def limits_view() -> None:
    """Folded: who meets one of them gets a sentence where that happens."""
    upload = f"{st.get_option('server.maxUploadSize'):,} MB"
    known = (Limit(group="Uploads", what="A file from the browser", most=upload, why=UPLOAD, held=""), *limits())
    st.caption("What goes beyond one of these is refused or left out, with a sentence that says so.")
    with st.expander("Sizes, counts and memory, each with its reason", icon=":material/straighten:"):
        for group, found in groupby(known, lambda each: each.group):
            st.markdown(f"**{text.escape(group)}**")
            drawn(_table(list(found)), key=f"limits_{group}")


def _table(found: Sequence[Limit]) -> str:
    rows = "".join(
        f'<tr><td class="name">{text.html(each.what)}</td><td class="number">{text.html(each.most)}</td>'
        f'<td class="words dim">{text.html(each.why)}</td></tr>'
        for each in found
    )
    head = (
        '<th scope="col" style="width: 31%">Limit</th><th scope="col" class="number" style="width: 11%">How much</th>'
        '<th scope="col">Why</th>'
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
