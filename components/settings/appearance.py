"""Light, dark, or as the system is: this browser's own choice, kept where Streamlit keeps it."""

from collections.abc import Sequence

from components.kit.drawn import component

HTML = """
<fieldset class="appearance">
  <legend>Theme</legend>
  <div></div>
  <p role="status"></p>
</fieldset>
"""
mount = component("graft_appearance", HTML, beside=__file__)


def appearance(pages: Sequence[str]) -> None:
    """The choice. `pages`: what stands behind the app's address for each page; Streamlit keeps a theme for each."""
    mount(key="appearance", data={"pages": ["", *pages]})
