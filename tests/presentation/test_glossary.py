"""One glossary: each word once, in a plain sentence; the file in docs/ is the same."""

from collections import Counter
from pathlib import Path

from transfer_core.presentation.glossary import GLOSSARY, markdown

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_docs_have_the_glossary_of_the_pages() -> None:
    written = (DOCS / "glossary.md").read_text(encoding="utf-8")
    assert written == markdown(), "`python -m tools.glossary` writes docs/glossary.md anew"


def test_a_spelling_stands_for_one_word() -> None:
    spellings = Counter(form.lower() for each in GLOSSARY for form in (each.name, *each.forms))
    assert not [form for form, times in spellings.items() if times > 1]


def test_each_has_one_plain_sentence() -> None:
    for each in GLOSSARY:
        assert each.sentence.endswith(".") and ". " not in each.sentence and len(each.sentence) <= 125, each.name
        assert each.sentence[0].isupper() or each.sentence[0].isdigit(), each.name
