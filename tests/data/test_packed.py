"""Archives as people make them: names in any code page, tars, archives inside archives, files that came one by one."""

import bz2
import io
import json
import lzma
import os
import struct
import subprocess
import sys
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from transfer_core.data import archive as archives
from transfer_core.data import unpacking
from transfer_core.data.archive import LISTED, members, opened
from transfer_core.data.dataset import import_images
from transfer_core.data.layout import plan
from transfer_core.errors import ArchiveError
from transfer_core.types import RunEnd


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in files.items():
            file.writestr(name, data)
    return out.getvalue()


def raw_zip(names: list[str], page: str, *, unicode_path: bool = False) -> bytes:
    """A zip as Windows programs write it: names in a code page, without a word on which."""
    body, table = bytearray(), bytearray()
    for name in names:
        raw = name.encode(page)
        told = struct.pack("<BI", 1, zlib.crc32(raw)) + name.encode()
        extra = struct.pack("<HH", 0x7075, len(told)) + told if unicode_path else b""
        sizes = struct.pack("<3I2H", zlib.crc32(b"data"), 4, 4, len(raw), len(extra))
        table += struct.pack("<4s6H", b"PK\1\2", 20, 20, 0, 0, 0, 0x5A21) + sizes
        table += struct.pack("<3H2I", 0, 0, 0, 0, len(body)) + raw + extra
        body += struct.pack("<4s5H", b"PK\3\4", 20, 0, 0, 0, 0x5A21) + sizes + raw + extra + b"data"
    return bytes(body + table) + struct.pack(
        "<4s4H2IH", b"PK\5\6", 0, 0, len(names), len(names), len(table), len(body), 0
    )


def tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            file.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def gzipped(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return packer.compress(data) + packer.flush()


def kept(folder: Path, data: bytes, name: str = "photos.zip") -> Path:
    file = folder / name
    file.write_bytes(data)
    return file


PAGES = {
    "cp932": ("ソフト", "ソース", "りんご"),  # the first two begin with a character whose second byte is a backslash
    "gbk": ("苹果", "香蕉", "橘子"),
    "euc_kr": ("사과", "배", "감"),
    "cp866": ("кошки", "собаки", "птицы"),
    "cp437": ("Füße", "Äpfel", "Öl"),
    "cp1251": ("кошки", "собаки", "птицы"),
    "utf-8": ("猫", "犬", "馬"),
}


@pytest.mark.parametrize("page", PAGES)
def test_names_in_a_code_page(page: str, tmp_path: Path) -> None:
    names = [f"{label}/{i}.jpg" for label in PAGES[page] for i in range(5)]
    with opened(kept(tmp_path, raw_zip(names, page))) as archive:
        assert [member.path for member in archive.members] == names
        assert archive.encoding == ("" if page == "utf-8" else page)
        assert len(archive.encodings) != 1 and bool(archive.notes) == (page != "utf-8")
    with opened(kept(tmp_path, raw_zip(names, page, unicode_path=True))) as archive:
        assert [member.path for member in archive.members] == names
        assert not archive.encoding and not archive.notes


def test_a_guessed_encoding_can_be_changed(tmp_path: Path) -> None:
    file = kept(tmp_path, raw_zip([f"{c}/{i}.jpg" for c in ("собаки", "кошки") for i in range(3)], "cp866"))
    with opened(file, encoding="cp437") as archive:
        assert archive.encoding == "cp437" and "cp866" in archive.encodings
        assert not archive.members[0].path.startswith("собаки")


def test_backslashes_are_folders(tmp_path: Path) -> None:
    found = members(kept(tmp_path, packed({r"set\cats\1.jpg": b"x", r"set\dogs\1.jpg": b"x"})))
    assert [member.path for member in found] == ["set/cats/1.jpg", "set/dogs/1.jpg"]


TARS: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes,
    "tar.gz": gzipped,
    "tar.bz2": bz2.compress,
    "tar.xz": lzma.compress,
}


