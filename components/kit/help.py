"""The "?" of a page: what it is for and the words used on it; each word is underlined where it is first used.

The script marks text through the browser's own registry of highlights, so no element of a page is changed.
"""

import json

from components.kit.drawn import component
from transfer_core.presentation.glossary import ordered

PURPOSES = {  # by a page's title
    "Graft": "Here you begin with images of your own or an example, or go on where you left off. Everything stays on"
    " this machine.",
    "Data": "Here you see whether anything is wrong with your images before you train on them. It shows each class, the"
    " splits, and every problem with its pictures.",
    "Decide": "Here Graft says how to train on your images and why. Answer its questions, let it measure the answers,"
    " or try the candidates for a moment first.",
    "Train": "Here runs are set up, launched, watched and stopped. They train in the background and go on when you"
    " close the tab.",
    "Compare": "Here finished runs are held against each other on the same test images. It says which one to take, by"
    " how much it leads, and where each is wrong.",
    "Predict": "Here a finished run names the class of new photos and says how sure it is. The same model can be taken"
    " home as a file that needs no Graft.",
    "Settings": "Here you set what holds for the whole workspace: the theme, the network to start from, what it keeps"
    " on the disk. It says where everything lies.",
}
HTML = (
    '<div class="help"><button type="button" aria-label="What this page is for, and its words">?</button>'
    '<div class="panel" popover><p></p><h2>Words on this page</h2><dl></dl></div>'
    '<div class="tip" popover="manual" role="tooltip"></div></div>'
)
TERMS = json.dumps([[each.name, each.sentence, [each.name, *each.forms]] for each in ordered()], ensure_ascii=False)
mount = component("graft_help", HTML, beside=__file__, js=f"const TERMS = {TERMS}\n")


def help_button(title: str) -> None:
    """The button of the page of that title, to stand beside it."""
    mount(key="help", data={"purpose": PURPOSES[title]}, width="content")
