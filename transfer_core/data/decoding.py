"""Image files that nobody has looked at yet become pictures, in processes of their own (`data.decoder`)."""

import atexit
import json
import os
import subprocess
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.data.archive import Member
from transfer_core.data.children import child, end
from transfer_core.data.decoder import ENDED
from transfer_core.data.parallel import cores
from transfer_core.data.storing import Seen
from transfer_core.errors import ArchiveError, ImageError
from transfer_core.types import NEWEST, Fit, Rendering

MOST_PROCESSES = 8
AHEAD = 4  # images that each process is asked for ahead
GONE = (EOFError, BrokenPipeError, ConnectionResetError)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How a network sees a picture: `fit_square`'s arguments, and how its file is read."""

    resize_px: int
    crop_px: int
    fit: Fit
    rendering: Rendering = NEWEST


@dataclass(frozen=True, kw_only=True, eq=False)
class Look:
    """One image, decoded. Where `error` says why it could not be, there is nothing else."""

    name: str  # the user's own
    squares: tuple[NDArray[np.uint8], ...] = ()  # (crop_px, crop_px, 3) for each shape asked for
    thumbnail: bytes = b""  # JPEG
    error: str = ""


@dataclass(eq=False)
class _Child:
    """A process, the pipe to it, and what it was asked for and has not answered."""

    process: "subprocess.Popen[bytes]"
    pipe: Connection
    asked: deque[bytes] = field(default_factory=deque)

    @classmethod
    def started(cls) -> "_Child":
        return cls(*child("transfer_core.data.decoder"))

    def ask(self, message: bytes) -> None:
        self.asked.append(message)
        with suppress(*GONE):  # its answer will say so
            self.pipe.send_bytes(message)

    def end(self) -> None:
        end(self.process, self.pipe)


