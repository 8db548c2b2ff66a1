"""What every page shares: the guard at its top, the dataset and runs in hand, the header, the banner."""

from collections.abc import Mapping, Sequence
from typing import NoReturn

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from components import state
from components.kit import guard, text
from components.kit.buttons import button
from components.kit.help import help_button
from components.kit.live_chart import ensure_plotly
from components.kit.reach import within_reach
from components.kit.tab import name_tab, say_ends
from transfer_core.errors import DatasetError
from transfer_core.types import Dataset, Run, Status
from transfer_core.workspace import DatasetRow, Workspace

PAGES = (
    ("pages/start.py", "Start", ":material/home:"),
    ("pages/data.py", "Data", ":material/photo_library:"),
    ("pages/decide.py", "Decide", ":material/account_tree:"),
    ("pages/train.py", "Train", ":material/model_training:"),
    ("pages/compare.py", "Compare", ":material/bar_chart:"),
    ("pages/predict.py", "Predict", ":material/image_search:"),
    ("pages/settings.py", "Settings", ":material/settings:"),
)
WATCH_SECONDS = 1.5  # another tab learns of runs within 3 s


def navigation() -> StreamlitPage:
    return st.navigation(
        [st.Page(file, title=title, icon=icon, default=title == "Start") for file, title, icon in PAGES],
        position="top",
    )


def open_session() -> None:
    """Called by app.py alone: marks that this session came through it."""
    state.opened.set(True)
    ensure_plotly()
    st.html(STYLE)
    within_reach()


def begin(title: str, *, header: bool = True) -> Workspace:
    """First line of each page: its title, and the dataset in hand.

    A first request for a page's address can reach its script without app.py having run; then the navigation is built
    here and the script started again, this time through app.py.
    """
    if not state.opened.get():
        navigation()
        st.rerun()
    if page := state.next_page.pop():
        go(page)
    head = st.container(
        key="page_header", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    )
    with head.container(horizontal=True, vertical_alignment="center", width="content", key="page_title"):
        st.title(title, anchor=False, width="content")
        help_button(title)
    guard.arrive(title)
    opened = guard.workspace()
    rows = opened.datasets.list()
    unknown = header and _unknown(rows)
    current = _current_id(rows) if header and not unknown else None
    name_tab(title, next((row.name for row in rows if row.id == current), ""))
    if not unknown:
        guard.fragment(_watch, run_every=WATCH_SECONDS)(opened, current or "", opened.runs.standing(current or ""))
    guard.say_failed()
    if header:
        with head:
            _pick_dataset(opened, rows, current)
        if unknown:
            st.info(UNKNOWN, icon=":material/link_off:")
            st.stop()
        _say_lost(rows, title)
    return opened


def _watch(opened: Workspace, dataset: str, drawn: Mapping[str, Status]) -> None:
    """By itself every few seconds: the banner for what keeps Graft from working; the page is drawn anew when runs are
    not as they were drawn, and the tab says which have ended."""
    for trouble in opened.jobs.troubles():
        st.error(text.escape(trouble), icon=":material/warning:")
    standing = opened.runs.standing(dataset)
    say_ends(opened, dataset, standing)
    if standing != drawn:
        st.rerun()


def _unknown(rows: Sequence[DatasetRow]) -> bool:
    """Whether the address names a dataset that is not here and that this session never had in hand."""
    wanted = st.query_params.get("dataset", "")
    had = state.dataset.get(), state.deleted_dataset.get()[0]
    return wanted not in ("", *had, *(row.id for row in rows))


UNKNOWN = (
    "The dataset that this link leads to is unknown in this workspace: the link may come from another workspace, or be"
    " mistyped. Choose one of this workspace's above, or start with new images on Start."
)


def _say_lost(rows: Sequence[DatasetRow], page: str) -> None:
    """That the dataset which was in hand is gone, deleted in another tab perhaps; on this page, until one is picked."""
    known = [row.id for row in rows]
    wanted = st.query_params.get("dataset") or state.dataset.get()
    deleted_here = state.deleted_dataset.get()[0]  # the Data page says so itself
    if wanted not in ("", deleted_here, *known):
        state.lost_on.set(page)
    if state.lost_on.get() != page:
        state.lost_on.pop()
        return
    instead = " Another one is shown instead." if known else ""
    st.info(f"The dataset that you worked with is no longer here; it was deleted.{instead}", icon=":material/info:")


