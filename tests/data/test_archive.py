"""Hostile and odd archives: refused or read safely, in little time and memory, with a sentence that says why."""

import io
import os
import stat
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from transfer_core.data import members as limits
from transfer_core.data import zips
from transfer_core.data.archive import members, opened
from transfer_core.errors import ArchiveError

CENTRAL, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"


def packed(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytearray:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return bytearray(buffer.getvalue())


def patched(data: bytearray, central: int, local: int, layout: str, value: int) -> bytearray:
    """`data` with one field of the first entry changed, in the table of contents and in its local header."""
    struct.pack_into(layout, data, data.index(CENTRAL) + central, value)
    struct.pack_into(layout, data, data.index(LOCAL) + local, value)
    return data


def renamed(name: bytes, flags: int = 0) -> bytearray:
    """A zip with one file of exactly this name, which zipfile itself would not write."""
    data = packed({"x" * len(name): b"data"}).replace(b"x" * len(name), name)
    return patched(data, 8, 6, "<H", flags)


def with_mode(mode: int) -> bytearray:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        info = zipfile.ZipInfo("cats/1.jpg")
        info.external_attr = mode << 16
        file.writestr(info, "../../../etc/passwd")
    return bytearray(buffer.getvalue())


def many_entries(count: int, told: int) -> bytes:
    """A table of contents with `count` entries, of which the end record tells `told`."""
    entry = struct.pack("<4s6H3L5H2L", CENTRAL, *[0] * 9, 1, *[0] * 6) + b"a"
    table = entry * count
    return table + struct.pack("<4s4H2LH", END, 0, 0, told, told, len(table), 0, 0)


def huge_table() -> bytes:
    size = zips.MAX_DIRECTORY_BYTES + 1
    return bytes(size) + struct.pack("<4s4H2LH", END, 0, 0, 1, 1, size, 0, 0)


def overlapping(copies: int) -> bytes:
    """Many entries that all point at the same packed bytes."""
    data = packed({"cats/1.jpg": bytes(1 << 20)})
    table, end = data.index(CENTRAL), data.index(END)
    entries = bytes(data[table:end]) * copies
    return bytes(data[:table]) + entries + struct.pack("<4s4H2LH", END, 0, 0, copies, copies, len(entries), table, 0)


def quoted_overlap() -> bytes:
    """One entry whose bytes hold another entry whole (Fifield's zip bomb)."""
    inner = packed({"cats/2.jpg": bytes(1 << 16)})
    outer = packed({"cats/1.jpg": bytes(inner[: inner.index(CENTRAL)])}, zipfile.ZIP_STORED)
    table, end = outer.index(CENTRAL), outer.index(END)
    second = inner[inner.index(CENTRAL) : inner.index(END)]
    struct.pack_into("<L", second, 42, outer.index(LOCAL, 4))
    entries = bytes(outer[table:end]) + bytes(second)
    return bytes(outer[:table]) + entries + struct.pack("<4s4H2LH", END, 0, 0, 2, 2, len(entries), table, 0)


def misplaced(offset: int) -> bytearray:
    data = packed({"cats/1.jpg": b"data"})
    struct.pack_into("<L", data, data.index(CENTRAL) + 42, offset)
    return data


def bomb() -> bytearray:
    return packed({f"cats/{i}.jpg": bytes(limits.MAX_FILE_BYTES) for i in range(3)})


REFUSED: dict[str, tuple[Callable[[], bytes | bytearray], str]] = {
    "not a zip": (lambda: b"GIF89a" * 10, "is not a zip file"),
    "empty": (lambda: b"", "is not a zip file"),
    "rar": (lambda: b"Rar!\x1a\x07" + bytes(99), "is a RAR archive"),
    "cut off": (lambda: packed({"cats/1.jpg": os.urandom(5000)})[:3000], "damaged or incomplete zip"),
    "cut in its table": (lambda: packed({"a": b"b"})[:-30] + packed({"a": b"b"})[-22:], "damaged or incomplete"),
    "parent folder": (lambda: renamed(b"../../evil.jpg"), "leads out of it"),
    "parent folder, backslash": (lambda: renamed(b"a\\..\\..\\evil.jpg"), "leads out of it"),
    "absolute": (lambda: renamed(b"/etc/cron.d/x.jpg"), "leads out of it"),
    "drive": (lambda: renamed(b"C:\\evil.jpg"), "leads out of it"),
    "zero byte": (lambda: renamed(b"cats/1.jpg\0.exe"), "zero byte"),
    "bad UTF-8": (lambda: renamed(b"cats/\xff\xfe.jpg", flags=0x800), "not valid UTF-8"),
    "needs a newer unzip": (lambda: patched(packed({"a.jpg": b"b"}), 6, 4, "<H", 99), "damaged or incomplete zip"),
    "a million entries": (lambda: many_entries(1_000_000, 0xFFFF), "more than 200,000 files"),
    "entries that the end does not tell": (lambda: many_entries(300_000, 2), "more than 200,000 files"),
    "huge table of contents": (huge_table, "table of contents is"),
    "overlapping": (lambda: overlapping(500), "overlap"),
    "quoted overlap": (quoted_overlap, "overlap"),
    "entry behind the end": (lambda: misplaced(1 << 30), "overlap"),
    "bomb": (bomb, "more than 200 times"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_the_whole_archive(case: str, tmp_path: Path) -> None:
    build, sentence = REFUSED[case]
    source = tmp_path / "photos.zip"
    source.write_bytes(build())
    tracemalloc.start()
    start = time.monotonic()
    with pytest.raises(ArchiveError, match=sentence):
        members(source)
    seconds, peak = time.monotonic() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 3
    assert peak < 2.5 * zips.MAX_DIRECTORY_BYTES


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: with_mode(stat.S_IFLNK | 0o777), "link"),
        (lambda: with_mode(stat.S_IFIFO | 0o644), "not a regular file"),
        (lambda: patched(packed({"cats/1.jpg": b"data"}), 8, 6, "<H", 1), "password"),
        (lambda: packed({"cats/1.jpg": b"data" * 99}, zipfile.ZIP_BZIP2), "bzip2"),
        (lambda: packed({"cats/1.jpg": b"data" * 99}, zipfile.ZIP_LZMA), "LZMA"),
        (lambda: patched(packed({"cats/1.jpg": b"data"}), 10, 8, "<H", 9), "Deflate64"),
        (lambda: packed({"cats/1.jpg": bytes(limits.MAX_FILE_BYTES + 1)}), "at most 64 MB"),
        (lambda: packed({"a/" * 13 + "1.jpg": b"data"}), "deeper than 12"),
    ],
)
def test_refuses_one_file(build: Callable[[], bytearray], sentence: str, tmp_path: Path) -> None:
    source = tmp_path / "photos.zip"
    source.write_bytes(build())
    (member,) = members(source)
    assert sentence in member.refusal


