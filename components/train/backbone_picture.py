"""The chosen backbone as a row of stages, and beneath it what each strategy freezes, trains and leaves aside."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from math import log2, sqrt
from typing import Literal

from components.kit import text
from components.kit.drawn import component
from transfer_core.presentation.marks import mark_of
from transfer_core.types import AUTO, FIRST, HEAD, Backbone, Recipe, Tap
from transfer_core.workspace import Stage, Workspace

BLOCK_PX = 88  # height of the input's block
HEADS = {
    "logistic": "a new linear classifier",
    "strongest": "a new linear classifier",
    "svm": "a new linear SVM",
    "gradient": "the new head",
}
WORDS = {"frozen": "frozen", "trained": "trains", "random": "from random", "unused": "not used"}
HINT = "From the input to the head. Wider: more channels. Taller: a larger feature map. Both are written below."
LEGEND = {
    "frozen": "frozen: stays as it was pretrained",
    "trained": "trains on your images, in the strategy's colour",
    "random": "trains from random weights",
    "tap": "features are taken here",
    "unused": "not used",
}

mount = component("graft_backbone_picture", '<div class="backbone"></div>', beside=__file__)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One block of the network, or its head, while one stage of a strategy runs."""

    stage: int  # which, from 0
    name: str  # of the tap that the block ends with, or HEAD
    state: Literal["frozen", "trained", "random", "unused"]  # random: trained, and its pretrained weights forgotten
    tapped: bool  # features are taken at its end


@dataclass(frozen=True, kw_only=True)
class Row:
    """A strategy with the stages that its recipe makes."""

    strategy: str
    title: str
    stages: tuple[Stage, ...]


def parts(backbone: Backbone, stages: Sequence[Stage]) -> tuple[Part, ...]:
    """What happens to each block and to the head, stage after stage, from input to head."""
    names = backbone.tap_names
    found = []
    for number, stage in enumerate(stages):
        end = names.index(stage.tap) if stage.tap and stage.tap != AUTO else len(names) - 1
        frozen = {FIRST: -1, HEAD: end}.get(stage.train_from)
        last_frozen = names.index(stage.train_from) if frozen is None else frozen
        for depth, name in enumerate(names):
            trains: Literal["random", "trained"] = "random" if stage.random_init else "trained"
            state = "unused" if depth > end else "frozen" if depth <= last_frozen else trains
            several = stage.solver == "strongest" or stage.tap == AUTO
            tapped = several or (depth == end and stage.solver != "gradient")
            found.append(Part(stage=number, name=name, state=state, tapped=tapped))
        found.append(Part(stage=number, name=HEAD, state="trained", tapped=False))
    return tuple(found)


def sentence(backbone: Backbone, stages: Sequence[Stage]) -> str:
    """The same in words: "stem to stage 4 frozen; a new linear classifier on stage 4 trains"."""
    clauses = [_clause(backbone, stage) for stage in stages]
    if len(clauses) == 1:
        return clauses[0]
    return f"first, {'. Then, '.join(clauses)}"


def _clause(backbone: Backbone, stage: Stage) -> str:
    found = parts(backbone, (stage,))[:-1]
    by = {state: [backbone.tap(part.name) for part in found if part.state == state] for state in WORDS}
    trained = by["trained"] + by["random"]
    frozen = f"{_span(by['frozen'])} frozen; " if by["frozen"] else ""
    if trained:
        what = f"{_span(trained)} and the head train" if frozen else "the whole network trains"
    else:
        what = f"{HEADS[stage.solver]}{_where(stage, _name(by['frozen'][-1]))} trains"
    random = ", from random weights" if by["random"] else ""
    unused = f"; {_span(by['unused'])} not used" if by["unused"] else ""
    return f"{frozen}{what}{random}{unused}"


def _where(stage: Stage, last: str) -> str:
    """On which features a head is fitted, in words."""
    if stage.solver == "gradient":
        return ""
    if stage.solver == "strongest":
        return " on the strongest features of all of them"
    if stage.tap == AUTO:
        return " on the one of them that tells the classes apart best"
    return f" on {last if last[-1].isdigit() else f'the {last}'}"


def _span(taps: Sequence[Tap]) -> str:
    return _name(taps[0]) if len(taps) == 1 else f"{_name(taps[0])} to {_name(taps[-1])}"


def _name(tap: Tap) -> str:
    """ "stage 2 of 4, 128 channels, 1/8" -> "stage 2" """
    return re.sub(r" of \d+", "", tap.title.split(",")[0])


def _short(tap: Tap) -> str:
    name = _name(tap).replace("fully connected layer", "FC").replace("convolution", "conv").replace(" module", "")
    return " ".join(name.split()[-2:])


# --- drawing --------------------------------------------------------------------------------------


def rows(workspace: Workspace, backbone: Backbone, recipes: Sequence[Recipe]) -> list[Row]:
    """What each recipe does to this backbone; those with a network of their own have no row."""
    found = []
    for recipe in recipes:
        if recipe.backbone == backbone.name:
            strategy = workspace.strategies.get(recipe.strategy)
            found.append(Row(strategy=strategy.name, title=strategy.title, stages=strategy.stages(recipe, backbone)))
    return found


