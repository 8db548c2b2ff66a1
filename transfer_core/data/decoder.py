"""The process that decodes what nobody has looked at yet: without torch, with little memory, one source at a time.

Started as `python -m transfer_core.data.decoder DESCRIPTOR`, the end of a pipe. Each request is one JSON message:
{"list": source} is answered by {"members": [[path, index, refusal], ...]}; {"source": ..., "index": ..., "squares":
[[resize_px, crop_px, fit], ...], "thumbnail_px": ...} by {"error": ""}, then each square's bytes and the thumbnail's,
which is empty for 0 px. What cannot be read is answered by {"error": sentence} alone. At the end of the pipe it leaves.
"""

import contextlib
import io
import json
import os
import signal
import sys
import warnings
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from PIL import Image

from transfer_core.data.archive import Archive, Member, opened
from transfer_core.data.members import is_archive
from transfer_core.data.pixels import decode, encoded, square
from transfer_core.errors import GraftError, disk_words

MEMORY = "GRAFT_DECODER_MB"  # names how much it may take beyond what it takes when it starts
MEMORY_MB = 2_048  # unless that says otherwise
TOO_LARGE = f"Decoding the image takes more memory than it may; {MEMORY} allows more."
ENDED = f"{TOO_LARGE} Or it is damaged so that its decoder ended."
THUMBNAIL_QUALITY = 80


@dataclass
class Source:
    """A zip or folder that stays open, or one image file."""

    path: Path
    archive: Archive | None = None
    members: dict[int, Member] = field(default_factory=dict)

    def read(self, index: int) -> bytes:
        return self.path.read_bytes() if self.archive is None else self.archive.read(self.members[index])


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one at the other end of the pipe
    pipe = Connection(int(sys.argv[1]))
    wrong = _limit_memory()
    source: Source | None = None
    with ExitStack() as kept, contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            asked = json.loads(pipe.recv_bytes())
            path = Path(asked.get("list") or asked["source"])
            try:
                if wrong:
                    raise GraftError(wrong)
                if source is None or source.path != path or "list" in asked:
                    kept.close()
                    source = _opened(path, kept)
                parts = [_members(source)] if "list" in asked else _looked_at(source, asked)
            except MemoryError:  # of what is not the picture's
                parts = [_said({"error": TOO_LARGE})]
            except GraftError as error:
                parts = [_said({"error": str(error)})]
            except OSError as error:
                parts = [_said({"error": disk_words(error, path)})]
            for part in parts:
                pipe.send_bytes(part)


def _opened(path: Path, kept: ExitStack) -> Source:
    if path.is_dir() or is_archive(path.name):
        archive = kept.enter_context(opened(path))
        return Source(path=path, archive=archive, members={each.index: each for each in archive.members})
    return Source(path=path)


def _members(source: Source) -> bytes:
    found = [[each.path, each.index, each.refusal] for each in source.archive.members] if source.archive else None
    return _said({"members": [[source.path.name, 0, ""]] if found is None else found})


def _looked_at(source: Source, asked: dict[str, Any]) -> list[bytes]:
    data = source.read(asked["index"])
    squares = [
        square(io.BytesIO(data), resize_px=resize_px, crop_px=crop_px, fit=fit).tobytes()
        for resize_px, crop_px, fit in asked["squares"]
    ]
    picture = _thumbnail(data, asked["thumbnail_px"]) if asked["thumbnail_px"] else b""
    return [_said({"error": ""}), *squares, picture]


def _thumbnail(data: bytes, px: int) -> bytes:
    """A small JPEG of the whole picture, upright, at most `px` a side."""
    picture = decode(io.BytesIO(data), enough_px=px).image
    picture.thumbnail((px, px))
    return encoded(picture, "JPEG", quality=THUMBNAIL_QUALITY)


def _said(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode()


def _limit_memory() -> str:
    """An image that takes more than MEMORY says is refused; where the system cannot tell what is held, none is.

    Returns what is wrong with that, as a sentence; '' for nothing.
    """
    said = os.environ.get(MEMORY) or str(MEMORY_MB)
    if not said.isdecimal() or not int(said):
        return f"{MEMORY} is {said!r}, but it is a number of megabytes, say {MEMORY_MB}."
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        held = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        most = held + (int(said) << 20)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    return ""


if __name__ == "__main__":
    Image.init()  # the decoders, before the limit
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the answer says it
    main()
