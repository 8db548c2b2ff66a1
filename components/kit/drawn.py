"""HTML of our own in the page's own colours: what Streamlit has no element for, and plain reading order for all."""

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from components.kit import text
from components.kit.charts import symbol_uri

DOM = Path(__file__).with_name("dom.js").read_text()


def component(
    name: str, html: str, *, beside: str = "", css: str = "", js: str = "", isolate_styles: bool = True
) -> ComponentRenderer:
    """What draws an element of our own, to be called with `key` and `data`; dom.js stands in front of its script.

    `beside`: a Python file, whose name its style and its script have too; they follow `css` and `js`.
    """
    if beside:
        css += Path(beside).with_suffix(".css").read_text()
        js += Path(beside).with_suffix(".js").read_text()
    return st.components.v2.component(name, html=html, css=css, js=DOM + js, isolate_styles=isolate_styles)


# The two colours of the flowchart's paths stand here too: what was said, what was measured.
STYLE = """
.drawn { --ink: var(--st-text-color); --paper: var(--st-background-color); --said: #9a4a00; --measured: #0a5d6b;
  --soft: color-mix(in srgb, var(--ink) 74%, var(--paper)); --faint: color-mix(in srgb, var(--ink) 16%, var(--paper));
  color: var(--ink); font-family: var(--st-font); font-size: .9375rem; line-height: 1.45; container-type: inline-size;
  font-variant-numeric: tabular-nums; }
.drawn.dark { --said: #ffb45c; --measured: #6fd0dc; }
.drawn p, .drawn h3, .drawn ul { margin: 0; padding: 0; }
.drawn h3 { font-size: 1rem; font-weight: 600; line-height: 1.35; }
.drawn small { font-size: .8125rem; color: var(--soft); line-height: 1.4; }
.drawn .tag { display: inline-block; font-size: .75rem; font-weight: 600; line-height: 1.25rem; padding: 0 .5rem;
  border: 1px solid var(--soft); border-radius: 1rem; white-space: nowrap; }
.drawn .tag.full { background: var(--ink); border-color: var(--ink); color: var(--paper); }
.drawn img.mark { width: 1rem; height: 1rem; vertical-align: -.15rem; margin-right: .45rem; }
.drawn table { width: 100%; border-collapse: collapse; }
.drawn th { text-align: left; font-size: .8125rem; font-weight: 500; color: var(--soft); }
.drawn :is(td, th) { padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--faint); vertical-align: baseline; }
.drawn :is(td, th).number { text-align: right; white-space: nowrap; }
.drawn .dim { color: var(--soft); }
.drawn .name { font-weight: 600; }
@container (max-width: 620px) {
  .drawn thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .drawn tr { display: grid; grid-template-columns: repeat(3, 1fr); gap: 0 .75rem; padding: .6rem 0;
    border-bottom: 1px solid var(--faint); }
  .drawn td { border: 0; padding: .1rem 0; }
  .drawn td.number { text-align: left; white-space: normal; }
  .drawn td:is(.name, .words) { grid-column: 1 / -1; }
  .drawn td[data-label]::before { content: attr(data-label); display: block; font-size: .75rem; color: var(--soft); }
}
.drawn .cards { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1rem; }
.drawn .card { border: 1px solid var(--faint); border-top: 4px solid var(--own, var(--soft)); border-radius: 8px;
  padding: .8rem 1rem .9rem; display: flex; flex-direction: column; gap: .3rem; }
.drawn .card.trusted { box-shadow: 0 0 0 1.5px var(--own, var(--soft)); border-color: var(--own, var(--soft)); }
.drawn .card header { display: flex; justify-content: space-between; gap: .5rem; align-items: baseline;
  font-size: .875rem; font-weight: 600; color: var(--own, var(--soft)); }
.drawn .card .answer { font-size: 1.125rem; font-weight: 600; line-height: 1.3; }
.drawn .said { --own: var(--said); }
.drawn .measured { --own: var(--measured); }
.drawn .piloted { --own: var(--ink); }
.drawn .card.empty .answer { font-weight: 500; color: var(--soft); }
@container (max-width: 700px) { .drawn .cards { grid-template-columns: 1fr; gap: .75rem; } }
.drawn .axes { display: grid; gap: 1.3rem; }
.drawn .axis { display: grid; gap: .3rem; }
.drawn .axis.all { border-bottom: 1px solid var(--faint); padding-bottom: 1.2rem; }
.drawn .axis header { display: flex; justify-content: space-between; gap: 1rem; align-items: baseline; }
.drawn .axis .value { white-space: nowrap; font-weight: 600; }
.drawn .scale { position: relative; height: 20px; margin: 0 7px; }
.drawn .scale i { position: absolute; top: 50%; transform: translate(-50%, -50%); }
.drawn .scale .rail { left: 50%; width: calc(100% + 14px); height: 2px; background: var(--faint); }
.drawn .scale .zero { width: 2px; height: 18px; background: var(--soft); }
.drawn .scale .span { height: 8px; border-radius: 4px; transform: translateY(-50%); min-width: 4px;
  background: color-mix(in srgb, var(--measured) 38%, var(--paper)); }
.drawn .scale .dot { width: 14px; height: 14px; border-radius: 50%; background: var(--measured);
  box-shadow: 0 0 0 2px var(--paper); }
.drawn .axis.off .rail { background: none; border-top: 2px dashed var(--faint); height: 0; }
.drawn .ends { display: flex; justify-content: space-between; gap: 2rem; font-size: .8125rem; line-height: 1.35;
  color: var(--soft); }
.drawn .ends span { max-width: 46%; }
.drawn .ends span + span { text-align: right; }
.drawn .sources { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1.1rem 1.5rem; }
@container (max-width: 900px) { .drawn .sources { grid-template-columns: 1fr 1fr; } }
@container (max-width: 560px) { .drawn .sources { grid-template-columns: 1fr; } }
.drawn .sources header { display: flex; justify-content: space-between; gap: .75rem; margin-bottom: .35rem; }
.drawn .sources div { display: grid; grid-template-columns: repeat(4, 1fr); gap: .35rem; }
.drawn .sources img { width: 100%; aspect-ratio: 1; border-radius: 6px; display: block; object-fit: cover; }
"""
mount = component("graft_drawn", '<div class="drawn"></div>', css=STYLE, js='export default shows(".drawn")')


def drawn(html: str, *, key: str) -> None:
    """Show HTML with the classes above. Whoever writes it escapes what users or files named, with `text.html`."""
    mount(key=key, data={"html": html})


def strategy_name(name: str, title: str) -> str:
    """A strategy's symbol and title."""
    return f'<img class="mark" src="{symbol_uri(name)}" alt="">{text.html(title)}'