def backbone_picture(backbone: Backbone, rows: Sequence[Row], key: str) -> None:
    """Draw it. What the browser gets is HTML made here, in which every word is escaped."""
    mount(key=key, data={"html": drawing(backbone, rows)})


def drawing(backbone: Backbone, rows: Sequence[Row]) -> str:
    spoken = [f"{backbone.title}: {len(backbone.taps)} blocks from {_span(backbone.taps)}, then a head."]
    spoken += [f"{row.title}: {sentence(backbone, row.stages)}." for row in rows]
    columns = " ".join(
        f"[t{n}] minmax(var(--least), {_share(tap.channels):.2f}fr)" for n, tap in enumerate(backbone.taps)
    )
    inside = f'<p class="hint">{HINT}</p>' + _blocks(backbone) + "".join(_row(backbone, row) for row in rows)
    widths = f"[input] var(--input) {columns} [head] var(--end) [end]"
    return (
        f'<div class="scroll" tabindex="0" role="img" aria-label="{text.html(" ".join(spoken))}">'
        f'<div class="net" style="--blocks: {widths}">{inside}</div></div>'
        f"{_legend(backbone, rows)}"
    )


def _share(channels: int) -> float:
    """A block's width: the logarithm of its channels, so that 16 and 2,048 fit one row."""
    return max(1.0, log2(max(channels, 2)) - 2)


def _blocks(backbone: Backbone) -> str:
    px = backbone.input_px
    cells: list[tuple[str, str, str, str, str, float]] = [("input", "input", "", "image", f"{px} px", BLOCK_PX)]
    for n, tap in enumerate(backbone.taps):
        side = f"{px // tap.reduction} px" if tap.reduction else "no map"
        high = max(10, BLOCK_PX / sqrt(tap.reduction)) if tap.reduction else 10
        cells.append((f"t{n}", _short(tap), tap.title, f"{text.count(tap.channels)} ch", side, high))
    cells.append(("head", "head", "", "your", "classes", 22))
    drawn = "".join(
        f'<i class="block {where}" style="grid-column: {where}; height: {high:.0f}px" title="{text.html(title)}"></i>'
        for where, _, title, _, _, high in cells
    )
    named = "".join(
        f'<p class="name {where}" style="grid-column: {where}" title="{text.html(title)}"><b>{text.html(short)}</b>'
        f"<span>{text.html(one)}</span><span>{text.html(two)}</span></p>"
        for where, short, title, one, two, _ in cells
    )
    return drawn + named


def _row(backbone: Backbone, row: Row) -> str:
    mark = mark_of(row.strategy)
    said = sentence(backbone, row.stages)
    head = (
        f'<div class="who" style="--rows: {len(row.stages)}">'
        f'<svg viewBox="-9 -9 18 18"><path d="{mark.path}"/></svg><b>{text.html(row.title)}</b>'
        f"<span>{text.html(said[0].upper() + said[1:])}.</span></div>"
    )
    strips = ""
    for number, blocks in groupby(parts(backbone, row.stages), key=lambda part: part.stage):
        if len(row.stages) > 1:
            strips += f'<b class="turn" title="{text.html(row.stages[number].title)}">{number + 1}</b>'
        strips += "".join(_runs(backbone, list(blocks)))
    return f'<div class="row" style="--slot: var(--c{mark.slot}); --on: var(--on{mark.slot})">{head}{strips}</div>'


def _runs(backbone: Backbone, blocks: Sequence[Part]) -> list[str]:
    """Neighbours of one state drawn as one bar, which ends where features are taken; the head stands alone."""
    drawn = []
    lines = {name: f"t{n}" for n, name in enumerate(backbone.tap_names)} | {HEAD: "head"}
    ends = [*list(lines.values())[1:], "end"]
    after = dict(zip(lines, ends, strict=True))
    taps = dict(zip(lines, accumulate((part.tapped for part in blocks), initial=0), strict=False))  # before each block
    for (state, _, _), group in groupby(blocks, key=lambda part: (part.state, part.name == HEAD, taps[part.name])):
        run = list(group)
        tap = '<em class="tap">tap</em>' if run[-1].tapped else ""
        where = f"{lines[run[0].name]} / {after[run[-1].name]}"
        drawn.append(f'<div class="run {state}" style="grid-column: {where}"><span>{WORDS[state]}</span>{tap}</div>')
    return drawn


def _legend(backbone: Backbone, rows: Sequence[Row]) -> str:
    seen = {
        mark for row in rows for part in parts(backbone, row.stages) for mark in (part.state, *["tap"][: part.tapped])
    }
    items = "".join(f'<li><i class="{mark}"></i>{words}</li>' for mark, words in LEGEND.items() if mark in seen)
    return f'<ul class="legend">{items}</ul>'
