"""Every page says what it is for, in two sentences."""

from components import shell
from components.kit.help import PURPOSES


def test_every_page_has_its_purpose() -> None:
    titles = {"Graft" if title == "Start" else title for _, title, _ in shell.PAGES}
    assert titles <= set(PURPOSES)
    for title, purpose in PURPOSES.items():
        assert purpose.count(". ") == 1 and purpose.endswith("."), title
