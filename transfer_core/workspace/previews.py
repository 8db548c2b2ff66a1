"""A look at what was given, in a process of its own, which can be ended."""

import json
import os
import time
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transfer_core.data.children import child, end
from transfer_core.data.meant import Meant
from transfer_core.data.previews import Preview, Sampled
from transfer_core.types import NEWEST, from_plain

GONE = (EOFError, OSError)
ENDED = (
    "The names could not be read: the process that reads them ended, perhaps for want of memory. Unpack it, and give "
    "Graft the folder, or a part of it."
)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Files from a browser, kept until they are imported or given up."""

    id: str  # of the import's job to be
    source: Path
    name: str


class Look:
    """What a source would become, as soon as that is known; then some pictures. One reading after the other.

    `found` and `sampled` are None until they are there; `error` says why nothing was found, and `opened` whether
    another reading could help.
    """

    def __init__(self, source: Path, name: str, meant: Meant) -> None:
        self._source, self._name, self._meant = source, name, meant
        self._number = 0
        process, self._pipe = child("transfer_core.data.previewer")
        self._pid = process.pid
        self.stop = weakref.finalize(self, end, process, self._pipe)  # ends it; so does the end of who looks
        self.ask(labels=meant.labels, encoding=meant.encoding)

    def ask(self, *, labels: str = "", encoding: str = "", bands: tuple[int, ...] = NEWEST.bands) -> None:
        """Read it in another way; what was found before is forgotten."""
        self.found: Preview | None = None
        self.sampled: Sampled | None = None
        self.error, self.opened = "", False
        self.since = time.monotonic()
        self._number += 1
        asked = {
            "number": self._number,
            "source": os.path.abspath(self._source),
            "name": self._name,
            "without": str(self._meant.without or ""),
            "tables": list(map(os.path.abspath, self._meant.tables)),
            "labels": labels,
            "encoding": encoding,
            "bands": bands,
        }
        try:
            self._pipe.send_bytes(json.dumps(asked).encode())
        except GONE:
            self._ended()

    @property
    def planned(self) -> bool:
        """Whether it is known what it would become, or why nothing."""
        return self.found is not None or bool(self.error)

    @property
    def active(self) -> bool:
        """Whether something is still to come."""
        return not self.error and self.sampled is None

    @property
    def share(self) -> float | None:
        """How much of an archive has been read, as far as the system tells where its reader stands in it."""
        place = Path("/proc", str(self._pid))
        try:
            size = self._source.stat().st_size
            for each in (place / "fd").iterdir():
                if self._source.is_file() and each.readlink() == self._source.resolve():
                    told = (place / "fdinfo" / each.name).read_text()
                    return min(1.0, int(told.split("pos:")[1].split()[0]) / max(1, size))
        except (OSError, ValueError, IndexError):
            pass
        return None

    def take(self, seconds: float = 0.0, *, pictures: bool = False) -> None:
        """Take what has come; wait so long for the preview, or for the pictures too."""
        until = time.monotonic() + seconds
        try:
            while self.active:
                wait = 0.0 if self.planned and not pictures else max(0.0, until - time.monotonic())
                if not self._pipe.poll(wait):
                    return
                self._answer(self._pipe.recv_bytes())
        except GONE:
            self._ended()

    def _answer(self, answer: bytes) -> None:
        line, _, rest = answer.partition(b"\n")
        said: dict[str, Any] = json.loads(line)
        if said["number"] != self._number:
            return
        self.error, self.opened = said.get("error", ""), said.get("opened", True)
        if "preview" in said:
            self.found = from_plain(Preview, said["preview"])
        if "pictures" in said:
            pictures: dict[str, tuple[bytes, ...]] = {}
            for label, sizes in said["pictures"].items():
                parts = []
                for size in sizes:
                    parts.append(rest[:size])
                    rest = rest[size:]
                pictures[label] = tuple(parts)
            self.sampled = Sampled(pictures=pictures, bands=said["bands"])

    def _ended(self) -> None:
        if self.found is None:
            self.error = ENDED
        else:
            self.sampled = Sampled(pictures={})
