"""One file that holds many, each with its SHA-256: an uncompressed zip with a manifest at its end."""

import hashlib
import json
import os
import stat
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transfer_core import __version__
from transfer_core.errors import GraftError, disk_words
from transfer_core.kept import DAMAGED
from transfer_core.types import Progress

MANIFEST, FORMAT = "graft.json", 1
MOST_MANIFEST = 1 << 30  # bytes: some five million files
CHUNK = 1 << 20
TOLD_SECONDS = 0.2
FOLDERS = ("datasets", "runs", "backbones", "predictions")  # of a workspace, that a file may lie in
ALONE = ("graft.db", "settings.json", "unwritten.json")
UNREADABLE = (*DAMAGED, OSError, RuntimeError, NotImplementedError)  # of a zip
LOCKED = 0x1  # flag bit of an entry with a password


class Sealing:
    """A sealed file that is being written."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._packed = packed
        self.files: dict[str, tuple[int, str]] = {}  # by name: bytes, SHA-256

    def add(self, place: Path, name: str) -> int:
        """Add a file under its name in a workspace. Returns its bytes; 0 where it went meanwhile. Raises GraftError."""
        if not is_safe(name):
            raise GraftError(f"{place} has a name that no backup takes. Move it out of the workspace.")
        try:
            source = place.open("rb")
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise GraftError(disk_words(error, place)) from error
        seen, count = hashlib.sha256(), 0
        entry = zipfile.ZipInfo(name, time.localtime(max(os.fstat(source.fileno()).st_mtime, 315_619_200))[:6])
        entry.external_attr = (stat.S_IFREG | 0o644) << 16
        with source, self._packed.open(entry, "w", force_zip64=True) as target:
            while chunk := source.read(CHUNK):
                seen.update(chunk)
                target.write(chunk)
                count += len(chunk)
        self.files[name] = count, seen.hexdigest()
        return count


@contextmanager
def sealing(part: Path, kind: str, facts: Mapping[str, Any]) -> Iterator[Sealing]:
    """Write a sealed file; only when the block ends well it gets its manifest, without which it is none."""
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED, allowZip64=True) as packed:
        yield (written := Sealing(packed))
        body = {"format": FORMAT, "kind": kind, "version": __version__, "made": time.time(), **facts}
        packed.writestr(MANIFEST, json.dumps({**body, "files": written.files}))


@dataclass(frozen=True)
class Sealed:
    """A sealed file that is open, whose names are safe and whose sizes add up; its contents are checked as they go."""

    file: Path
    facts: dict[str, Any]
    files: dict[str, tuple[int, str]]
    _packed: zipfile.ZipFile

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(size for size, _ in self.files.values())

    def extract(self, name: str, folder: Path) -> int:
        """Write one file below a folder. Returns its bytes. Raises GraftError where it is not what was put in."""
        target = folder / name
        size, sha256 = self.files[name]
        target.parent.mkdir(parents=True, exist_ok=True)
        seen = hashlib.sha256()
        with target.open("xb") as out:
            for chunk in self._chunks(name):
                seen.update(chunk)
                out.write(chunk)
        if target.stat().st_size != size or seen.hexdigest() != sha256:
            raise self.damaged(name)
        return size

    def _chunks(self, name: str) -> Iterator[bytes]:
        try:
            with self._packed.open(name) as source:
                while chunk := source.read(CHUNK):
                    yield chunk
        except UNREADABLE as error:
            raise self.damaged(name) from error

    def damaged(self, name: str) -> GraftError:
        return GraftError(
            f"{self.file} is damaged: '{name}' in it is not what was put in. Nothing was changed. Take another copy of"
            " the file."
        )


@contextmanager
def unsealed(file: Path) -> Iterator[Sealed]:
    """Open a sealed file. Raises GraftError for one that is none, incomplete, damaged, hostile or of a newer Graft."""
    try:
        packed = zipfile.ZipFile(file)
    except FileNotFoundError as error:
        raise GraftError(f"{file} does not exist. Check the path.") from error
    except UNREADABLE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise GraftError(disk_words(error, file)) from error
        raise GraftError(
            f"{file} is no backup of Graft's, or an incomplete one ({error}). Name another file."
        ) from error
    with packed:
        facts = _manifest(packed, file)
        if facts["format"] != FORMAT:
            raise GraftError(
                f"{file} was made by Graft {str(facts.get('version'))[:20]}, which packs in a way that Graft"
                f" {__version__} does not know. Update Graft."
            )
        files = {name: (size, sha256) for name, (size, sha256) in facts["files"].items()}
        if why := _refused(packed, files, file.stat().st_size):
            raise GraftError(f"{file} is damaged, or no backup of Graft's: {why}. Nothing was changed.")
        yield Sealed(file, facts, files, packed)


def told(what: str, total: int, copied: Iterable[int]) -> Iterator[Progress]:
    """Where copying stands, now and then. `copied`: bytes of one file after the other, as they are; `total`: of all."""
    began = last = time.monotonic()
    done = 0
    for count in copied:
        done += count
        now = time.monotonic()
        if now - last >= TOLD_SECONDS and 0 < done < total:
            last, share = now, done / total
            left = (now - began) * (1 - share) / share
            of = max(1, total // 10**6)
            yield Progress(what=what, done=done // 10**6, of=of, unit="MB", share=share, seconds_left=left)


def is_sealed(file: Path) -> bool:
    """Whether it is a whole file of this kind, by its manifest."""
    try:
        with zipfile.ZipFile(file) as packed:
            return bool(_manifest(packed, file))
    except (*UNREADABLE, GraftError):
        return False


def _manifest(packed: zipfile.ZipFile, file: Path) -> dict[str, Any]:
    """Raises GraftError unless it is there, whole, and has what it needs."""
    try:
        entry = packed.getinfo(MANIFEST)
    except KeyError as error:
        raise GraftError(f"{file} is no backup of Graft's: it holds no {MANIFEST}. Name another file.") from error
    try:
        if entry.file_size > MOST_MANIFEST:
            raise ValueError(entry.file_size)
        found = json.loads(packed.read(entry))
        fits = isinstance(found["format"], int) and isinstance(found["kind"], str) and isinstance(found["files"], dict)
        if not fits or not all(_fits(value) for value in found["files"].values()):
            raise TypeError(MANIFEST)
    except (*UNREADABLE, RecursionError) as error:
        raise GraftError(f"{file} is damaged: its {MANIFEST} cannot be read. Nothing was changed.") from error
    return dict(found)


def _fits(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and type(value[0]) is int and isinstance(value[1], str)


def _refused(packed: zipfile.ZipFile, files: Mapping[str, tuple[int, str]], whole: int) -> str:
    """Why its entries are not taken, in words; '' where they are."""
    entries = {entry.filename: entry for entry in packed.infolist()}
    if len(entries) != len(packed.infolist()):
        return "a name is in it twice"
    if "graft.db" not in files:
        return "it holds no graft.db"
    if lacking := files.keys() - entries.keys():
        return f"{min(lacking)[:200]!r} is missing"
    if beyond := entries.keys() - files.keys() - {MANIFEST}:
        return f"{min(beyond)[:200]!r} is not in its {MANIFEST}"
    for name, (size, _) in files.items():
        entry = entries[name]
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if not is_safe(name) or name != entry.orig_filename or kind not in (0, stat.S_IFREG):
            return f"{name[:200]!r} is no name of a file in a workspace"
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & LOCKED:
            return f"{name[:200]!r} is packed in another way than Graft's"
        if not entry.file_size == entry.compress_size == size:
            return f"{name[:200]!r} has another size than its {MANIFEST} says"
    if sum(size for size, _ in files.values()) > whole:
        return "its entries lie over each other"
    return ""


def is_safe(name: str) -> bool:
    """Whether it names a file below a workspace's folder, and one of those that are moved."""
    parts = name.split("/")
    if not name.isprintable() or len(name) > 1_000 or "\\" in name or ":" in name:
        return False
    if any(not part or part in (".", "..") or len(part) > 200 for part in parts):
        return False
    return name in ALONE or (len(parts) > 2 and parts[0] in FOLDERS)
