"""The card for a browser: what the model is, a form to try it, the model card as it was written."""

from typing import Any

from transfer_core.words import between, count, percent, safe

STYLE = "body{font:16px/1.5 sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}pre{white-space:pre-wrap}"


def page(card: dict[str, Any], readme: str) -> str:
    """HTML in which a user's words are words."""
    found = card["metrics"]["accuracy"]
    figures = (
        f"{percent(found['value'])} of {count(card['metrics']['images'])} {safe(card['metrics']['split'])} images right"
        f" (95 % interval {between(found['low'], found['high'])})"
    )
    title = safe(card["data"]["name"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
        f"<h1>{title}</h1><p>{len(card['classes'])} classes: {safe(', '.join(card['classes']))}</p><p>{figures}.</p>"
        '<form action="predict" method="post" enctype="multipart/form-data">'
        '<label>Images <input type="file" name="images" accept="image/*" multiple required></label> '
        "<button>Predict</button></form>"
        '<p>For programs: <code>POST /predict</code>, described in <a href="openapi.json">openapi.json</a>.</p>'
        f"<details><summary>Model card</summary><pre>{_lines(readme)}</pre></details></html>"
    )


def _lines(text: str) -> str:
    return "\n".join(safe(line) for line in text.splitlines())
