"""The few kinds of HTML that a report is made of. Arguments are HTML already, save where they are said to be text."""

from collections.abc import Iterable, Sequence

from transfer_core.report.look import PATHS, Mark
from transfer_core.words import safe

# A cell is HTML, or HTML with the attributes of its <td>.
Cell = str | tuple[str, str]


def mark(look: Mark) -> str:
    """A run's symbol in its colour, filled as in the figures."""
    dot = '<circle class="dot" r="2"/>' if "dot" in look.filling else ""
    kind = f"mark c{look.slot}" + (" open" if "open" in look.filling else "")
    return f'<svg class="{kind}" viewBox="-9 -9 18 18" aria-hidden="true"><path d="{PATHS[look.symbol]}"/>{dot}</svg>'


def run_name(look: Mark, title: str) -> str:
    """`title` is text."""
    return f'<span class="run">{mark(look)}<span>{safe(title)}</span></span>'


def only_mark(look: Mark, title: str) -> str:
    """A run where there is no room for its title, which is text."""
    return f'<span title="{safe(title)}">{mark(look)}<span class="unseen">{safe(title)}</span></span>'


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    caption: str = "",
    kind: str = "",
    first_is_head: bool = True,
) -> str:
    """A table that scrolls sideways inside its own box where it is wider than the page."""
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(f"<tr>{''.join(_cells(row, first_is_head=first_is_head))}</tr>" for row in rows)
    above = f"<caption>{caption}</caption>" if caption else ""
    return (
        f'<div class="wide"><table class="{kind}">{above}<thead><tr>{top}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _cells(row: Sequence[Cell], *, first_is_head: bool) -> Iterable[str]:
    for place, cell in enumerate(row):
        inner, attributes = cell if isinstance(cell, tuple) else (cell, "")
        name, more = ("th", ' scope="row"') if first_is_head and place == 0 else ("td", "")
        yield f"<{name}{more}{' ' * bool(attributes)}{attributes}>{inner}</{name}>"


def folded(title: str, inner: str, *, kind: str = "", opened: bool = False) -> str:
    return f'<details class="{kind}"{" open" * opened}><summary>{title}</summary>{inner}</details>'


def figure(name: str, title: str, told: str, as_table: str, *, label: str) -> str:
    """A place where report.js draws, under a title and a sentence; its numbers follow as a table.

    The table stands open until the figure is drawn. `label` is text, for those who hear the page.
    """
    said = f'<p class="soft">{told}</p>' if told else ""
    below = folded("These figures as a table", as_table, kind="numbers", opened=True) if as_table else ""
    return (
        f'<figure class="drawn"><figcaption><h3>{title}</h3>{said}</figcaption>'
        f'<div class="plot" data-figure="{name}" role="img" aria-label="{safe(label)}" hidden></div>{below}</figure>'
    )


def section(name: str, title: str, inner: str) -> str:
    return f'<section id="{name}"><h2>{title}</h2>{inner}</section>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Figures with a name above and perhaps a line below: (name, HTML)."""
    return (
        '<dl class="facts">' + "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in pairs) + "</dl>"
    )
