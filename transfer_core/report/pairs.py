"""Every two runs held against each other: a matrix at a glance, a table of all that is known."""

from collections.abc import Mapping, Sequence
from typing import Any

from transfer_core.report.figures import seen_from
from transfer_core.report.markup import Cell, folded, only_mark, run_name, table
from transfer_core.report.opening import looks_of
from transfer_core.words import chance, count, safe, signed

Values = dict[str, Any]
MOST_IN_MATRIX = 24  # runs


def lead_of(run: str, choice: str, known: Sequence[Values]) -> str:
    """By how much a run is ahead of the chosen one, with its interval; '' for the chosen one itself."""
    for pair in known:
        if {pair["first"], pair["second"]} == {run, choice} and run != choice:
            lead = seen_from(pair, run)["accuracy"]
            value, low, high = (100 * lead[name] for name in ("value", "low", "high"))
            sure = f"<b>{signed(value)}</b>" if pair["sure"] else signed(value)
            return f"{sure}<small>{signed(low)} to {signed(high)}</small>"
    return ""


def pairs(runs: Sequence[Values], content: Values) -> str:
    known = content["pairs"]
    sure = sum(pair["sure"] for pair in known)
    several = f"{count(len(known))} pairs" if len(known) > 1 else "1 pair"
    told = f"Of {several}, {count(sure)} differ{'s' * (sure == 1)} by more than chance explains."
    matrix = _matrix(runs, content) if len(runs) <= MOST_IN_MATRIX else ""
    numbers = folded("Every pair, with intervals and p values", _table(known, {r["id"]: r["title"] for r in runs}))
    caption = (
        '<figcaption><h3>Each run against each</h3><p class="soft">Points of test accuracy that the run of the row is'
        f" ahead of the run of the column. Bold: surely. {told}</p></figcaption>"
    )
    return f'<figure class="drawn">{caption}{matrix}{numbers}</figure>'


def _table(known: Sequence[Values], titles: Mapping[str, str]) -> str:
    """The largest lead first, each pair seen from the run that is ahead."""
    rows = []
    for pair in sorted(known, key=lambda each: -abs(each["accuracy"]["value"])):
        seen = pair if pair["accuracy"]["value"] >= 0 else seen_from(pair, pair["second"])
        rows.append(
            [
                f'{safe(titles[seen["first"]])} <span class="soft">against</span> {safe(titles[seen["second"]])}',
                difference(seen["accuracy"], 100),
                difference(seen["macro_f1"], 1),
                difference(seen["log_loss"], 1),
                f"{count(seen['wins'])} : {count(seen['losses'])}",
                chance(seen["p"]),
                chance(seen["adjusted"]),
                "yes" if seen["sure"] else "no",
            ]
        )
    head = ("Pair", "Accuracy, points", "Macro-F1", "Log-loss", "Alone right", "p, exact test", "p, Holm", "Sure")
    return table(head, rows, kind="pairs")


def _matrix(runs: Sequence[Values], content: Values) -> str:
    looks = looks_of(content)
    known = {frozenset((pair["first"], pair["second"])): pair for pair in content["pairs"]}
    most = max(abs(pair["accuracy"]["value"]) for pair in known.values()) or 1.0
    head = ["", *(only_mark(looks[run["id"]], run["title"]) for run in runs)]
    rows: list[list[Cell]] = []
    for run in runs:
        cells: list[Cell] = [run_name(looks[run["id"]], run["title"])]
        for other in runs:
            pair = known.get(frozenset((run["id"], other["id"])))
            cells.append(("", 'class="self"') if pair is None else _cell(seen_from(pair, run["id"]), most))
        rows.append(cells)
    return table(head, rows, kind="matrix dense" if len(runs) > 12 else "matrix")


def _cell(pair: Values, most: float) -> Cell:
    """Shaded by the lead, up to half of the strongest shade, so that text stays readable."""
    lead = pair["accuracy"]
    value, low, high = (100 * lead[name] for name in ("value", "low", "high"))
    side = "ahead" if value > 0 else "behind"
    shade = round(55 * abs(lead["value"]) / most)
    told = (
        f"{signed(value)} points ({signed(low)} to {signed(high)}), alone right {pair['wins']} : {pair['losses']},"
        f" p {chance(pair['adjusted'])} after Holm"
    )
    sure = f"<b>{signed(value)}</b>" if pair["sure"] else signed(value)
    return sure, f'class="{side}" style="--share:{shade}%" title="{told}"'


def difference(found: Values, scale: float) -> str:
    """A difference with its interval: in points with a scale of 100."""
    digits = 1 if scale == 100 else 3
    value, low, high = (signed(scale * found[name], digits) for name in ("value", "low", "high"))
    return f"{value}<small>{low} to {high}</small>"
