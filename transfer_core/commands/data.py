"""`import` and `example`: images taken in."""

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from transfer_core.commands.follow import follow, root
from transfer_core.types import NEWEST, SPLITS, Dataset
from transfer_core.workspace import ARCHIVES, Preview, Workspace

SHOWN = 30  # classes of a plan


def import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=Path, help=f"a folder, or {ARCHIVES}")
    parser.add_argument("--name", default="", help="what to call it (default: the file's name)")
    parser.add_argument(
        "--labels",
        default="",
        metavar="HOW",
        help="where classes stand: folder, leaf (the deepest folder), level:2, name:{label}_# (of files; # is a "
        "number), or a table's path (default: found out)",
    )
    parser.add_argument("--encoding", default="", help="of names in a zip that do not say theirs, as gbk")
    parser.add_argument("--dry-run", action="store_true", help="show what would become of it; nothing is taken in")
    parser.add_argument(
        "--bands", type=_bands, default=NEWEST.bands, metavar="R,G,B", help="which of more than three (default: 1,2,3)"
    )


def _bands(text: str) -> tuple[int, ...]:
    found = tuple(int(each) for each in text.split(",") if each.strip().isdecimal())
    if len(found) != 3 or text.count(",") != 2 or min(found) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not three numbers of bands, such as 4,3,2")
    return found


def example_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="wallpaper or digits")


def import_images(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    with Workspace(root(options)) as workspace:
        how = {"labels": options.labels, "encoding": options.encoding}
        if options.dry_run:
            return _planned(workspace.datasets.preview_path(options.path, **how))
        made = workspace.datasets.import_path(options.path, name=options.name, bands=options.bands, **how)
        return imported(workspace, made)


def draw_example(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    with Workspace(root(options)) as workspace:
        return imported(workspace, workspace.datasets.import_example(options.name))


def _planned(found: Preview) -> tuple[dict[str, Any], str]:
    left_out = sum(problem.files for problem in found.left_out)
    result = {
        "labels": found.reading.labels,
        "reading": found.reading.title,
        "asks": found.question,
        "classes": found.counts,
        "splits": found.splits,
        "unlabelled": found.unlabelled,
        "left_out": left_out,
        "others": [{"labels": each.labels, "reading": found.said(each)} for each in found.readings[1:]],
        "encoding": found.encoding,
    }
    counts = found.counts
    splits = ", ".join(f"{count:,} {split}" for split, count in found.splits.items()) or "no splits of its own"
    lines = [found.question] if found.asks else []
    lines.append(f"{found.name}: {found.said(found.reading)}, {found.images:,} images, {splits}")
    lines += [f"  {label}: {count:,}" for label, count in list(counts.items())[:SHOWN]]
    if len(counts) > SHOWN:
        lines.append(f"  … and {len(counts) - SHOWN:,} more classes")
    if found.unlabelled:
        lines.append(f"  without a label, kept for prediction: {found.unlabelled:,}")
    lines += [f"  left out: {each.file}: {each.reason}" for each in found.left_out[:10]]
    if len(found.left_out) > 10:
        lines.append(f"  left out: {left_out - 10:,} more")
    lines += [f"  {note}" for note in found.notes[:10]]
    lines += [f"  --labels {each.labels!r}: {found.said(each)}" for each in found.readings[1:]]
    return result, "\n".join(lines)


def imported(workspace: Workspace, job: str) -> tuple[dict[str, Any], str]:
    end = follow(workspace, job, "cpu")
    dataset = workspace.datasets.get(end.result["id"])
    splits = {split: dataset.count(number) for number, split in enumerate(SPLITS)}
    result = {
        "dataset": dataset.id,
        "name": dataset.name,
        "classes": list(dataset.classes),
        "splits": splits,
        "problems": len(dataset.problems),
    }
    return result, _imported_text(dataset, splits, known=bool(end.result.get("known")))


def _imported_text(dataset: Dataset, splits: dict[str, int], *, known: bool) -> str:
    head = f"{dataset.name} ({dataset.id}): {len(dataset):,} images, {len(dataset.classes)} classes, " + ", ".join(
        f"{count:,} {split}" for split, count in splits.items()
    )
    lines = ["This dataset was here before; nothing was added."] if known else []
    lines.append(head)
    lines += [f"  {f'{each.file}: ' * bool(each.file)}{each.reason}" for each in dataset.problems[:10]]
    if len(dataset.problems) > 10:
        kinds = Counter(problem.kind for problem in dataset.problems)
        lines.append("  in all: " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()))
    return "\n".join(lines)
