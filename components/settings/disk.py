"""What takes room, by kind, with buttons for what can be made again."""

from collections.abc import Sequence

import streamlit as st

from components import state
from components.kit import text
from components.kit.buttons import button
from components.kit.drawn import drawn
from components.kit.guard import fragment
from transfer_core.workspace import Usage, Workspace


def disk_view(workspace: Workspace) -> None:
    """Drawn by itself, since freeing changes nothing else on the page."""
    fragment(_body)(workspace)


def _body(workspace: Workspace) -> None:
    usage, (free, total) = workspace.disk.usage(), workspace.disk.room()
    inside, freeable = sum(each.bytes for each in usage if each.inside), sum(each.free_bytes for each in usage)
    st.markdown(
        f"The workspace takes **{text.size(inside)}**, of which {text.size(freeable)} can be freed. "
        f"{text.size(free)} of {text.size(total)} are free on its disk."
    )
    if freed := state.freed.pop():
        st.success(text.escape(freed), icon=":material/check:")
    offered = [each for each in usage if each.free_bytes]
    for each in sorted(offered, key=lambda one: -one.free_bytes):
        _offer(workspace, each)
    if offered:
        st.caption("What is freed does not come back by an Undo; each line says what it costs to have it again.")
    rest = [each for each in usage if each not in offered]
    if rest:
        drawn(_table(sorted(rest, key=lambda one: -one.bytes)), key="disk_rest")


def _offer(workspace: Workspace, usage: Usage) -> None:
    with st.container(
        key=f"disk_{usage.kind}",
        horizontal=True,
        vertical_alignment="center",
        horizontal_alignment="distribute",
        border=True,
    ):
        with st.container(gap="xxsmall", width="stretch"):
            st.markdown(f"**{usage.title}**, {text.size(usage.bytes)}")
            st.caption(text.escape(" ".join(filter(None, (usage.holds, usage.cost, usage.stays)))))
        button(
            f"Free {text.size(usage.free_bytes)}",
            f"free_{usage.kind}",
            "delete_sweep",
            _free,
            workspace,
            usage,
            help=f"Remove {usage.title.lower()} that nothing needs now",
        )


def _free(workspace: Workspace, usage: Usage) -> None:
    done = workspace.disk.free(usage.kind)
    if usage.kind == "removed":  # Undo has nothing to bring back
        state.deleted_dataset.pop()
        state.removed_run.pop()
    state.freed.set(f"{usage.title}: {text.size(done.bytes)} freed. {done.stays}".rstrip())


def _table(rest: Sequence[Usage]) -> str:
    rows = "".join(
        f'<tr><td class="name">{text.html(each.title)}<span class="dim">, {text.size(each.bytes)}</span></td>'
        f'<td class="words dim">{text.html(f"{each.holds} {each.stays}")}</td></tr>'
        for each in rest
    )
    head = '<th scope="col">Kept</th><th scope="col">What it is</th>'
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