def lying_size(told: int, real: int) -> bytearray:
    return patched(packed({"cats/1.jpg": bytes(real)}), 24, 22, "<L", told)


def wrong_checksum() -> bytearray:
    return patched(packed({"cats/1.jpg": b"data"}), 16, 14, "<L", zlib.crc32(b"other"))


def broken_stream() -> bytearray:
    data = packed({"cats/1.jpg": os.urandom(4000)})
    data[60:3000] = bytes(2940)
    return data


def other_local_name() -> bytearray:
    data = packed({"cats/1.jpg": b"data"})
    at = data.index(b"cats/1.jpg")
    data[at : at + 4] = b"dogs"
    return data


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: lying_size(told=10, real=60 << 20), "damaged|larger"),
        (lambda: lying_size(told=50_000, real=10), "10 bytes where the zip says 50000"),
        (wrong_checksum, "damaged"),
        (broken_stream, "damaged"),
        (other_local_name, "damaged"),
    ],
)
def test_reading_trusts_no_header(build: Callable[[], bytearray], sentence: str, tmp_path: Path) -> None:
    source = tmp_path / "photos.zip"
    source.write_bytes(build())
    tracemalloc.start()
    with opened(source) as found, pytest.raises(ArchiveError, match=sentence):
        found.read(found.members[0])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


