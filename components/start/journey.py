"""What Graft does in one picture: four small drawings, side by side or two by two on a phone."""

import streamlit as st

TILES = "".join(
    f'<rect x="{8 + 24 * column}" y="{10 + 24 * row}" width="20" height="20" rx="4" class="{kind}"/>'
    for row, kinds in enumerate(("faint mid faint accent", "mid faint accent faint", "faint accent faint mid"))
    for column, kind in enumerate(kinds.split())
)
LAYERS = "".join(
    f'<rect x="{6 + 21 * number}" y="{12 + 5 * number}" width="15" height="{64 - 10 * number}" rx="3" class="{kind}"/>'
    for number, kind in enumerate(("mid", "mid", "mid", "accent", "accent"))
)
CURVES = (
    '<path d="M8 14 C 22 58, 44 66, 104 70" class="line accent-line"/>'
    '<path d="M8 10 C 30 34, 52 46, 104 50" class="line mid-line"/>'
    '<path d="M8 12 C 40 20, 60 28, 104 30" class="line faint-line"/>'
)
BARS = "".join(
    f'<rect x="8" y="{12 + 24 * number}" width="{width}" height="12" rx="3" class="{kind}"/>'
    f'<path d="M{width - 6} {18 + 24 * number} h{28}" class="line"/>'
    for number, (width, kind) in enumerate(((76, "accent"), (58, "mid"), (40, "faint")))
)
STEPS = (
    (TILES, "Your images", "A folder, an archive or files. Checked for duplicates, then split."),
    (LAYERS, "A pretrained network", "Some layers stay frozen, some learn. The flowchart says which."),
    (CURVES, "Strategies train", "On the GPU where there is one, live, in the background."),
    (BARS, "One is chosen", "Same test images, with intervals, and the reason in a sentence."),
)


STYLE = """
.journey { color: var(--st-text-color); font-family: var(--st-font); display: grid;
  grid-template-columns: repeat(4, 1fr); gap: 1.25rem; margin: .75rem 0 1rem; }
.journey figure { margin: 0; padding: 1rem; border: 1px solid color-mix(in srgb, var(--st-text-color) 16%, transparent);
  border-radius: 10px; }
.journey svg { width: 100%; max-height: 96px; display: block; margin-bottom: .75rem; }
.journey figcaption { display: flex; flex-direction: column; gap: .2rem; font-size: .9rem; line-height: 1.35; }
.journey figcaption span { opacity: .78; }
.journey .accent { fill: var(--st-primary-color); }
.journey .mid { fill: var(--st-text-color); opacity: .38; }
.journey .faint { fill: var(--st-text-color); opacity: .16; }
.journey .line { fill: none; stroke: var(--st-text-color); stroke-width: 2; opacity: .55; }
.journey .accent-line { stroke: var(--st-primary-color); opacity: 1; stroke-width: 3; }
.journey .mid-line { stroke-width: 2.5; }
.journey .faint-line { opacity: .3; stroke-width: 2.5; }
@media (max-width: 800px) { .journey { grid-template-columns: repeat(2, 1fr); gap: .75rem; } }
"""

FIGURES = "".join(
    f'<figure><svg viewBox="0 0 112 86" role="img" aria-label="{title}">{drawing}</svg>'
    f"<figcaption><b>{number}. {title}</b><span>{words}</span></figcaption></figure>"
    for number, (drawing, title, words) in enumerate(STEPS, 1)
)
mount = st.components.v2.component("graft_journey", html=f'<div class="journey">{FIGURES}</div>', css=STYLE)


def journey() -> None:
    """Draw it, in the page's own colours."""
    mount(key="journey")
