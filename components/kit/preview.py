"""What images that were given would become, before they are taken in; another reading takes one click."""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import streamlit as st

from components import state
from components.kit import guard, text
from components.kit.buttons import button
from components.kit.gallery import data_uri, tag
from transfer_core.types import NEWEST, Problem
from transfer_core.words import count, listed, some
from transfer_core.workspace import Look, Preview, Upload, Workspace, import_roots

PATIENCE = 1.5, 0.5  # seconds that a page waits for the names, and for the pictures, before it shows what it has
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
.glance {{ display: flex; flex-wrap: wrap; gap: .5rem 2rem; line-height: 1.4; }}
.glance span {{ min-width: 0; overflow-wrap: anywhere; }}
.glance small {{ display: block; font-size: .8125rem; opacity: .75; }}
.glance b {{ font-weight: 600; }}
"""
# Once for each look the button has the focus, so that Enter presses it; the page comes to where it is.
FOCUS = """<script>(() => {
  if (window.graftLook === %d) return
  window.graftLook = %d
  const seek = (tries) => {
    const found = document.querySelector(".st-key-import_given button")
    if (found && !found.disabled) found.focus({ focusVisible: true })
    else if (tries) setTimeout(() => seek(tries - 1), 100)
  }
  seek(20)
})()</script>"""


@dataclass
class Given:
    """What was given and how it is to be read."""

    source: Upload | Path
    look: Look
    labels: str = ""
    encoding: str = ""
    bands: tuple[int, ...] = NEWEST.bands
    most: int = 3  # bands that there are, as seen last
    readings: dict[str, str] = field(default_factory=dict)  # as they were first offered, in that order
    turn: int = 0  # of the choice among these: the browser goes on showing what was chosen in a widget, whatever it is

    @property
    def key(self) -> str:
        return self.source.id if isinstance(self.source, Upload) else str(self.source)


def give(workspace: Workspace, source: Upload | Path) -> None:
    """Show what would become of it from the next run of the page on, in place of what was given before.

    Raises ArchiveError for a path that is not there, or may not be read.
    """
    look = workspace.datasets.look(source, allowed=import_roots())
    drop(workspace)
    state.given.set(Given(source, look))


def drop(workspace: Workspace, *, taken: bool = False) -> None:
    """Show it no more. `taken`: an import has its files now."""
    before: Given | None = state.given.pop()
    if before is None:
        return
    before.look.stop()
    if isinstance(before.source, Upload) and not taken:
        workspace.datasets.give_up(before.source)


def preview(workspace: Workspace) -> str:
    """Draw what was given, if anything was; the id of the import that was started by it, else ''. Call at top level."""
    given: Given | None = state.given.get()
    if given is None:
        return ""
    with st.container(border=True, key="preview"):
        with st.spinner("Reading the names…"):
            given.look.take(PATIENCE[0])
            given.look.take(PATIENCE[1], pictures=True)
        if not given.look.planned:
            guard.fragment(_waiting, run_every=0.5)(workspace, given)
            return ""
        found = given.look.found
        if found is None:
            st.error(text.escape(given.look.error), icon=":material/error:")
            if given.look.opened:
                _readings(given)
                _another(given)
            _close(workspace)
            return ""
        _remember(given, found)
        job = _head(workspace, given, found)
        _encoding(given, found)
        _bands(given)
        guard.fragment(_classes, run_every=0.5 if given.look.active else None)(given, found)
        _left_out(found)
        _another(given)
        st.html(FOCUS % ((abs(hash(given.key)) % 2**48,) * 2), unsafe_allow_javascript=True)
    return job


def _waiting(workspace: Workspace, given: Given) -> None:
    """While the names are read: how long already, and a way to end it."""
    given.look.take()
    if given.look.planned or state.given.get() is not given:
        st.rerun()
    seconds = text.duration(time.monotonic() - given.look.since)
    share, name = given.look.share, text.escape(given.source.name)
    st.markdown(f"Reading the names in **{name}**: {seconds} so far")
    if share is not None:
        st.progress(share, text=f"{text.percent(share)} of the archive")
    st.caption("A compressed archive has to be unpacked once for that, and so do archives inside it.")
    button("Stop", "stop_reading", "stop_circle", drop, workspace)


def _remember(given: Given, found: Preview) -> None:
    """What was offered first stays on offer."""
    given.readings |= {each.labels: found.said(each) for each in found.readings if each.labels not in given.readings}
    if not given.labels and not found.asks:
        given.labels = found.reading.labels


def _close(workspace: Workspace) -> None:
    if st.button("Take something else", key="drop_given"):
        drop(workspace)
        st.rerun()


def _head(workspace: Workspace, given: Given, found: Preview) -> str:
    """Counts, what is done with what, and the button; what is asked instead where two readings are about as likely."""
    classes = some(len(found.counts), "class").replace("classs", "classes")
    st.subheader(f"{text.escape(found.name)}: {classes}, {some(found.images, 'image')}", anchor=False)
    facts = "".join(f"<span><small>{what}</small> <b>{text.html(said)}</b></span>" for what, said in _facts(found))
    st.html(f'<style>{STYLE}</style><div class="glance">{facts}</div>')
    open_question = bool(found.asks) and not given.labels
    if open_question:
        st.warning(text.escape(f"{found.asks} Say which is meant."), icon=":material/help:")
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
    if not open_question:
        _readings(given)
    if not pressed:
        return ""
    how = {"labels": given.labels, "encoding": given.encoding}
    if isinstance(given.source, Upload):
        job = workspace.datasets.import_kept(given.source, **how, bands=given.bands, first_model=True)
    else:
        job = workspace.datasets.import_path(
            given.source, allowed=import_roots(), **how, bands=given.bands, first_model=True
        )
    drop(workspace, taken=True)
    return job


def _facts(found: Preview) -> list[tuple[str, str]]:
    """What becomes of what, a few words each."""
    own = found.splits
    made = [split for split in ("train", "validation", "test") if {"validation": "val"}.get(split, split) not in own]
    splits = listed([f"{count(n)} {split}" for split, n in own.items()])
    if len(own) < 2:
        splits = "made by Graft: train, validation and test"
    elif made:
        splits += f"; {listed(made)} cut from train"
    left_out = sum(problem.files for problem in found.left_out)
    return [
        ("Classes from", found.reading.title.partition(" = ")[2]),
        ("Splits", splits),
        *([("Without a label", f"{some(found.unlabelled, 'image')}, kept for Predict")] if found.unlabelled else []),
        *([("Left out", some(left_out, "file"))] if left_out else []),
    ]


def _readings(given: Given) -> None:
    options = list(given.readings)
    if len(options) > 1:
        key = f"reading_{given.key}_{given.turn}"
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


def _bands(given: Given) -> None:
    """Which of more than three bands are shown, where the pictures have so many."""
    most = given.most = given.look.sampled.bands if given.look.sampled is not None else given.most
    if most <= 3:
        return
    keys = [f"band_{colour}_{given.key}" for colour in ("red", "green", "blue")]

    def chosen() -> None:
        _read_as(given, bands=tuple(int(state.widget(key).get()) for key in keys))

    st.markdown(f"The files have {most} bands. These become red, green and blue:")
    with st.container(horizontal=True, key="bands"):
        for key, colour, band in zip(keys, ("red", "green", "blue"), given.bands, strict=True):
            st.number_input(colour.capitalize(), 1, most, value=min(band, most), key=key, on_change=chosen, width=96)


def _read_as(
    given: Given, *, labels: str | None = None, encoding: str | None = None, bands: tuple[int, ...] | None = None
) -> None:
    changed = replace(
        given,
        labels=given.labels if labels is None else labels,
        encoding=given.encoding if encoding is None else encoding,
        bands=given.bands if bands is None else bands,
    )
    changed.look.ask(labels=changed.labels, encoding=changed.encoding, bands=changed.bands)
    state.given.set(changed)


def _classes(given: Given, found: Preview) -> None:
    """Each class with its pictures; those that are not here yet are empty."""
    waited = given.look.active
    given.look.take()
    if waited and not given.look.active:
        st.rerun()
    names = list(found.counts)
    pictures = given.look.sampled.pictures if given.look.sampled is not None else {}
    empty = "<i></i>" * 3 if given.look.active else ""
    cards = "".join(_card(name, found.counts[name], pictures.get(name), empty) for name in names[:SHOWN])
    st.html(f'<style>{STYLE}</style><div class="planned">{cards}</div>')
    if not pictures and not given.look.active:
        st.caption("No pictures are shown before the import: to reach them, all of this archive has to be unpacked.")
    if len(names) > SHOWN:
        with st.expander(f"All {count(len(names))} classes"):
            rows = {"Class": [text.plain(name) for name in names], "Images": list(found.counts.values())}
            st.dataframe(rows, hide_index=True)


def _card(name: str, images: int, pictures: tuple[bytes, ...] | None, empty: str) -> str:
    label = text.html(name)
    shown = empty if pictures is None else "".join(tag(data_uri(picture), label) for picture in pictures)
    return f"<figure><div>{shown}</div><figcaption><b>{label}</b><span>{count(images)}</span></figcaption></figure>"


def _left_out(found: Preview) -> None:
    for note in found.notes:
        st.markdown(f":material/info: {text.escape(note)}")
    files = sum(problem.files for problem in found.left_out)
    if files:
        with st.expander(f"Left out: {some(files, 'file')}, and why"):
            lines = [f"- {_line(problem)}" for problem in found.left_out[:LISTED]]
            more = files - sum(problem.files for problem in found.left_out[:LISTED])
            st.markdown("\n".join([*lines, f"- and {count(more)} more"][: len(lines) + (more > 0)]))


def _line(problem: Problem) -> str:
    return text.escape(f"{problem.file}: {problem.reason}" if problem.file else problem.reason)


def _another(given: Given) -> None:
    key = f"pattern_{given.key}"
    with st.expander("Another way to tell classes", expanded=bool(given.look.error)):
        st.text_input(
            "A pattern of file names",
            placeholder="{label}_#",
            help="{label} is the class, # a number, * anything: {label}_# reads cat_12.jpg, #_{label} 12_cat.jpg.",
            key=key,
            on_change=lambda: _by_pattern(given, state.widget(key).get()),
        )


def _by_pattern(given: Given, pattern: str) -> None:
    if pattern:
        _read_as(replace(given, turn=given.turn + 1), labels=f"name:{pattern}")
