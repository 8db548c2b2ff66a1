"""A report as one HTML page that asks nothing of any network: templates over the chapters' values."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from transfer_core.compare.statistics import DRAWS
from transfer_core.presentation.answers import KINDS
from transfer_core.presentation.entries import always, what_counts
from transfer_core.presentation.figures.curves import FEW
from transfer_core.presentation.marks import mark_of
from transfer_core.presentation.theme import DARK, LIGHT
from transfer_core.report.assets import font, own, plotly, sha256
from transfer_core.report.chapters import CHAPTERS
from transfer_core.report.chapters.advice import NEAREST
from transfer_core.report.drawings import TEMPLATE, drawn
from transfer_core.report.gathered import Gathered
from transfer_core.report.to_json import FORMAT
from transfer_core.types import Recipe
from transfer_core.words import between, chance, count, duration, percent, plain, short, signed, size


def rendered(gathered: Gathered) -> str:
    """The whole file.

    Its policy lets no request out and only two scripts run, each known by its hash: the report's own and Plotly, which
    travels packed. Where Plotly is not installed, or a browser cannot unpack it, tables stand in for the figures.
    """
    script, library, figures = own("report.js"), plotly(), drawn(gathered)
    allowed = " ".join(f"'sha256-{digest}'" for digest in (sha256(script), *([library.digest] if library else [])))
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; font-src data:;"
        f" style-src 'unsafe-inline'; script-src {allowed}"
    )
    return (
        _templates()
        .get_template("report.html")
        .render(
            gathered=gathered,
            dataset=gathered.dataset,
            chapters=[(name, title, made(gathered)) for name, title, made in CHAPTERS],
            figures=figures,
            drawings={
                "figures": {name: figure.bare() for name, figure in figures.items()},
                "themes": {"light": LIGHT.colors, "dark": DARK.colors},
                "template": TEMPLATE,
                "training": sum(not each.run.members for each in gathered.entries) <= FEW,
            },
            policy=policy,
            generator=FORMAT,
            style=Markup(_style()),
            plotly=library.packed if library else "",
            script=Markup(script),
        )
    )


@lru_cache(maxsize=1)
def _templates() -> Environment:
    """Everything that a template shows is one line of visible characters, escaped; a wrong name is an error."""
    made = Environment(
        loader=PackageLoader("transfer_core.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: plain(value) if isinstance(value, str) and not hasattr(value, "__html__") else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "allow_nan": False, "separators": (",", ":")}
    made.filters |= {
        **{"count": count, "percent": percent, "duration": duration, "size": size, "short": short, "chance": chance},
        **{"day": day, "ended": ended, "loss": loss, "points": points, "code": code, "saved": saved},
    }
    made.globals |= {
        "between": between,
        "signed": signed,
        "mark_of": mark_of,
        "always": always,
        "what_counts": what_counts,
    }
    made.globals |= {"kinds": KINDS, "nearest": NEAREST, "draws": DRAWS}
    return made


def day(seconds: float) -> str:
    """Since 1970 -> "2026-11-21, 15:48 UTC" """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d, %H:%M UTC")


def ended(words: str) -> str:
    """With a full stop, one that is there already included."""
    return words if words.endswith((".", ")")) else f"{words}."


def loss(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def points(share: float) -> str:
    """Of a hundred, one digit."""
    return f"{100 * share:.1f}"


def saved(recipe: Recipe) -> str:
    """As a file from which it can be trained again."""
    return json.dumps(asdict(recipe), indent=1, ensure_ascii=False)


def code(text: str) -> Markup:
    """Lines as they are, each a line of visible characters."""
    lines = ((" " if line[:1].isspace() else "") + plain(line) for line in text.split("\n"))
    return Markup("\n").join(escape(line) for line in lines)


def _style() -> str:
    face = font()
    loaded = (
        '@font-face{font-family:"Source Sans";font-weight:200 900;src:url("data:font/woff2;base64,'
        f'{face}") format("woff2")}}\n'
        if face
        else ""
    )
    light, dark = (";".join(f"--{name}:{color}" for name, color in one.colors.items()) for one in (LIGHT, DARK))
    themed = f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
    return f"{loaded}{themed}{own('report.css')}"
