"""What is wrong with images, each problem with its pictures and its whole sentence; all of them as a table, folded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from components import state
from components.kit import text
from components.kit.buttons import button
from components.kit.drawn import component
from components.kit.gallery import data_uri, or_none, tag
from transfer_core.presentation.answers import KINDS
from transfer_core.presentation.readiness import split_name
from transfer_core.types import Dataset, Problem
from transfer_core.words import some
from transfer_core.workspace import Workspace

FIRST, STEP = 4, 12  # problems of a kind that are shown, and how many more at a press
PICTURES = 4  # of a problem
ABOUT = {  # what a kind means, and what to do
    "skipped": "These are not in the dataset. Repair them and import again if you need them.",
    "conflict": "One of the labels is wrong, and a model is taught both. Correct it in your folders and import again.",
    "leak": "A model is tested on what it has seen, so its accuracy promises too much. Remove one of each.",
    "small": "Figures of such a class say little. More images help; so does leaving the class out.",
    "shortcut": "A model learns what is easiest. Make the files of all classes alike, then import again.",
    "look": "This is how these files come out as pictures. If that is not what you see in them, convert them first.",
    "duplicate": "They count once where Graft counts how many images there are to learn from.",
}
STYLE = """
.findings { --ink: var(--st-text-color); color: var(--ink); font-family: var(--st-font); font-size: .9375rem;
  line-height: 1.45; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr));
  gap: 1rem 2rem; }
.findings section { display: grid; grid-template-columns: minmax(0, 15rem) 1fr; gap: .9rem; align-items: start; }
.findings .pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(3.4rem, 6.5rem)); gap: .4rem; }
.findings figure { margin: 0; min-width: 0; }
.findings :is(img, i) { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; border-radius: 6px;
  background: color-mix(in srgb, currentColor 8%, transparent); }
.findings i { display: grid; place-items: center; font-size: .75rem; font-style: normal; text-align: center; }
.findings figcaption { font-size: .75rem; line-height: 1.25; margin-top: .2rem; overflow-wrap: anywhere; }
.findings p { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 640px) { .findings section { grid-template-columns: 1fr; gap: .4rem; } }
"""
mount = component("graft_findings", '<div class="findings"></div>', css=STYLE, js='export default shows(".findings")')


@dataclass(frozen=True)
class Finding:
    """A problem and the samples that it speaks of, by number; `more`: how many it has beyond these."""

    sentence: str
    samples: tuple[int, ...] = ()
    more: int = 0
    lost: bool = False  # it speaks of a file that is not in the dataset


def problems_view(workspace: Workspace, dataset: Dataset) -> None:
    """Every kind that there is, the gravest first; nothing where nothing was found."""
    found = {kind: tuple(findings(dataset, kind)) for kind in ABOUT}
    for kind, listed in found.items():
        if listed and kind != "duplicate":
            st.header(f"{KINDS[kind]}: {text.count(len(listed))}", anchor=False)
            _kind(workspace, dataset, kind, listed)
    if together := found["duplicate"]:  # nothing is wrong with them: Graft knows how to count them
        with st.expander(f"Near-duplicates: {some(len(together), 'group')}", icon=":material/content_copy:"):
            _kind(workspace, dataset, "duplicate", together)
    if any(found.values()):
        with st.expander(f"All as a table ({text.count(len(dataset.problems))})", icon=":material/table_rows:"):
            table(dataset.problems)


def table(problems: Sequence[Problem]) -> None:
    st.dataframe(
        {
            "Kind": [KINDS[problem.kind] for problem in problems],
            "File": [text.plain(problem.file) for problem in problems],
            "What": [text.plain(problem.reason) for problem in problems],
        },
        hide_index=True,
        key="problems",
    )


def findings(dataset: Dataset, kind: str) -> Iterator[Finding]:
    """The problems of a kind; for duplicates, whose problem is one line about all, a finding for each group."""
    problems = [problem for problem in dataset.problems if problem.kind == kind]
    if kind == "duplicate" and problems:
        sizes = np.bincount(dataset.groups)
        for group in sorted(np.flatnonzero(sizes > 1), key=lambda group: -sizes[group]):
            yield _group(dataset, int(group), f"{sizes[group]} images that are the same or nearly the same.")
        return
    place = {path: row for row, path in enumerate(dataset.paths)} if problems else {}
    for problem in problems:
        words = f"{problem.file}: {problem.reason}" if problem.file else problem.reason
        row = place.get(problem.file)
        if kind in ("conflict", "leak") and row is not None:
            yield _group(dataset, int(dataset.groups[row]), words)
        elif problem.shown:
            seen = [place[path] for path in problem.shown if path in place]
            yield Finding(words, tuple(_spread(seen)), max(0, problem.files - PICTURES))
        elif kind == "small":
            named = [i for i, name in enumerate(dataset.classes) if problem.reason.startswith(f"Class '{name}' has ")]
            rows = np.flatnonzero(dataset.labels == max(named, key=lambda i: len(dataset.classes[i]), default=-1))
            yield Finding(words, tuple(rows[:PICTURES].tolist()), max(0, len(rows) - PICTURES))
        else:
            yield Finding(words, lost=bool(problem.file))


def _spread(rows: Sequence[int]) -> list[int]:
    """As many as are drawn, from the first to the last."""
    return [rows[round(at)] for at in np.linspace(0, len(rows) - 1, min(PICTURES, len(rows)))]


def _group(dataset: Dataset, group: int, words: str) -> Finding:
    rows = np.flatnonzero(dataset.groups == group)
    different = np.unique(np.stack([dataset.labels[rows], dataset.splits[rows]]), axis=1, return_index=True)[1]
    order = [*different.tolist(), *np.setdiff1d(np.arange(len(rows)), different).tolist()]  # one of each side first
    return Finding(words, tuple(rows[order[:PICTURES]].tolist()), max(0, len(rows) - PICTURES))


def _kind(workspace: Workspace, dataset: Dataset, kind: str, listed: Sequence[Finding]) -> None:
    place = state.shown.of("problems", kind, dataset.id)
    number = place.get() or FIRST
    whole = [problem.reason for problem in dataset.problems if problem.kind == "duplicate" == kind]
    st.caption(text.escape(" ".join([*whole, ABOUT[kind]])))
    drawn = "".join(_section(workspace, dataset, each) for each in listed[:number])
    mount(key=f"problems_{kind}", data={"html": drawn})
    left = len(listed) - number
    if left > 0:
        label = f"Show {min(STEP, left)} more" + (f" of {text.count(left)}" if left > STEP else "")
        button(label, f"more_{kind}", "expand_more", place.set, number + STEP, type="tertiary")


def _section(workspace: Workspace, dataset: Dataset, finding: Finding) -> str:
    figures = []
    for sample in finding.samples:
        label, split = dataset.classes[dataset.labels[sample]], split_name(int(dataset.splits[sample]))
        caption = text.html(f"{text.short(label)}, {split}")
        picture = data_uri(or_none(partial(workspace.datasets.thumbnail, dataset, sample)))
        figures.append(f"<figure>{tag(picture, caption)}<figcaption>{caption}</figcaption></figure>")
    if finding.lost:
        figures.append('<figure><i role="img">cannot be shown</i></figure>')
    more = f" <small>{text.count(finding.more)} more are not shown here.</small>" if finding.more else ""
    return (
        f'<section><div class="pictures">{"".join(figures)}</div><p>{text.html(finding.sentence)}{more}</p></section>'
    )