@pytest.mark.parametrize("kind", TARS)
def test_tars(kind: str, tmp_path: Path) -> None:
    files = {f"set/{label}/{i}.jpg": os.urandom(2000) + bytes([i]) for label in ("cats", "dogs") for i in range(4)}
    with opened(kept(tmp_path, TARS[kind](tar(files)), f"photos.{kind}")) as archive:
        layout = plan(archive, f"photos.{kind}")
        assert {image.member.path: archive.read(image.member) for image in layout.images} == files
        last_first = [archive.read(member) for member in reversed(archive.members)]
    assert last_first == list(files.values())[::-1], "in any order"


def test_a_tar_of_zstandard_is_read(tmp_path: Path) -> None:
    zstd = pytest.importorskip("backports.zstd", reason="requirements-archives.txt lists what reads .tar.zst")
    files = {f"{label}/{i}.jpg": os.urandom(999) for label in "ab" for i in range(3)}
    with opened(kept(tmp_path, zstd.compress(tar(files)), "photos.tar.zst")) as archive:
        assert {member.path: archive.read(member) for member in archive.members} == files and archive.forwards
    with pytest.raises(ArchiveError, match="damaged or incomplete tar"):
        members(kept(tmp_path, zstd.compress(tar(files))[:900], "photos.tar.zst"))
    with pytest.raises(ArchiveError, match="more than 200 times its size"):
        members(kept(tmp_path, zstd.compress(tar({f"a/{i}.jpg": bytes(40 << 20) for i in range(2)})), "photos.tar.zst"))


def test_a_tar_of_zstandard_says_what_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "ZSTANDARD", ("no.such.module",))
    with pytest.raises(ArchiveError, match=r"`pip install backports\.zstd` lets Graft read it"):
        members(kept(tmp_path, b"\x28\xb5\x2f\xfd" + bytes(99), "photos.tar.zst"))


SEVENS = Path(__file__).parents[1] / "fixtures" / "7z"  # each made by 7-Zip 26.02 of the same folder


@pytest.mark.parametrize("method", ["lzma2", "lzma", "bzip2", "deflate", "copy", "alone"])
def test_sevens(method: str) -> None:
    """Packed as one, by every usual method, or each file alone; with an empty file and a link."""
    with opened(SEVENS / f"{method}.7z") as archive:
        refused = {member.path: member.refusal for member in archive.members if member.refusal}
        assert list(refused) == ["set/link.jpg"] and "not followed" in refused["set/link.jpg"]
        read = {member.path: archive.read(member) for member in archive.members if not member.refusal}
        assert read.pop("set/cats/none.jpg") == b""
        assert read == {f"set/{c}/{i}.jpg": f"{c} {i}\n".encode() for c in ("cats", "dogs") for i in (1, 2, 3)}
        for member in reversed(archive.members):  # in any order
            if member.path in read:
                assert archive.read(member) == read[member.path] and read[member.path].startswith(archive.head(member))
        assert archive.forwards == (method not in ("alone", "copy")) and "set/dogs" in archive.folders
        assert list(plan(archive, "set").classes) == ["cats", "dogs"]


def test_sevens_that_cannot_be_read_say_why() -> None:
    with pytest.raises(ArchiveError, match=r"names in the 7z cannot be read. They are locked with a password"):
        members(SEVENS / "locked-names.7z")
    for name, why in (("locked", "locked with a password"), ("ppmd", "method 'PPMd'; pack the folder with the usual")):
        assert all(why in member.refusal for member in members(SEVENS / f"{name}.7z") if "/1" in member.path)


def seven(
    names: list[str], sizes: list[int], data: bytes = b"", *, told: bytes = b"\x10", size: int | None = None
) -> bytes:
    """A 7z of one folder packed by LZMA2, with a table of contents that says what is told."""

    def number(value: int) -> bytes:
        return b"\xff" + struct.pack("<Q", value)

    packer = lzma.LZMACompressor(lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "preset": 1}])
    packed = packer.compress(data) + packer.flush()
    listed = b"\0" + b"".join(name.encode("utf-16-le") + b"\0\0" for name in names)
    table = b"\1\4\6" + number(0) + b"\1\x09" + number(len(packed)) + b"\0"
    table += b"\7\x0b\1\0\1\x21\x21" + number(len(told)) + told + b"\x0c"
    table += number(sum(sizes) if size is None else size) + b"\0\x08\x0d" + number(len(sizes))
    table += b"\x09" * (len(sizes) > 1) + b"".join(map(number, sizes[:-1])) + b"\0\0"
    table += b"\5" + number(len(names)) + b"\x11" + number(len(listed)) + listed + b"\0\0"
    start = struct.pack("<QQI", len(packed), len(table), zlib.crc32(table))
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<I", zlib.crc32(start)) + start + packed + table


