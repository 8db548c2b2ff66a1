"""What trainings begin with, and what Graft does by itself: a first model, runs that go on."""

import streamlit as st

from components import state
from components.kit import text
from components.kit.backbone_picker import facts, offline_badge
from components.kit.guard import act
from transfer_core.workspace import Workspace


def training(workspace: Workspace) -> None:
    """Each is kept when it is changed."""
    settings = workspace.settings.get()
    known = {each.name: each for each in workspace.backbones.list()}
    default = workspace.backbones.get()
    own = workspace.backbones.own_choice()

    def set_backbone() -> None:
        workspace.settings.change(backbone=state.default_backbone.get() or None)
        state.backbone.pop()  # what this session had chosen before

    state.default_backbone.set(settings.backbone or "")
    st.selectbox(
        "Default backbone",
        ["", *sorted(known, key=lambda name: known[name].title.casefold())],
        format_func=lambda name: f"Graft's own choice: {own.title}" if not name else text.plain(known[name].title),
        key=state.default_backbone.key,
        on_change=act(set_backbone),
        help="The pretrained network that everything starts from, on every page and on the command line, unless "
        "another is chosen there.",
        width=440,
    )
    offline = offline_badge(default, workspace.backbones.available(default))
    st.caption(text.escape(" · ".join([offline, *facts(default)])))
    _toggle(
        workspace,
        "first_model",
        state.first_model,
        "Train a first model by itself",
        "After images have come in, a quick model is trained on them at once, so that Decide says what is reached "
        "already. Whatever you launch goes before it.",
    )
    _toggle(
        workspace,
        "resume",
        state.resume,
        "Resume by itself what was cut off",
        "When Graft starts, runs that its end had cut off go on from where they were kept. Without this, Train offers "
        "it in one click.",
    )


def _toggle(workspace: Workspace, setting: str, drawn: state.Kept[bool], label: str, help: str) -> None:
    def change() -> None:
        workspace.settings.change(**{setting: drawn.get()})

    drawn.set(getattr(workspace.settings.get(), setting))
    st.toggle(label, key=drawn.key, on_change=act(change), help=help)
