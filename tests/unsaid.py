"""What users are never shown: a traceback, or an exception's class. Looked for after each test."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from transfer_core import cli, errors
from transfer_core.commands import follow
from transfer_core.store import Store

OURS = [name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, BaseException)]
UNSAID = re.compile(rf"Traceback \(most|\b[A-Z]\w+(?:Error|Exception)\b|\b(?:{'|'.join(set(OURS) - {'Diverged'})})\b")
ROWS = """
SELECT id, error FROM jobs UNION ALL SELECT id, log FROM jobs UNION ALL SELECT id, result FROM jobs UNION ALL
SELECT job, body FROM events WHERE body LIKE '%Error%' OR body LIKE '%Exception%' OR body LIKE '%Traceback%'
"""


class Ears:
    """Hears what commands print and pages draw, and knows which databases were opened."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.databases: dict[Path, tuple[int, ...]] = {}  # and how they stood when they were looked at last

    def listen(self, patch: pytest.MonkeyPatch) -> None:
        draw, opens = AppTest._run, Store.__init__

        def drawn(page: AppTest, *given: Any, **more: Any) -> AppTest:
            found = draw(page, *given, **more)
            self.heard += filter(UNSAID.search, map(_text, found._tree))
            return found

        def opened(store: Store, file: Path, *, write: bool) -> None:
            self.databases.setdefault(Path(file), ())
            opens(store, file, write=write)

        def printed(*said: Any, **how: Any) -> None:
            self.heard += filter(UNSAID.search, map(str, said))
            print(*said, **how)

        patch.setattr(AppTest, "_run", drawn)
        patch.setattr(Store, "__init__", opened)
        for module in (cli, follow):
            patch.setattr(module, "print", printed, raising=False)

    def found(self) -> list[str]:
        """What was said since this was asked last and should not have been."""
        said, self.heard = self.heard, []
        return said + [text for file in list(self.databases) for text in self._rows(file)]

    def _rows(self, file: Path) -> Iterator[str]:
        stands = tuple(each.stat().st_mtime_ns for each in (file, file.with_name(f"{file.name}-wal")) if each.exists())
        if not stands:
            del self.databases[file]
        elif stands != self.databases[file]:
            self.databases[file] = stands
            with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
                yield from (f"{id}: {text}" for id, text in db.execute(ROWS) if text and UNSAID.search(text))


def _text(drawn: Any) -> str:
    proto = getattr(drawn, "proto", None)
    return proto.SerializeToString().decode(errors="replace") if proto is not None else ""