def test_a_seven_of_our_own_is_read(tmp_path: Path) -> None:
    with opened(kept(tmp_path, seven(["a/1.jpg", "b/1.jpg"], [3, 4], b"one" + b"four"), "photos.7z")) as archive:
        assert [archive.read(member) for member in archive.members] == [b"one", b"four"]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: seven(["../1.jpg"], [1], b"x"), "leads out of it"),
        (lambda: seven(["C:/1.jpg"], [1], b"x"), "leads out of it"),
        (lambda: seven(["a/1.jpg"] * 200_001, [1] * 200_001, b""), "more than 200,000 files"),
        (lambda: seven(["a/1.jpg"], [1 << 40]), "made to fill the disk"),
        (lambda: seven(["a/1.jpg", "a/2.jpg"], [9, 1], size=5), "its files are larger than what they are packed in"),
        (lambda: seven(["a/1.jpg"], [1, 1], b"xx"), "another number of files"),
        (lambda: seven(["a/1.jpg"], [1], b"x", told=b"\xff"), "in a way that there is none of"),
        (lambda: seven(["a/1.jpg"], [1], b"x")[:-3], "ends in the middle"),
    ],
)
def test_hostile_sevens_are_refused(make: Callable[[], bytes], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=sentence):
        members(kept(tmp_path, make(), "photos.7z"))


def test_a_seven_takes_no_more_memory_than_it_may(tmp_path: Path) -> None:
    """One that asks for a dictionary of 1.5 GB, and one whose bytes are fewer, or others, than it says."""
    (greedy,) = members(kept(tmp_path, seven(["a/1.jpg"], [60 << 20], bytes(1 << 20), told=b"\x25"), "photos.7z"))
    assert not greedy.refusal, "it never needs more than it unpacks to"
    noise = os.urandom(2 << 20)
    (greedy,) = members(kept(tmp_path, seven(["a/1.zip"], [300 << 20], noise, told=b"\x25"), "photos.7z"))
    assert "takes 300 MB of memory; at most 256 MB" in greedy.refusal
    with opened(kept(tmp_path, seven(["a/1.jpg"], [9], b"short"), "photos.7z")) as archive:
        (lying,) = archive.members
        with pytest.raises(ArchiveError, match="has 5 bytes where the 7z says 9"):
            archive.read(lying)


@pytest.mark.parametrize("kind", TARS)
def test_a_tar_that_says_too_much_is_refused_before_it_is_unpacked(kind: str, tmp_path: Path) -> None:
    entry = tarfile.TarInfo("cats/1.jpg")
    entry.size = 1 << 40
    source = kept(tmp_path, TARS[kind](entry.tobuf() + bytes(2 << 20)), f"photos.{kind}")
    start = time.process_time()
    with pytest.raises(ArchiveError, match=r"made to fill the disk|damaged or incomplete"):
        members(source)
    assert time.process_time() - start < 1


def links_out() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE):
            entry = tarfile.TarInfo("cats/1.jpg")
            entry.type, entry.linkname = kind, "/etc/passwd"
            file.addfile(entry)
    return out.getvalue()


def test_links_and_devices_of_a_tar_are_not_read(tmp_path: Path) -> None:
    assert all(member.refusal for member in members(kept(tmp_path, links_out(), "photos.tar")))


def test_archives_in_an_archive_are_folders(tmp_path: Path) -> None:
    inner = {
        f"{label}-samples.zip": packed({f"{i}.jpg": label.encode() for i in range(3)}) for label in ("cats", "dogs")
    }
    with opened(kept(tmp_path, packed(inner))) as archive:
        layout = plan(archive, "photos.zip")
        assert list(layout.classes) == ["cats-samples", "dogs-samples"]
        assert {archive.read(image.member) for image in layout.images} == {b"cats", b"dogs"}
    halves = {f"{s}.zip": packed({f"{s}/{c}/{i}.jpg": b"x" for c in "ab" for i in range(3)}) for s in ("train", "test")}
    with opened(kept(tmp_path, packed(halves))) as archive:
        assert {image.split for image in plan(archive, "photos.zip").images} == {0, 2}
    twice = packed({"a.zip": packed({"b.zip": packed({"1.jpg": b"x"})}), "c.zip": packed({"1.jpg": b"x"})})
    refused = {member.path: member.refusal for member in members(kept(tmp_path, twice))}
    assert "unpack that one" in refused["a/b.zip"] and not refused["c/1.jpg"]


