"""From finished runs to a bundle that was checked: files in a folder, proved, then packed."""

import importlib.util
import os
import re
import shutil
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from transfer_core.compare.selective import PROMISED
from transfer_core.data import pictures
from transfer_core.errors import ExportError
from transfer_core.export.card import card
from transfer_core.export.check import PROGRAM, answers, checked, require
from transfer_core.export.facts import facts, half_facts, samples, verified
from transfer_core.export.graph import write_onnx
from transfer_core.export.members import Member, expected, read_member, require_alike
from transfer_core.export.unpacked import PICTURES
from transfer_core.kept import save_json
from transfer_core.strategies import strategy
from transfer_core.training.rows import chosen_rows
from transfer_core.types import SPLITS, Dataset, Event, Progress, RunEnd, StageStart, file_sha256, rendering

BUNDLE = "bundle.zip"
FILES = Path(__file__).with_name("in-bundle")  # no name of a package: these programs stand on their own
COPIED = (PROGRAM, "predict_torch.py", "test_bundle.py")
GRAPH, HALF, FACTS, CARD = "model.onnx", "model-fp16.onnx", "model.json", "README.md"
SAMPLES = 3
NEEDED = ("onnx", "onnxscript", "onnxruntime")


def export(
    runs: Sequence[Path],
    dataset: Dataset,
    *,
    workspace: Path,
    out: Path,
    fp16: bool = False,
    promise: float = PROMISED,
) -> Iterator[Event]:
    """Make the bundle of these runs' folders, the mean of whose calibrated probabilities it gives, in `out`, empty.

    Nothing is handed over unless a fresh process, with the bundle's own program, gave the stored answers for all test
    images. `fp16`: with a second graph, in half precision, and what that costs. `promise`: the accuracy of the answers
    that it calls sure. The last event's result says where the zip lies under `out`, how the check went, and what took
    how long.
    Raises ExportError or DatasetError with a sentence for the user.
    """
    _require_installed()
    clock = _Clock()
    yield StageStart(stage="read", title="Read the model", number=1, stages=3, unit="image")
    yield Progress(what="Reading the model", done=0, of=len(runs), unit="models")
    members = [read_member(folder) for folder in runs]
    require_alike(members)
    images = workspace / "datasets" / dataset.id / "samples"
    right = expected(members, dataset, images)
    clock.lap("read")

    yield StageStart(stage="write", title="Write it as one graph", number=2, stages=3, unit="image")
    yield Progress(what="Writing the graph", done=0, of=1, unit="graphs")
    folder = out / _name(members[0], dataset)
    folder.mkdir(parents=True)
    weights = ["model.safetensors", *(f"model-{number}.safetensors" for number in range(2, len(members) + 1))]
    for member, name in zip(members, weights, strict=True):
        shutil.copyfile(member.weights, folder / name)
    said = facts(members, weights, right, dataset, _used(dataset, members[0]), promise=promise)
    said["onnx"] = write_onnx(members, folder / GRAPH)
    for name in COPIED:
        shutil.copyfile(FILES / name, folder / name)
    copy_pictures(folder / PICTURES)
    _write_samples(folder / "samples", samples(right, dataset, SAMPLES), images, dataset)
    save_json(said, folder / FACTS)
    clock.lap("write")

    yield StageStart(stage="check", title=f"Check it on {right.split} images", number=3, stages=3, unit="image")
    files = [images / dataset.files[sample] for sample in right.samples.tolist()]
    found = yield from answers(folder, files, len(dataset.classes), out)
    result = checked(right.probabilities, found)
    require(result, right.split)
    clock.lap("check")
    if fp16:
        yield Progress(what="Writing it in half precision", done=0, of=1, unit="graphs")
        write_onnx(members, folder / HALF, half=True)
        clock.lap("write fp16")
        halved = yield from answers(folder, files, len(dataset.classes), out, graph=HALF)
        clock.lap("check fp16")
        rates = [len(files) / clock.laps[lap] for lap in ("check", "check fp16")]
        said["fp16"] = half_facts(folder / HALF, right, halved, rates)

    said["verified"] = verified(result, right.split)
    titles = [strategy(member.recipe.strategy).title for member in members]
    (folder / CARD).write_text(card(said, titles), encoding="utf-8")
    inside = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != FACTS)
    said["files"] = {file.relative_to(folder).as_posix(): file_sha256(file) for file in inside}
    save_json(said, folder / FACTS)
    _pack(folder, out / BUNDLE)
    clock.lap("pack")
    yield RunEnd(
        status="done",
        result=said["verified"]
        | {
            "file": BUNDLE,
            "bytes": (out / BUNDLE).stat().st_size,
            "onnx_bytes": (folder / GRAPH).stat().st_size,
            "opset": said["onnx"]["opset"],
            "fp16": said.get("fp16"),
            "seconds": clock.total,
            "parts": clock.laps,
        },
    )


def _require_installed() -> None:
    """Raises ExportError, before anything takes time, where the graph could not be written or checked."""
    lacking = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if lacking:
        raise ExportError(
            f"An export needs {' and '.join(lacking)}, which this Graft's environment lacks. Install what"
            " requirements.txt lists, then export again."
        )


class _Clock:
    """Seconds by part."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._began = self._last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name], self._last = now - self._last, now

    @property
    def total(self) -> float:
        return self._last - self._began


def _name(member: Member, dataset: Dataset) -> str:
    """Of the folder in the zip: letters, digits and hyphens alone."""
    words = re.sub(r"[^a-z0-9]+", "-", f"{dataset.name} {member.recipe.strategy}".lower()).strip("-")
    return words[:60].strip("-") or "model"


def _used(dataset: Dataset, member: Member) -> dict[str, int]:
    """Images by split that a run worked on."""
    chosen = chosen_rows(dataset, member.recipe)
    return {name: chosen.count(split) for split, name in enumerate(SPLITS)}


def copy_pictures(folder: Path) -> None:
    """The program that reads images, so that it finds what it needs beside itself."""
    folder.mkdir()
    known = "transfer_core.types.rendering"
    for file in (*sorted(Path(pictures.__file__).parent.glob("*.py")), Path(rendering.__file__)):
        text = file.read_text(encoding="utf-8").replace(f"from {known} import", "from .rendering import")
        (folder / file.name).write_text(text, encoding="utf-8")


def _write_samples(folder: Path, chosen: list[tuple[int, dict[str, Any]]], images: Path, dataset: Dataset) -> None:
    folder.mkdir()
    for sample, said in chosen:
        shutil.copyfile(images / dataset.files[sample], folder / said["file"])
    save_json([said for _, said in chosen], folder / "expected.json")


def _pack(folder: Path, file: Path) -> None:
    """One folder in one zip, on the disk before anybody is told of it. Nothing is deflated: weights hardly shrink."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
        for each in sorted(folder.rglob("*")):
            if each.is_file():
                packed.write(each, each.relative_to(folder.parent).as_posix())
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())