def test_names_as_people_know_them(tmp_path: Path) -> None:
    data = packed({"Thumbs.db": b"", "__MACOSX/cats/._1.jpg": b"", "cats/.DS_Store": b"", "./cats//1.jpg": b"1"})
    mac = packed({"x" * 11: b"2"}).replace(b"x" * 11, "Ka\u0308tze/1".encode() + b".j")
    windows = packed({"y" * 10: b"3"}).replace(b"y" * 10, b"dogs\\2.jpg")
    for content, paths in [(data, ["cats/1.jpg"]), (mac, ["Kätze/1.j"]), (windows, ["dogs/2.jpg"])]:
        source = tmp_path / "photos.zip"
        source.write_bytes(content)
        assert [member.path for member in members(source)] == paths


def test_zip_behind_other_bytes_and_with_a_comment(tmp_path: Path) -> None:
    source = tmp_path / "photos.zip"
    with source.open("wb") as file:
        file.write(b"#!/bin/sh self-extracting" * 100)
        with zipfile.ZipFile(file, "a") as inside:
            inside.writestr("cats/1.jpg", b"data")
            inside.comment = b"made by hand" * 1000
    with opened(source) as found:
        assert found.read(found.members[0]) == b"data"


@pytest.mark.parametrize("extra", [0, 28, 5_000])
def test_what_stands_before_a_file_may_be_of_any_length(extra: int, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as out:
        for method, name in ((zipfile.ZIP_STORED, "cats/é.jpg"), (zipfile.ZIP_DEFLATED, "cats/2.jpg")):
            entry = zipfile.ZipInfo(name)
            entry.compress_type, entry.extra = method, struct.pack("<HH", 0x6E55, extra) + bytes(extra)
            out.writestr(entry, name.encode() * 50)
    with opened(tmp_path / "photos.zip") as archive:
        assert [archive.read(member) for member in archive.members] == ["cats/é.jpg".encode() * 50, b"cats/2.jpg" * 50]


def test_folder_keeps_to_regular_files_inside(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "1.jpg").write_bytes(b"secret")
    root = tmp_path / "photos"
    (root / "cats" / ".ipynb_checkpoints").mkdir(parents=True)
    (root / "cats" / "1.jpg").write_bytes(b"data")
    (root / "cats" / "desktop.ini").write_bytes(b"")
    (root / "cats" / ".ipynb_checkpoints" / "1.jpg").write_bytes(b"data")
    (root / "cats" / "link.jpg").symlink_to(secret / "1.jpg")
    (root / "dogs").symlink_to(secret)
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "cats" / "pipe.jpg")
    (root / "/".join("a" * 14)).mkdir(parents=True)
    with opened(root) as found:
        reasons = {member.path: member.refusal for member in found.members}
        assert reasons.pop("cats/1.jpg") == ""
        assert found.read(next(m for m in found.members if m.path == "cats/1.jpg")) == b"data"
        assert {path: reason.split(";")[0].split()[-1] for path, reason in reasons.items()} == {
            "cats/link.jpg": "another",
            "dogs": "another",
            "loop": "another",
            "cats/pipe.jpg": "file.",
            "/".join("a" * 13): "folders.",
        }
        (root / "cats" / "1.jpg").unlink()
        (root / "cats" / "1.jpg").symlink_to(secret / "1.jpg")  # swapped after it was listed
        with pytest.raises(ArchiveError, match="cannot be read"):
            found.read(next(m for m in found.members if m.path == "cats/1.jpg"))


def test_folder_with_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_ENTRIES", 5)
    for i in range(6):
        (tmp_path / f"{i}.jpg").touch()
    with pytest.raises(ArchiveError, match="more than 5 files"):
        members(tmp_path)


def test_no_such_source(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="There is no file or folder"):
        members(tmp_path / "nothing.zip")