class Decoders:
    """Processes that decode, started when they are first needed and kept. A crash costs one image, with the reason."""

    def __init__(self, processes: int = 0) -> None:
        self._children: list[_Child] = []
        self._most = processes or max(1, min(cores(), MOST_PROCESSES))
        self._beside = processes or max(1, self._most - 1)  # where whoever asks computes, too

    def close(self) -> None:
        while self._children:
            self._children.pop().end()

    def start(self) -> None:
        """Start all of them now, for who would wait for the first image."""
        self._needed(self._most)

    def members(self, source: Path) -> tuple[Member, ...]:
        """The files of a zip or folder, or the one image file. Raises ArchiveError when it is unsafe or damaged."""
        child = self._needed(1)[0]
        try:
            child.pipe.send_bytes(_message({"list": _absolute(source)}))
            answer = json.loads(child.pipe.recv_bytes())
        except GONE as error:
            self._children.remove(child)
            child.end()
            raise ArchiveError(f"'{source.name}' could not be listed: its reader ended. Try a smaller part.") from error
        if "error" in answer:
            raise ArchiveError(answer["error"])
        return tuple(Member(path=path, size=0, index=at, refusal=why) for path, at, why in answer["members"])

    def looks(
        self, members: Sequence[tuple[Path, Member]], shapes: Sequence[Shape], *, thumbnail_px: int
    ) -> Generator[Look, None, None]:
        """Each member of its source, in order; a few are decoded ahead. Closing it leaves the processes ready.

        `thumbnail_px`: 0 for none, else of a picture that is read as the first shape says.
        """
        request = {
            "shapes": [[shape.resize_px, shape.crop_px, shape.fit, asdict(shape.rendering)] for shape in shapes],
            "thumbnail_px": thumbnail_px,
        }
        messages = (
            _message({"say": member.refusal} if member.refusal else _place(source, member) | request)
            for source, member in members
        )
        with closing(self._answers(messages, min(self._beside, len(members)))) as answers:
            for (_, member), (said, parts) in zip(members, answers, strict=True):
                if said.get("error"):
                    yield Look(name=member.path, error=said["error"])
                    continue
                squares = tuple(
                    np.frombuffer(part, np.uint8).reshape(shape.crop_px, shape.crop_px, 3)
                    for part, shape in zip(parts, shapes, strict=False)
                )
                yield Look(name=member.path, squares=squares, thumbnail=parts[-1])

    def stored(
        self, folder: Path, files: Iterable[tuple[str, bytes | str]], count: int, rendering: Rendering
    ) -> Generator[Seen | str, None, None]:
        """What each of `count` image files is, in order, or why it is none; it lies in `folder` then.

        `files`: a name, without an ending, and the content or what is wrong with it already. Raises OSError when the
        disk is full.
        """
        where, how = _absolute(folder), asdict(rendering)
        messages = (
            _message({"say": content})
            if isinstance(content, str)
            else _message({"store": f"{where}/{name}", "rendering": how}, content)
            for name, content in files
        )
        with closing(self._answers(messages, min(self._most, count))) as answers:
            for said, parts in answers:
                if "error" in said:
                    _require_disk(said)
                    yield said["error"]
                    continue
                look, values = np.frombuffer(parts[0], np.uint8), np.frombuffer(parts[1], np.float32)
                yield Seen(**{**said, "hidden": tuple(said["hidden"])}, look=look, values=values)

    def settled(self, files: Sequence[Path], rendering: Rendering) -> Generator[dict[str, Any], None, None]:
        """What `storing.settle` says of each file that waited, in order.

        Raises ImageError for one that was read before and now is not, OSError when the disk is full.
        """
        how = asdict(rendering)
        messages = (_message({"settle": _absolute(file), "rendering": how}) for file in files)
        with closing(self._answers(messages, min(self._most, len(files)))) as answers:
            for said, _ in answers:
                if "error" in said:
                    _require_disk(said)
                    raise ImageError(said["error"])
                yield said

    def _needed(self, count: int) -> list[_Child]:
        while len(self._children) < count:
            self._children.append(_Child.started())
        return self._children[:count]

    def _answers(
        self, messages: Iterable[bytes], processes: int
    ) -> Generator[tuple[dict[str, Any], list[bytes]], None, None]:
        """To each message, in order, a few asked ahead: what was said, and the parts behind it.

        Either the messages or the answers are small, so that both ends of a pipe never wait to write.
        """
        children = self._needed(processes)
        places = range(len(children))
        asking, answering, ahead = cycle(places), cycle(places), 0
        try:
            for message in messages:
                self._children[next(asking)].ask(message)
                ahead += 1
                if ahead == AHEAD * len(children):
                    yield self._answer(next(answering))
                    ahead -= 1
            for _ in range(ahead):
                yield self._answer(next(answering))
        finally:
            for place, child in enumerate(self._children):
                if child.asked:  # what was decoded ahead is nobody's any more
                    child.end()
                    self._children[place] = _Child.started()

    def _answer(self, place: int) -> tuple[dict[str, Any], list[bytes]]:
        child = self._children[place]
        try:
            answer = child.pipe.recv_bytes()
        except GONE:
            child.end()
            self._children[place] = new = _Child.started()
            for message in list(child.asked)[1:]:
                new.ask(message)
            return {"error": ENDED}, []
        child.asked.popleft()
        line, _, rest = answer.partition(b"\n")
        said = json.loads(line)
        return said, list(_parts(rest, said.pop("sizes", [])))


@cache
def decoders() -> Decoders:
    """This process's own."""
    found = Decoders()
    atexit.register(found.close)
    return found


def _absolute(path: Path) -> str:
    """A process that decodes works in another folder."""
    return os.path.abspath(path)


def _message(asked: dict[str, Any], content: bytes = b"") -> bytes:
    return json.dumps(asked).encode() + b"\n" + content


def _place(source: Path, member: Member) -> dict[str, Any]:
    return {"source": _absolute(source), "index": member.index}


def _parts(data: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    start = 0
    for size in sizes:
        yield data[start : start + size]
        start += size


def _require_disk(said: dict[str, Any]) -> None:
    """Raises OSError for what is not the image's fault."""
    if said.get("errno") is not None:
        raise OSError(said["errno"], os.strerror(said["errno"]))