def test_files_that_came_one_by_one(tmp_path: Path) -> None:
    names = {f"{i:06d}.jpg": f"set/{'cats' if i < 3 else 'dogs'}/{i}.jpg" for i in range(6)}
    for file in names:
        (tmp_path / file).write_bytes(file.encode())
    (tmp_path / LISTED).write_text(json.dumps(names))
    with opened(tmp_path) as archive:
        assert {member.path: archive.read(member).decode() for member in archive.members} == {
            name: file for file, name in names.items()
        }


def test_archives_that_came_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They lie on the disk already, so none is unpacked to it; what is not read says what to do, what is broken why."""
    monkeypatch.setattr("tempfile.TemporaryFile", None)
    whole = seven(["1.jpg", "2.jpg"], [1, 1], b"xy")
    files = {"cats.zip": packed({"1.jpg": b"c"}), "dogs.7z": whole, "owls.rar": b"Rar!", "emus.zip.001": b"PK"}
    files |= {"bats.tar.gz": gzipped(tar({"1.jpg": os.urandom(9000)}))[:5000], "ants.zip": b"PK\3\4"}
    names = {f"{number:06d}": name for number, name in enumerate(files)}
    for number, name in names.items():
        (tmp_path / number).write_bytes(files[name])
    (tmp_path / LISTED).write_text(json.dumps(names))
    with opened(tmp_path) as archive:
        read = {member.path: archive.read(member) for member in archive.members if not member.refusal}
        refused = {member.path: member.refusal for member in archive.members if member.refusal}
    assert read == {"cats/1.jpg": b"c", "dogs/1.jpg": b"x", "dogs/2.jpg": b"y"}
    assert "is a RAR archive" in refused["owls.rar"] and "archive that was split" in refused["emus.zip.001"]
    assert "damaged or incomplete tar" in refused["bats.tar.gz"] and "damaged or incomplete zip" in refused["ants.zip"]


def test_archives_inside_are_few_and_their_damage_is_theirs(tmp_path: Path) -> None:
    many = {f"{i}.zip": packed({"1.jpg": b"x"}) for i in range(archives.MOST_INNER + 1)}
    with pytest.raises(ArchiveError, match=r"201 archives inside; at most 200 are unpacked"):
        members(kept(tmp_path, packed(many)))
    half = gzipped(tar({"a.zip": packed({"1.jpg": os.urandom(99_000)}), "b.zip": os.urandom(99_000)}))
    with opened(kept(tmp_path, half, "photos.tar.gz")) as archive:
        assert {member.path: bool(member.refusal) for member in archive.members} == {"a/1.jpg": False, "b.zip": True}
    torn = bytearray(packed({"a.zip": packed({"1.jpg": os.urandom(9000)}), "b.zip": packed({"1.jpg": b"x"})}))
    torn[5000:5010] = bytes(10)  # inside the first, which its checksum finds
    with opened(kept(tmp_path, bytes(torn))) as archive:
        refused = {member.path: member.refusal for member in archive.members}
    assert "damaged inside the archive" in refused["a.zip"] and refused["b/1.jpg"] == ""


@pytest.mark.parametrize(
    ("name", "start", "sentence"),
    [
        ("photos.zip.001", b"PK\3\4", "one part of an archive that was split"),
        ("photos.part2.rar", b"Rar!", "one part of an archive"),
        ("photos.rar", b"Rar!\x1a\7\1\0", r"is a RAR archive.*unpack it and zip the folder"),
        ("photos.7z", b"7z\xbc\xaf\x27\x1c", "damaged or incomplete 7z"),
        ("photo.gz", gzipped(b"no tar at all" * 100), "is one compressed file and no tar"),
        ("photos.tar.gz", gzipped(tar({"cats/1.jpg": bytes(9000)}))[:60], "damaged or incomplete tar"),
    ],
)
def test_says_what_to_do(name: str, start: bytes, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=sentence):
        members(kept(tmp_path, start + bytes(600) * (len(start) < 20), name))


def test_a_folder_that_holds_the_workspace_leaves_it_out(tmp_path: Path) -> None:
    for place in ("cats", "dogs", "graft/datasets/abc/samples"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "1.jpg").write_bytes(b"x")
    with opened(tmp_path, without=tmp_path / "graft") as archive:
        assert sorted(member.path for member in archive.members) == ["cats/1.jpg", "dogs/1.jpg"]
        assert "workspace" in archive.notes[0]


def test_linked_class_folders_say_how_to_copy(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "1.jpg").write_bytes(b"x")
    (tmp_path / "set").mkdir()
    for label in ("cats", "dogs"):
        (tmp_path / "set" / label).symlink_to(tmp_path / "elsewhere")
    with opened(tmp_path / "set") as archive, pytest.raises(ArchiveError, match=r"links are not followed.*cp -rL"):
        plan(archive, "set")


HOSTILE: dict[str, Callable[[], bytes]] = {
    "paths of 10,000 parts": lambda: packed({"/".join(["a"] * 10_000) + f"/{i}.jpg": b"x" for i in range(40)}),
    "names of 60,000 characters": lambda: packed({f"{i}{'n' * 60_000}.jpg": b"x" for i in range(300)}),
    "60,000 empty classes": lambda: raw_zip([f"set/class {i}/" for i in range(60_000)] + ["set/a/1.jpg"], "ascii"),
    "50,000 classes": lambda: raw_zip([f"{i}/1.jpg" for i in range(50_000)], "ascii"),
    "50,000 names": lambda: raw_zip([f"{i % 977}x{i * 7919}_{i}.jpg" for i in range(50_000)], "ascii"),
    "50,000 files of a 7z": lambda: seven([f"{i}/1.jpg" for i in range(50_000)], [1] * 50_000, bytes(50_000)),
    "deep entries of a tar": lambda: gzipped(tar({"a/" * 40 + f"{i}.jpg": b"" for i in range(5_000)})),
}
PROGRAM = """
import sys, time
from pathlib import Path
from transfer_core.data.archive import opened
from transfer_core.data.dataset import import_images
from transfer_core.data.layout import plan
from transfer_core.errors import ArchiveError
from transfer_core.types import RunEnd
for file in sys.argv[1:]:
    start = time.process_time()
    try:
        with opened(Path(file)) as archive:
            plan(archive, file)
    except ArchiveError:
        pass
    status = Path("/proc/self/status")
    kilobytes = status.read_text().split("VmHWM:")[1].split()[0] if status.exists() else 0
    print(time.process_time() - start, int(kilobytes) / 1024)
