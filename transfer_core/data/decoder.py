"""The process that decodes what nobody has looked at yet: without torch, with little memory, one source at a time.

Started as `python -m transfer_core.data.decoder DESCRIPTOR`, the end of a pipe. Each request is one message: a line of
JSON, and what belongs to it behind. Each answer is one, too; what cannot be read is answered by {"error": sentence}.

{"list": source}                            its files: {"members": [[path, index, refusal], ...]}
{"source", "index", "shapes": [[resize_px, crop_px, fit, rendering], ...], "thumbnail_px"}
                                            {"sizes"} of each square and the thumbnail, which follow
{"store": path without an ending, "rendering"} and a file's content
                                            what it is (`storing.Seen`); "sizes" of its look and values, which follow
{"settle": file, "rendering"}                 what it is now that the rendering is known
{"say": sentence}                           an error, in its turn

At the end of the pipe it leaves.
"""

import contextlib
import gc
import io
import json
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from PIL import Image

from transfer_core.data.members import Archive, Member, is_archive
from transfer_core.data.pixels import decode, encoded, square
from transfer_core.data.storing import seen, settle
from transfer_core.errors import GraftError, disk_words
from transfer_core.types import NEWEST, Rendering, from_plain

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


class Desk:
    """What is asked of the process, one thing after the other; the source of the last stays open."""

    def __init__(self, kept: ExitStack) -> None:
        self._kept, self._source = kept, Source(Path())
        self._asked, self._known = dict[str, Any](), NEWEST

    def answer(self, asked: dict[str, Any], content: bytes) -> bytes:
        """Raises GraftError for what cannot be read."""
        if "list" in asked:
            return self._listed(Path(asked["list"]))
        if "say" in asked:
            raise GraftError(asked["say"])
        if "store" in asked:
            return self._stored(content, asked["store"], self._rendering(asked["rendering"]))
        if "settle" in asked:
            return said(settle(Path(asked["settle"]), self._rendering(asked["rendering"])))
        if self._source.path != (path := Path(asked["source"])):
            self._open(path)
        return self._looked_at(asked)

    def _rendering(self, plain: dict[str, Any]) -> Rendering:
        """Most requests have that of the one before."""
        if self._asked != plain:
            self._asked, self._known = plain, from_plain(Rendering, plain)
        return self._known

    def _open(self, path: Path) -> None:
        self._kept.close()
        self._source = Source(path)
        if path.is_dir() or is_archive(path.name):
            from transfer_core.data.archive import opened  # who decodes for an import opens none

            archive = self._kept.enter_context(opened(path))
            self._source = Source(path, archive, {each.index: each for each in archive.members})

    def _listed(self, path: Path) -> bytes:
        self._open(path)
        archive = self._source.archive
        found = [[each.path, each.index, each.refusal] for each in archive.members] if archive else None
        return said({"members": [[path.name, 0, ""]] if found is None else found})

    def _stored(self, content: bytes, target: str, rendering: Rendering) -> bytes:
        facts = vars(seen(content, target, rendering)).copy()
        parts = [facts.pop(name).tobytes() for name in ("look", "values")]
        return said({**facts, "sizes": [len(part) for part in parts]}, *parts)

    def _looked_at(self, asked: dict[str, Any]) -> bytes:
        data, px = self._source.read(asked["index"]), asked["thumbnail_px"]
        renderings = [from_plain(Rendering, rendering) for *_, rendering in asked["shapes"]]
        parts = [
            square(io.BytesIO(data), rendering, resize_px=resize_px, crop_px=crop_px, fit=fit).tobytes()
            for (resize_px, crop_px, fit, _), rendering in zip(asked["shapes"], renderings, strict=True)
        ]
        parts.append(_thumbnail(data, renderings[0], px) if px else b"")
        return said({"sizes": [len(part) for part in parts]}, *parts)


@contextlib.contextmanager
def asked_by_pipe() -> Iterator[tuple[Connection, ExitStack, str]]:
    """The end of the pipe that this process was told, what it keeps open, and what `limit_memory` says is wrong; until
    the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one at the other end
    pipe = Connection(int(sys.argv[1]))
    wrong = limit_memory()
    with ExitStack() as kept, contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        yield pipe, kept, wrong


def main() -> None:
    with asked_by_pipe() as (pipe, kept, wrong):
        desk = Desk(kept)
        while True:
            request, _, content = pipe.recv_bytes().partition(b"\n")
            asked = json.loads(request)
            try:
                if wrong:
                    raise GraftError(wrong)
                answer = desk.answer(asked, content)
            except MemoryError:  # of what is not the picture's
                answer = said({"error": TOO_LARGE})
            except GraftError as error:
                answer = said({"error": str(error)})
            except OSError as error:
                place = Path(next(iter(asked.values())))
                answer = said({"error": disk_words(error, place), "errno": error.errno})
            pipe.send_bytes(answer)


def _thumbnail(data: bytes, rendering: Rendering, px: int) -> bytes:
    """A small JPEG of the whole picture, upright, at most `px` a side."""
    picture = decode(io.BytesIO(data), rendering, enough_px=px).image
    picture.thumbnail((px, px))
    return encoded(picture, "JPEG", quality=THUMBNAIL_QUALITY)


def said(message: dict[str, Any], *parts: bytes) -> bytes:
    return b"\n".join((json.dumps(message).encode(), b"".join(parts)))


def limit_memory() -> str:
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
    from PIL import AvifImagePlugin, Jpeg2KImagePlugin, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin  # noqa: F401

    Image.preinit()  # the other decoders; all before the limit
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the answer says it
    gc.freeze()  # what is there by now stays
    main()
