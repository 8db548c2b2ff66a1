"""What images that were given would become, before they are taken in; another reading takes one click."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import streamlit as st

from components import state
from components.kit import text
from components.kit.gallery import data_uri, tag
from transfer_core.errors import GraftError
from transfer_core.types import Problem
from transfer_core.words import count, listed, some
from transfer_core.workspace import Preview, Upload, Workspace, import_roots

SHOWN = 24  # classes with pictures; the rest stands in a table
LISTED = 200  # files that are left out, one by one
SOFT = "color-mix(in srgb, currentColor 7%, transparent)"
STYLE = f"""
.planned {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(min(210px, 46%), 1fr)); gap: .75rem 1rem; }}
.planned figure {{ margin: 0; min-width: 0; }}
.planned div {{ display: grid; grid-template-columns: repeat(3, 1fr); gap: 3px; }}
.planned img, .planned i {{ display: block; width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 5px;
  background: {SOFT}; }}
.planned i {{ display: grid; place-items: center; font-size: .625rem; font-style: normal; text-align: center; }}
.planned figcaption {{ display: flex; gap: .5rem; margin-top: .25rem; font-size: .875rem; line-height: 1.3; }}
.planned b {{ font-weight: 600; overflow-wrap: anywhere; flex: 1; }}
"""


@dataclass
class Given:
    """What was given and how it is to be read."""

    source: Upload | Path
    labels: str = ""
    encoding: str = ""
    found: Preview | None = None  # for these labels and this encoding
    readings: dict[str, str] = field(default_factory=dict)  # as they were first offered, in that order
    pictures: dict[str, tuple[bytes, ...]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.source.id if isinstance(self.source, Upload) else str(self.source)


def give(workspace: Workspace, source: Upload | Path) -> None:
    """Show what would become of it from the next run of the page on, in place of what was given before."""
    drop(workspace)
    state.given.set(Given(source))


def drop(workspace: Workspace, *, taken: bool = False) -> None:
    """Show it no more. `taken`: an import has its files now."""
    before = state.given.pop()
    if before is not None and isinstance(before.source, Upload) and not taken:
        workspace.datasets.give_up(before.source)


def preview(workspace: Workspace) -> str:
    """Draw what was given, if anything was; the id of the import that was started by it, else ''."""
    given: Given | None = state.given.get()
    if given is None:
        return ""
    with st.container(border=True, key="preview"):
        try:
            with st.spinner("Reading the names…"):
                found = given.found or _planned(workspace, given)
        except GraftError as error:
            st.error(text.escape(str(error)), icon=":material/error:")
            _readings(given)
            _another(given)
            _close(workspace)
            return ""
        job = _head(workspace, given, found)
        _encoding(given, found)
        _classes(workspace, given, found)
        _left_out(found)
        _another(given)
    return job


def _planned(workspace: Workspace, given: Given) -> Preview:
    how = {"labels": given.labels, "encoding": given.encoding}
    if isinstance(given.source, Upload):
        found = workspace.datasets.preview_upload(given.source, **how)
    else:
        found = workspace.datasets.preview_path(given.source, allowed=import_roots(), **how)
    given.found, given.pictures = found, {}
    given.readings = {each.labels: found.said(each) for each in found.readings} | given.readings
    if not given.labels and not found.layout.asks:
        given.labels = found.reading.labels
    return found


def _close(workspace: Workspace) -> None:
    if st.button("Take something else", key="drop_given"):
        drop(workspace)
        st.rerun()


def _head(workspace: Workspace, given: Given, found: Preview) -> str:
    """Counts, and the button; what is asked instead where two readings are about as likely."""
    classes = some(len(found.counts), "class").replace("classs", "classes")
    images = some(len(found.layout.images), "image")
    st.subheader(f"{text.escape(found.name)}: {classes}, {images}", anchor=False)
    st.markdown(text.escape(_splits(found)))
    open_question = bool(found.layout.asks) and not given.labels
    if open_question:
        st.warning(text.escape(f"{found.layout.asks} Say which is meant."), icon=":material/help:")
    _readings(given)
    with st.container(horizontal=True):
        pressed = st.button(
            "Import these images",
            key="import_given",
            type="primary",
            icon=":material/download:",
            disabled=open_question,
        )
        _close(workspace)
    if not pressed:
        return ""
    labels, encoding = given.labels, given.encoding
    if isinstance(given.source, Upload):
        job = workspace.datasets.import_kept(given.source, labels=labels, encoding=encoding, first_model=True)
    else:
        job = workspace.datasets.import_path(
            given.source, allowed=import_roots(), labels=labels, encoding=encoding, first_model=True
        )
    drop(workspace, taken=True)
    return job


def _splits(found: Preview) -> str:
    own = found.splits
    said = f"Its own splits: {listed([f'{count(n)} {split}' for split, n in own.items()])}." if len(own) > 1 else ""
    said = said or "No splits of its own: Graft makes train, validation and test."
    if found.layout.unlabelled:
        said += f" {some(len(found.layout.unlabelled), 'image')} without a label, kept for prediction."
    return said


def _readings(given: Given) -> None:
    options = list(given.readings)
    if len(options) > 1:
        key = f"reading_{given.key}"
        st.radio(
            "What tells the class",
            options,
            index=options.index(given.labels) if given.labels in options else None,
            format_func=lambda labels: text.escape(given.readings[labels]),
            key=key,
            on_change=lambda: _read_as(given, labels=state.widget(key).get()),
        )


def _encoding(given: Given, found: Preview) -> None:
    if found.encodings:
        pages, key = dict(found.encodings), f"encoding_{given.key}"
        st.selectbox(
            "File names are written in",
            list(pages),
            index=list(pages).index(found.encoding),
            format_func=pages.__getitem__,
            help="The zip does not say it, so Graft took the code page in which the names read best.",
            key=key,
            on_change=lambda: _read_as(given, encoding=state.widget(key).get()),
        )


def _read_as(given: Given, *, labels: str | None = None, encoding: str | None = None) -> None:
    changed = replace(given, found=None, pictures={})
    changed.labels = given.labels if labels is None else labels
    changed.encoding = given.encoding if encoding is None else encoding
    state.given.set(changed)


def _classes(workspace: Workspace, given: Given, found: Preview) -> None:
    names = list(found.counts)
    if not given.pictures:
        with st.spinner("Reading some pictures…"):
            given.pictures = workspace.datasets.pictures(found, names[:SHOWN])
    cards = "".join(_card(name, found.counts[name], given.pictures.get(name, ())) for name in names[:SHOWN])
    st.html(f'<style>{STYLE}</style><div class="planned">{cards}</div>')
    if len(names) > SHOWN:
        with st.expander(f"All {count(len(names))} classes"):
            rows = {"Class": [text.plain(name) for name in names], "Images": list(found.counts.values())}
            st.dataframe(rows, hide_index=True)


def _card(name: str, images: int, pictures: tuple[bytes, ...]) -> str:
    label = text.html(name)
    shown = "".join(tag(data_uri(picture), label) for picture in pictures)
    return f"<figure><div>{shown}</div><figcaption><b>{label}</b><span>{count(images)}</span></figcaption></figure>"


def _left_out(found: Preview) -> None:
    for note in found.notes:
        st.markdown(f":material/info: {text.escape(note)}")
    files = sum(problem.files for problem in found.left_out)
    if files:
        with st.expander(f"Left out: {some(files, 'file')}, and why"):
            lines = [f"- {_line(problem)}" for problem in found.left_out[:LISTED]]
            more = len(found.left_out) - LISTED
            st.markdown("\n".join([*lines, f"- and {count(more)} more"][: len(lines) + (more > 0)]))


def _line(problem: Problem) -> str:
    return text.escape(f"{problem.file}: {problem.reason}" if problem.file else problem.reason)


def _another(given: Given) -> None:
    key = f"pattern_{given.key}"
    with st.expander("Another way to tell classes"):
        st.text_input(
            "A pattern of file names",
            placeholder="{label}_#",
            help="{label} is the class, # a number, * anything: {label}_# reads cat_12.jpg, #_{label} 12_cat.jpg.",
            key=key,
            on_change=lambda: _by_pattern(given, state.widget(key).get()),
        )


def _by_pattern(given: Given, pattern: str) -> None:
    if pattern:
        state.widget(f"reading_{given.key}").pop()  # it shows what is chosen now
        _read_as(given, labels=f"name:{pattern}")
