"""docs/glossary.md from the glossary of the pages: `python -m tools.glossary`."""

from pathlib import Path

from transfer_core.presentation.glossary import markdown

FILE = Path(__file__).parents[1] / "docs" / "glossary.md"

if __name__ == "__main__":
    FILE.write_text(markdown(), encoding="utf-8")