"""


def test_hostile_archives_cost_little(tmp_path: Path) -> None:
    """Seconds are this process's own, and several times what it takes on a quiet machine."""
    files = [str(kept(tmp_path, make(), f"{number}.zip")) for number, make in enumerate(HOSTILE.values())]
    ran = subprocess.run([sys.executable, "-c", PROGRAM, *files], capture_output=True, text=True, check=True)
    for name, line in zip(HOSTILE, ran.stdout.splitlines(), strict=True):
        seconds, megabytes = map(float, line.split())
        assert megabytes < 300 and seconds < 6, (name, line)


def test_the_same_images_are_the_same_dataset_whatever_they_are_packed_in(photos: Path, tmp_path: Path) -> None:
    files = {f"{label}/{n}.png": (photos / label / f"{n}.png").read_bytes() for label in ("red", "blue") for n in "123"}
    ways = {
        "zip": packed(files),
        "7z": seven(list(files), list(map(len, files.values())), b"".join(files.values())),
        "tar.xz": lzma.compress(tar(files)),
        "in.zip": packed({"photos.tar": tar(files)}),
    }
    found = set()
    for kind, data in ways.items():
        target = tmp_path / kind
        target.mkdir()
        *_, end = import_images(kept(tmp_path, data, f"photos.{kind}"), target, name="photos")
        assert isinstance(end, RunEnd)
        found.add(end.result["id"])
    assert len(found) == 1
