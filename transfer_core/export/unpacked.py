"""A bundle ready to answer: unpacked, held against the SHA-256 of its files, loaded by its own program. No torch."""

import importlib.util
import json
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path, PureWindowsPath
from typing import Any

from transfer_core.data import pictures
from transfer_core.errors import ExportError, disk_words
from transfer_core.types import file_sha256

FACTS, FORMAT = "model.json", "graft bundle"
PROGRAM = Path(__file__).with_name("in-bundle") / "predict.py"  # Graft's own copy: code in a bundle is not run
PICTURES = "graft_pictures"  # what predict.py calls `data.pictures`
MOST_BYTES = 8 << 30  # of an unpacked bundle; an ONNX graph holds at most 2 GiB
MOST_FACTS = 64 << 20
AGAIN = "Export the run again, or take the bundle from where it was exported."


def is_bundle(folder: Path) -> bool:
    """Whether a folder says that it is an unpacked bundle."""
    try:
        found = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and str(found.get("format")).startswith(FORMAT)


@contextmanager
def unpacked(bundle: Path) -> Iterator[Path]:
    """The folder of a bundle's zip, which is gone after the block, or the folder itself; its files are as exported.

    Raises ExportError for what is no bundle, and for a file that is missing or was changed.
    """
    if bundle.is_dir():
        _require_whole(bundle, bundle)
        yield bundle
        return
    with tempfile.TemporaryDirectory(prefix="graft-bundle-") as made:
        try:
            with zipfile.ZipFile(bundle) as packed:
                _unpack(packed, bundle, Path(made))
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
            raise ExportError(f"{bundle} is no zip that can be read ({error}). {AGAIN}") from error
        except OSError as error:
            raise ExportError(disk_words(error, bundle)) from error
        _require_whole(Path(made), bundle)
        yield Path(made)


def _unpack(packed: zipfile.ZipFile, bundle: Path, folder: Path) -> None:
    """What the facts name, nothing else."""
    inside = {each.filename: each for each in packed.infolist()}
    facts = [name for name in inside if name.count("/") == 1 and name.endswith(f"/{FACTS}")]
    if len(facts) != 1:
        raise ExportError(f"{bundle} is no bundle of Graft's: it holds no folder with a {FACTS}. {AGAIN}")
    top = facts[0].removesuffix(FACTS)
    if inside[facts[0]].file_size > MOST_FACTS:
        raise ExportError(f"{bundle} is no bundle of Graft's: its {FACTS} is too large to be one. {AGAIN}")
    (folder / FACTS).write_bytes(packed.read(facts[0]))
    wanted = [name for name in _files(folder, bundle) if top + name in inside]
    if sum(inside[top + name].file_size for name in wanted) > MOST_BYTES:
        raise ExportError(f"{bundle} unpacks to more than {MOST_BYTES >> 30} GiB, so it was not opened.")
    for name in wanted:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with packed.open(top + name) as source, (folder / name).open("wb") as out:
            shutil.copyfileobj(source, out)


def _files(folder: Path, bundle: Path) -> dict[str, str]:
    """SHA-256 by the names of a bundle's files. Raises ExportError for what is no bundle."""
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        files = {str(name): str(sha256) for name, sha256 in facts["files"].items()}
        known = str(facts["format"]).startswith(FORMAT) and facts["onnx"]["file"] in files
    except OSError as error:
        raise ExportError(f"{bundle} is no bundle of Graft's: {disk_words(error)}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExportError(f"{bundle} is no bundle of Graft's: its {FACTS} cannot be read. {AGAIN}") from error
    if not known or not all(map(_is_inside, files)):
        raise ExportError(f"{bundle} is no bundle of Graft's: its {FACTS} says what no bundle does. {AGAIN}")
    return files


def _is_inside(name: str) -> bool:
    """Whether it names a file in a folder, on every system: Windows' paths have all that leads out of one."""
    path = PureWindowsPath(name)
    return bool(path.name) and "\0" not in name and not path.anchor and ".." not in path.parts


def _require_whole(folder: Path, bundle: Path) -> None:
    for name, sha256 in _files(folder, bundle).items():
        try:
            found = file_sha256(folder / name)
        except OSError as error:
            raise ExportError(f"{bundle} is damaged: {name} is not there. {AGAIN}") from error
        if found != sha256:
            raise ExportError(f"{bundle} is damaged: {name} is not the file that was exported, by its SHA-256. {AGAIN}")


def model(folder: Path) -> Any:
    """The model of an unpacked bundle, a `Model` of its predict.py: squares, probabilities, sure, card.

    Raises ExportError where it cannot be loaded.
    """
    if importlib.util.find_spec("onnxruntime") is None:
        raise ExportError("A bundle answers by onnxruntime, which is not installed. requirements.txt lists it.")
    try:
        found = _program().load(folder)
        (
            found.card["members"][0]["recipe"],
            found.card["data"]["name"],
            found.card["metrics"]["accuracy"],
            found.card["certainty"]["threshold"],
        )
    except Exception as error:  # a graph or facts that somebody wrote by hand raise almost anything
        words = " ".join(f"{type(error).__name__}: {error}".split())
        raise ExportError(f"The bundle's network or its {FACTS} cannot be read ({words}). {AGAIN}") from error
    return found


@cache
def _program() -> Any:
    spec = importlib.util.spec_from_file_location("graft_bundle_predict", PROGRAM)
    assert spec is not None and spec.loader is not None
    sys.modules[PICTURES] = pictures  # its copy lies in the bundle
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    return program
