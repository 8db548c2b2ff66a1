"""The process that looks at what is to be imported: without torch, under a memory limit, so that it can be ended.

Started as `python -m transfer_core.data.previewer DESCRIPTOR`, the end of a pipe. Each request is a message of JSON:
{"number", "source", "name", "without", "tables", "labels", "encoding", "bands"}. The source stays open for the next
one. Each is answered by a message, a line of JSON with its number: {"preview"} or {"error": sentence, "opened"}; after
a preview comes another, {"pictures": bytes of each, by class, "bands"}, with the pictures behind the line.

At the end of the pipe it leaves.
"""

import json
import warnings
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image

from transfer_core.data.archive import Archive, opened
from transfer_core.data.decoder import MEMORY, asked_by_pipe, said
from transfer_core.data.layout import Layout
from transfer_core.data.meant import Meant
from transfer_core.data.previews import described, planned, sampled
from transfer_core.errors import GraftError, disk_words

TOO_LARGE = f"Reading the names takes more memory than it may; {MEMORY} allows more."


class Desk:
    """Reads what it is asked for; the source of the last request stays open."""

    def __init__(self, kept: ExitStack) -> None:
        self._kept, self._archive, self._open = kept, Archive(members=(), folders=(), read=lambda member: b""), ("", "")

    def answer(self, asked: dict[str, Any]) -> tuple[Archive, Layout, bytes]:
        """Raises GraftError for what cannot be imported so."""
        meant = Meant(
            labels=asked["labels"],
            encoding=asked["encoding"],
            tables=tuple(map(Path, asked["tables"])),
            without=Path(asked["without"]) if asked["without"] else None,
        )
        if self._open != (asked["source"], meant.encoding):
            self._kept.close()
            self._open = "", ""
            source = opened(Path(asked["source"]), encoding=meant.encoding, without=meant.without)
            self._archive = self._kept.enter_context(source)
            self._open = asked["source"], meant.encoding
        layout = planned(self._archive, asked["name"], meant)
        found = described(self._archive, layout, asked["name"])
        return self._archive, layout, said({"number": asked["number"], "preview": asdict(found)})

    def refusal(self, asked: dict[str, Any], sentence: str) -> bytes:
        """`opened`: whether the source itself could be read."""
        return said({"number": asked["number"], "error": sentence, "opened": bool(self._open[0])})


def main() -> None:
    with asked_by_pipe() as (pipe, kept, wrong):
        desk = Desk(kept)
        while True:
            asked = json.loads(pipe.recv_bytes())
            try:
                if wrong:
                    raise GraftError(wrong)
                archive, layout, answer = desk.answer(asked)
            except MemoryError:
                pipe.send_bytes(desk.refusal(asked, TOO_LARGE))
            except GraftError as error:
                pipe.send_bytes(desk.refusal(asked, str(error)))
            except OSError as error:
                pipe.send_bytes(desk.refusal(asked, disk_words(error, Path(asked["source"]))))
            else:
                pipe.send_bytes(answer)
                found = sampled(archive, layout, tuple(asked["bands"]), enough=pipe.poll)
                sizes = {label: list(map(len, each)) for label, each in found.pictures.items()}
                parts = [part for each in found.pictures.values() for part in each]
                pipe.send_bytes(said({"number": asked["number"], "pictures": sizes, "bands": found.bands}, *parts))


if __name__ == "__main__":
    Image.init()  # the decoders, before the limit
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    main()
