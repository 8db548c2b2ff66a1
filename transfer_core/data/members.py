"""Files in an archive or folder, what is left behind by operating systems, and the limits that all sources share."""

import io
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO

MAX_ENTRIES = 200_000
MAX_FILE_BYTES = 64 << 20
MAX_RATIO = 200  # unpacked bytes to the archive's own
HARMLESS_BYTES = 64 << 20  # unpacked; below it any ratio may pass: flat drawings pack well
MAX_DEPTH = 12  # folders above a file
MAX_NAME = 1_000  # characters of a path
HEAD_BYTES = 4096  # that tell a kind of image
HIDDEN = re.compile(r"\.[a-z][\w-]*$")

SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}  # of images
ARCHIVES = (
    *(".zip", ".7z", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tbz", ".tar.zst", ".tzst"),
)
KINDS = "zip, 7z, tar, tar.gz, tar.xz, tar.bz2 or tar.zst"  # these, for people
JUNK = {
    *("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "@eadir", "system volume information"),
    *(".ds_store", ".git", ".svn", ".hg", ".idea", ".vscode", ".ipynb_checkpoints", ".cache", ".thumbnails", ".trash"),
    *(".trashes", ".spotlight-v100", ".fseventsd", ".picasaoriginals", ".venv", ".config", ".temporaryitems"),
    *(".comments", ".thumbs", ".xvpics", ".appledouble", ".dropbox.cache", ".nfs", ".gitignore", ".gitattributes"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A file in an archive or folder."""

    path: str  # the user's own name for it, "/" between folders, the source's own folder not named
    size: int  # bytes, as the source declares them
    index: int  # its place in the source
    refusal: str = ""  # why it may not be read, as a sentence; '' when it may

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.path.split("/"))


@dataclass(frozen=True, kw_only=True)
class Archive:
    """What a source holds, junk left out. `read` gives a member's bytes or raises ArchiveError with the reason."""

    members: tuple[Member, ...]
    folders: tuple[str, ...]  # also empty ones
    read: Callable[[Member], bytes]
    head: Callable[[Member], bytes] = lambda member: b""  # its first bytes, at most HEAD_BYTES
    stream: Callable[[Member], IO[bytes]] = lambda member: io.BytesIO()  # all of it, as a file to read forwards
    forwards: bool = False  # members are read fast in the order of their indices alone
    notes: tuple[str, ...] = ()  # what was merged or guessed in its names, a sentence each
    encoding: str = ""  # of names that do not say theirs, as guessed or told; '' where none had to be
    encodings: tuple[str, ...] = ()  # that such names can be read in, the likeliest first

    @property
    def size(self) -> int:
        """Bytes of all members that may be read, as declared."""
        return sum(member.size for member in self.members if not member.refusal)


def suffix(path: str) -> str:
    """The ending of a file's name, with its dot, in small letters; '' where there is none."""
    return os.path.splitext(path.rpartition("/")[2])[1].casefold()


def ending(path: str) -> str:
    """The whole ending of an archive's name, ".tar.gz"; of another file's its `suffix`."""
    name = path.casefold()
    return max((each for each in ARCHIVES if name.endswith(each)), key=len, default=suffix(path))


def is_archive(path: str) -> bool:
    return path.casefold().endswith(ARCHIVES)


def is_junk(path: str, *, folder: bool = False) -> bool:
    """Whether a file, or folder, is what operating systems and editors leave behind."""
    parts = path.casefold().split("/")
    return not JUNK.isdisjoint(parts) or (not folder and parts[-1].startswith(".")) or "/._" in f"/{path}"


def is_hidden(path: str) -> bool:
    """Whether a file lies in a hidden folder; one such as '.22 LR' is not hidden."""
    return "/." in f"/{path}" and any(HIDDEN.match(folder) for folder in path.split("/")[:-1])


def too_many(what: str) -> str:
    return f"{what} holds more than {MAX_ENTRIES:,} files and folders. Divide it, or leave out what is not an image."


def refusal_by_size(size: int, path: str) -> str:
    if size > MAX_FILE_BYTES and not is_archive(path):
        return f"The file has {size / 2**20:.0f} MB; at most {MAX_FILE_BYTES >> 20} MB are read."
    return refusal_by_name(path)


def refusal_by_name(path: str) -> str:
    if is_hidden(path):
        return "The file lies in a hidden folder, one whose name begins with a dot."
    if path.count("/") > MAX_DEPTH:
        return f"The file lies deeper than {MAX_DEPTH} folders."
    if len(path) > MAX_NAME:
        return f"The file's path has {len(path):,} characters; at most {MAX_NAME:,} are read."
    return ""


def cut(path: str) -> str:
    """A path that is too long to be shown or split, made short."""
    return path if len(path) <= MAX_NAME else f"{path[: MAX_NAME // 2]}…{path[-60:]}"


class Spellings:
    """Notices folders whose names are different in the source and the same in Graft."""

    def __init__(self) -> None:
        self._raw: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, raw: str, path: str) -> None:
        if raw != path:
            self._raw[path.rpartition("/")[0]].add(raw.rpartition("/")[0])

    def notes(self, plain: Iterable[str]) -> tuple[str, ...]:
        """A sentence for each folder with several spellings. `plain`: folders whose own name needed no change."""
        known = set(plain)
        return tuple(
            f"Folders that are both called '{folder}', written in different ways (accents), were read as one."
            for folder, raws in sorted(self._raw.items())
            if folder and len(raws | ({folder} if folder in known else set())) > 1
        )


def normal(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)