def _pick_dataset(opened: Workspace, rows: Sequence[DatasetRow], current: str | None) -> None:
    """`current`: what is in hand; None: nothing yet."""
    if not rows:
        return
    names = {row.id: " ".join([row.name, *(f"#{tag}" for tag in row.remark.tags)]) for row in rows}
    runs = opened.runs.list(current) if current else ()
    going = sum(run.status in ("running", "stopping") for run in runs)
    waiting, done = sum(run.status == "queued" for run in runs), sum(run.status == "done" for run in runs)
    with st.container(horizontal=True, vertical_alignment="center", width="content", key="in_hand"):
        if going:
            st.badge(f"{text.count(going)} running", icon=":material/hourglass_top:", color="blue")
        if waiting:
            st.badge(f"{text.count(waiting)} waiting", icon=":material/schedule:", color="gray")
        if done:
            st.badge(f"{text.count(done)} {'run' if done == 1 else 'runs'} done", color="gray")
        chosen = st.selectbox(
            "Dataset",
            list(names),
            index=list(names).index(current) if current is not None else None,
            placeholder="Choose a dataset",
            format_func=lambda id: text.plain(names.get(id, "")),
            label_visibility="collapsed",
            # The browser goes on showing a widget's old words, so another name is another widget.
            key=f"dataset_in_hand_{current}_{names.get(current or '', '')}",
            width=240,
        )
    if chosen is not None and chosen != current:
        state.lost_on.pop()
        take(chosen)
        st.rerun()


def take(dataset: str) -> None:
    """Put a dataset in hand: kept by this session and in the address, so that a reload keeps it."""
    if st.query_params.get("dataset", dataset) != dataset:
        st.query_params.pop("runs", None)  # they were another dataset's
    if state.dataset.get() != dataset:
        if state.dataset.known:
            state.forget_dataset()
        state.dataset.set(dataset)
    st.query_params["dataset"] = dataset


def _current_id(rows: Sequence[DatasetRow]) -> str | None:
    known = [row.id for row in rows]
    for wanted in (st.query_params.get("dataset"), state.dataset.get()):
        if wanted in known:
            return wanted
    return known[0] if known else None


def dataset_in_hand(opened: Workspace) -> Dataset | None:
    """The dataset that the header shows; None while there is none."""
    current = _current_id(opened.datasets.list())
    if current is None:
        return None
    take(current)
    try:
        return opened.datasets.get(current)
    except DatasetError:  # deleted in another tab just now
        return None


def go(page: str) -> None:
    """Switch to a page by its lower-case title, the dataset in hand going along."""
    params = {"dataset": state.dataset.get()} if state.dataset.get() else None
    st.switch_page(f"pages/{page}.py", query_params=params)


def leave_for(page: str) -> None:
    """`go`, for a button's callback: the page that is left is not drawn once more, which takes up to a second, and on a
    busy machine floods the browser: Streamlit then lost the first lines of the page that came next."""
    state.next_page.set(page)


def empty(title: str, body: str, label: str, page: str) -> NoReturn:
    """A designed empty state: what this place will show, one button that gets there. Ends the page."""
    with st.container(border=True, key="empty_state"):
        st.header(title, anchor=False)
        st.write(body)
        button(label, "empty_next", "", leave_for, page, type="primary")
    st.stop()


def dataset_or_empty(opened: Workspace, title: str, body: str) -> Dataset:
    """The dataset in hand; the page's empty state while there is none."""
    found = dataset_in_hand(opened)
    if found is None:
        empty(title, body, "Import images", "data")
    return found


def finished_runs(opened: Workspace, title: str, body: str, *, untested: bool = False) -> tuple[Dataset, list[Run]]:
    """The dataset in hand and its runs that left a network, newest first; the page's empty state where there are none.

    `untested`: those too that were ended before they were tested.
    """
    dataset = dataset_or_empty(opened, title, body)
    done = [run for run in opened.runs.list(dataset.id) if run.tested or (untested and run.usable)]
    if not done:
        empty("No finished run of this dataset yet", body, "Launch strategies", "decide")
    return dataset, done


def next_step(label: str, page: str, *, disabled: bool = False, quiet: bool = False) -> None:
    """The last thing on a page: the button that goes on. `quiet`: the page has its primary one beside its headline."""
    st.space("small")
    kind = "secondary" if quiet else "primary"
    button(label, "next_step", "arrow_forward", leave_for, page, type=kind, disabled=disabled)


STYLE = """
<style>
.stMainBlockContainer { max-width: 1180px; padding-top: 4.5rem; padding-bottom: 4rem; }
.st-key-page_header h1 { font-size: 1.9rem; padding: 0; }
.stMainBlockContainer h2 { padding-top: .75rem; }
.st-key-page_header { margin-bottom: .5rem; }
.stMainBlockContainer :is(.st-key-ready, .st-key-answer) h2 { padding-top: 0; }
.st-key-cost [data-testid="stCaptionContainer"] { opacity: 1; }
.st-key-what_else { row-gap: 0; }
.st-key-tab, [data-testid="stLayoutWrapper"]:has(> * > .st-key-tab:only-child) { position: absolute; }
[data-testid="stMetricValue"] { font-variant-numeric: tabular-nums; }
[data-testid="stButtonGroup"] button:is([aria-pressed="true"], [aria-checked="true"]) { color: inherit !important; }
@media (max-width: 1150px) {
  .st-key-compare_charts [data-testid="stColumn"] { min-width: 100%; }
}
@media (max-width: 640px) {
  .stMainBlockContainer { padding-left: 1rem; padding-right: 1rem; }
  .st-key-do_it > [data-testid="stLayoutWrapper"] { flex-basis: 100%; }
}
</style>
"""
