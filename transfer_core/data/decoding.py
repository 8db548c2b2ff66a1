"""Image files that nobody has looked at yet become squares, in processes of their own (`data.decoder`)."""

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.data.archive import Member
from transfer_core.data.decoder import ENDED
from transfer_core.data.parallel import cores
from transfer_core.errors import ArchiveError
from transfer_core.types import Fit

PROJECT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, "-m", "transfer_core.data.decoder")
MOST_PROCESSES = 8
AHEAD = 4  # images that each process is asked for ahead
GONE = (EOFError, BrokenPipeError, ConnectionResetError)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How a network sees a picture: `fit_square`'s arguments."""

    resize_px: int
    crop_px: int
    fit: Fit


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
    asked: deque[tuple[Path, Member]] = field(default_factory=deque)

    @classmethod
    def started(cls) -> "_Child":
        ours, theirs = Pipe()
        with theirs:
            process = subprocess.Popen(
                [*PROGRAM, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd=PROJECT,
                env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )
        return cls(process, ours)

    def end(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.wait()


class Decoders:
    """Processes that decode, started when they are first needed and kept. A crash costs one image, with the reason."""

    def __init__(self, processes: int = 0) -> None:
        self._children: list[_Child] = []
        self._most = processes or max(1, min(cores() - 1, MOST_PROCESSES))

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
            child.pipe.send_bytes(json.dumps({"list": str(source)}).encode())
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

        `thumbnail_px`: 0 for none.
        """
        children = self._needed(min(self._most, len(members)))
        request = {
            "squares": [[shape.resize_px, shape.crop_px, shape.fit] for shape in shapes],
            "thumbnail_px": thumbnail_px,
        }
        try:
            for number in range(min(len(members), AHEAD * len(children))):
                self._ask(number % len(children), members[number], request)
            for number, member in enumerate(members):
                yield self._answer(number % len(children), member, request, shapes)
                following = number + AHEAD * len(children)
                if following < len(members):
                    self._ask(following % len(children), members[following], request)
        finally:
            for place, child in enumerate(self._children):
                if child.asked:  # what was decoded ahead is nobody's any more
                    child.end()
                    self._children[place] = _Child.started()

    def _needed(self, count: int) -> list[_Child]:
        while len(self._children) < count:
            self._children.append(_Child.started())
        return self._children[:count]

    def _ask(self, place: int, item: tuple[Path, Member], request: dict[str, Any]) -> None:
        child, (source, member) = self._children[place], item
        child.asked.append(item)
        if not member.refusal:
            with suppress(*GONE):  # its answer will say so
                child.pipe.send_bytes(json.dumps({**request, "source": str(source), "index": member.index}).encode())

    def _answer(self, place: int, item: tuple[Path, Member], request: dict[str, Any], shapes: Sequence[Shape]) -> Look:
        child, (_, member) = self._children[place], item
        if member.refusal:
            child.asked.popleft()
            return Look(name=member.path, error=member.refusal)
        try:
            said = json.loads(child.pipe.recv_bytes())
            parts = [] if said["error"] else [child.pipe.recv_bytes() for _ in range(len(shapes) + 1)]
        except GONE:
            child.end()
            self._children[place] = _Child.started()
            later = list(child.asked)[1:]
            for each in later:
                self._ask(place, each, request)
            return Look(name=member.path, error=ENDED)
        child.asked.popleft()
        if said["error"]:
            return Look(name=member.path, error=said["error"])
        squares = tuple(
            np.frombuffer(part, np.uint8).reshape(shape.crop_px, shape.crop_px, 3)
            for part, shape in zip(parts, shapes, strict=False)
        )
        return Look(name=member.path, squares=squares, thumbnail=parts[-1])
