"""A report's content as one HTML page that asks nothing of any network."""

import json
from string import Template
from typing import Any

from transfer_core.report import closing, opening
from transfer_core.report.assets import font, own, plotly, sha256
from transfer_core.report.classes import classes
from transfer_core.report.evidence import evidence
from transfer_core.report.figures import drawn
from transfer_core.report.look import DARK, LIGHT, Look
from transfer_core.words import safe

SECTIONS = (
    opening.verdict,
    opening.advice,
    opening.transfer,
    evidence,
    classes,
    closing.images,
    closing.data,
    closing.again,
)
CHAPTERS = (
    *(("verdict", "Verdict"), ("advice", "Advice"), ("transfer", "Transfer"), ("evidence", "Evidence")),
    *(("classes", "Classes"), ("images", "Mistakes"), ("data", "Dataset"), ("again", "Repeat it")),
)


def rendered(content: dict[str, Any]) -> str:
    """The whole file.

    Its policy lets no request out and only two scripts run, each known by its hash: the report's own and Plotly, which
    travels packed. Where Plotly is not installed, or a browser cannot unpack it, tables stand in for the figures.
    """
    script, library = own("figures.js") + own("report.js"), plotly()
    allowed = " ".join(f"'sha256-{digest}'" for digest in (sha256(script), *([library.digest] if library else [])))
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; font-src data:;"
        f" style-src 'unsafe-inline'; script-src {allowed}"
    )
    return Template(own("report.html")).substitute(
        policy=policy,
        generator=safe(content["format"]),
        title=safe(opening.title_of(content)),
        style=_style(),
        masthead=opening.masthead(content),
        chapters="".join(f'<a href="#{name}">{title}</a>' for name, title in CHAPTERS),
        sections="".join(made(content) for made in SECTIONS),
        values=_inert(drawn(content)),
        plotly=library.packed if library else "",
        script=script,
    )


def _style() -> str:
    face = font()
    loaded = (
        '@font-face{font-family:"Source Sans";font-weight:200 900;src:url("data:font/woff2;base64,'
        f'{face}") format("woff2")}}\n'
        if face
        else ""
    )
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{_colors(DARK)}}}}}\n"
    return f"{loaded}:root{{{_colors(LIGHT)}}}\n{dark}{own('report.css')}"


def _colors(look: Look) -> str:
    named = {name: getattr(look, name) for name in ("paper", "panel", "ink", "line", "accent", "link")}
    named |= {f"c{slot}": color for slot, color in enumerate(look.strategies)}
    named |= {f"shade{step}": color for step, color in enumerate(look.shades)}
    return ";".join(f"--{name}:{color}" for name, color in named.items())


def _inert(values: Any) -> str:
    """JSON that no name inside can end: it stands in a <script> element that is never run."""
    text = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
