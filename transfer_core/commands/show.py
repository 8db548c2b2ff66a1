"""`show`: all that a workspace knows of one dataset or run."""

import argparse
from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np

from transfer_core.commands.follow import root, table
from transfer_core.commands.listed import when
from transfer_core.commands.named import bytes_of, named
from transfer_core.errors import GraftError
from transfer_core.types import SPLITS, Dataset, Remark, Run, attributes
from transfer_core.words import duration, size
from transfer_core.workspace import SETTINGS, Score, Workspace

FIGURES = ("images", "accuracy", "interval", "macro_f1", "log_loss", "ece")
Shown = tuple[dict[str, Any], str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="DATASET|RUN", help="a dataset's name, or an id or its beginning")


def show(options: argparse.Namespace) -> Shown:
    with Workspace(root(options), write=False) as workspace:
        found = named(workspace, options.what)
        return _run(workspace, found) if isinstance(found, Run) else _dataset(workspace, found)


def _dataset(workspace: Workspace, dataset: Dataset) -> Shown:
    runs = (*workspace.runs.list(dataset.id), *workspace.ensembles.list(dataset.id))
    folder, taken = workspace.datasets.folder(dataset), bytes_of(workspace.datasets.files(dataset))
    splits = {split: dataset.count(number) for number, split in enumerate(SPLITS)}
    counts = {
        name: {split: int(np.sum((dataset.labels == label) & (dataset.splits == n))) for n, split in enumerate(SPLITS)}
        for label, name in enumerate(dataset.classes)
    }
    problems = dict(Counter(problem.kind for problem in dataset.problems))
    result = {
        "dataset": dataset.id,
        "name": dataset.name,
        "created": dataset.created,
        "images": len(dataset),
        "splits": splits,
        "splits_from": dataset.splits_from,
        "classes": counts,
        "problems": [asdict(problem) for problem in dataset.problems],
        "runs": [run.id for run in runs],
        **attributes(workspace.remarks.get(dataset.id), "note", "tags"),
        "folder": str(folder),
        "bytes": taken,
    }
    rows = [("class", *SPLITS), *((name, *(f"{n:,}" for n in of.values())) for name, of in counts.items())]
    dealt = (
        f"dealt by Graft, seed {dataset.seed}" if dataset.splits_from == "seed" else f"from the {dataset.splits_from}"
    )
    lines = [
        f"{dataset.name} ({dataset.id}), of {when(dataset.created)}",
        f"  images    {len(dataset):,}: " + ", ".join(f"{count:,} {split}" for split, count in splits.items()),
        f"  splits    {dealt}",
        f"  problems  {', '.join(f'{n} {kind}' for kind, n in problems.items()) or 'none'}",
        f"  runs      {', '.join(run.id for run in runs) or 'none'}",
        f"  files     {folder} ({size(taken)} with what is kept for later runs)",
        *_remarked(workspace.remarks.get(dataset.id)),
        "",
        *(f"  {line}" for line in table(rows, right=range(1, 9))),
    ]
    return result, "\n".join(lines)


def _run(workspace: Workspace, run: Run) -> Shown:
    title = workspace.runs.title(run)
    dataset = workspace.datasets.get(run.recipe.dataset)
    score, untested = _score(workspace, run)
    folder, bundle = workspace.runs.folder(run), workspace.exports.bundle(run.id)
    kept = sorted(file.name for file in folder.iterdir() if file.is_file()) if folder.is_dir() else []
    result = {
        "run": run.id,
        "title": title,
        "dataset": dataset.id,
        "name": dataset.name,
        **attributes(run.remark, "note", "tags"),
        **attributes(run, "status", "error", "device", "created", "started", "finished"),
        **attributes(run, "seconds", "whole_seconds", "images_per_second", "peak_bytes", "tap", "depth_curve"),
        **attributes(run, "epochs_done", "epochs_planned", "val_accuracy", "test_accuracy"),
        "score": None if score is None else attributes(score, *FIGURES) | {"confusion": score.confusion.tolist()},
        "recipe": None if run.members else asdict(run.recipe),
        "members": [member.id for member in run.members],  # of an ensemble
        "folder": str(folder),
        "files": kept,
        "bundle": None if bundle is None else str(bundle),
    }
    lines = [
        f"{title} ({run.id})",
        f"  dataset   {dataset.name} ({dataset.id})",
        f"  status    {run.stopped_words or run.status}{f': {run.error}' if run.error else ''}",
        f"  begun     {when(run.created)}, on {run.device}",
    ]
    lines += _remarked(run.remark)
    if run.whole_seconds is not None:
        speed = f", {run.images_per_second:,.0f} images/s" if run.images_per_second else ""
        memory = f", {size(run.peak_bytes)} of memory" if run.peak_bytes else ""
        lines.append(f"  took      {duration(run.whole_seconds)}{speed}{memory}")
    lines += [f"  tested    {_score_words(score)}" if score is not None else f"  tested    {untested}"]
    if run.val_accuracy is not None:
        lines.append(f"  validated {run.val_accuracy:.1%}")
    if run.tap:
        lines.append(f"  layer     {run.tap}")
    lines.append(f"  files     {folder}: {', '.join(kept) or 'none'}")
    if run.members:
        return result, "\n".join([*lines, f"  members   {', '.join(member.id for member in run.members)}"])
    lines += ["", "  recipe"]
    settings = workspace.strategies.get(run.recipe.strategy).settings
    known = ("strategy", "backbone", *(name for name in SETTINGS if name in settings))
    rows = [(name, str(getattr(run.recipe, name))) for name in known]
    return result, "\n".join([*lines, *(f"    {line}" for line in table(rows))])


def _remarked(remark: Remark) -> list[str]:
    """Its note and tags, where there are any."""
    return [f"  note      {remark.note}"] * bool(remark.note) + [f"  tags      {', '.join(remark.tags)}"] * bool(
        remark.tags
    )


def _score(workspace: Workspace, run: Run) -> tuple[Score | None, str]:
    """How a run did on the test images, or why that is not known."""
    if not run.tested:
        return None, "no: its members share no test images" if run.members else "no"
    try:
        return workspace.comparisons.make([run.id]).scores[0], ""
    except GraftError as error:
        return None, str(error)


def _score_words(score: Score) -> str:
    low, high = score.interval
    return (
        f"{score.accuracy:.1%} of {score.images:,} images right (95 % interval {low:.1%} to {high:.1%}), "
        f"F1 {score.macro_f1:.3f}, log loss {score.log_loss:.3f}, calibration error {score.ece:.3f}"
    )
