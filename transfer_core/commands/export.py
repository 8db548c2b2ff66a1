"""`export`: a finished run as one zip that needs no Graft."""

import argparse
import shutil
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

from transfer_core.commands.follow import add_promise, follow, put, root
from transfer_core.commands.named import run_or_taken
from transfer_core.errors import GraftError
from transfer_core.words import count, duration, percent, size
from transfer_core.workspace import Workspace

FACTS = "model.json"  # that every bundle has


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run", metavar="RUN", help="id of a finished run, or its beginning; a dataset: the one to take of it"
    )
    parser.add_argument("out", type=Path, metavar="OUT.zip", help="where the bundle goes")
    add_promise(parser)
    parser.add_argument("--fp16", action="store_true", help="with a second graph in half precision, and what it costs")


def export(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Make the bundle, check it, and put it where it is wanted. Only another bundle is replaced."""
    out = options.out.expanduser()
    _require_place(out)
    with Workspace(root(options)) as workspace:
        run = run_or_taken(workspace, options.run).id
        job = workspace.exports.submit(run, fp16=options.fp16, promise=options.promise)
        end = follow(workspace, job, "cpu")
        bundle = workspace.exports.bundle(run)
        if end.status != "done" or bundle is None:
            raise GraftError("The export was stopped, so there is no bundle.")
        put(out, partial(shutil.copyfile, bundle))
    return {"run": run, "out": str(out), **{k: v for k, v in end.result.items() if k != "file"}}, text(
        out, run, end.result
    )


def text(out: Path, run: str, done: dict[str, Any]) -> str:
    """What the check found, and what half precision costs."""
    ties = f" ({count(done['ties'])} more are ties)" if done["ties"] else ""
    said = (
        f"{out} holds run {run}: {size(done['bytes'])}, in {duration(done['seconds'])}.\n"
        f"Loaded by a fresh process it gave {count(done['agree'])} of {count(done['images'])} {done['split']} images"
        f" the run's own class{ties}; probabilities differ by {done['largest_difference']:.1e} at most."
    )
    if half := done["fp16"]:
        said += (
            f"\nIn half precision: {size(half['bytes'])}, {percent(half['accuracy'])} right (full"
            f" {percent(half['accuracy_full'])}), {half['images_per_second']:.1f} images/s here (full"
            f" {half['images_per_second_full']:.1f})."
        )
    return said


def _require_place(out: Path) -> None:
    """Raises GraftError for a place that cannot take a bundle."""
    if out.suffix.lower() != ".zip":
        raise GraftError(f"{out} does not end in .zip. Name the bundle, say {out.stem or 'model'}.zip.")
    if not out.parent.is_dir():
        raise GraftError(f"There is no folder {out.parent}. Make it first, or name another one.")
    if out.exists() and not _is_bundle(out):
        raise GraftError(f"{out} is there already and is no bundle of Graft's. Name another file.")


def _is_bundle(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as packed:
            return any(name.endswith(f"/{FACTS}") for name in packed.namelist())
    except (OSError, zipfile.BadZipFile):
        return False
