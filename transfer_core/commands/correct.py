"""`correct`: what becomes of a dataset's images, from a table such as the list of likely label errors."""

import argparse
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from transfer_core.commands.data import imported
from transfer_core.commands.follow import root
from transfer_core.errors import GraftError
from transfer_core.types import Dataset, Mark
from transfer_core.words import from_cell
from transfer_core.workspace import Workspace

TABLE = (
    'The table has a column "file" and at least one of "new label" and "drop". A class\'s name under "new label" gives '
    'the image that label, "yes" under "drop" leaves it out; with both empty it stays as it is. Two columns, because a '
    'class may be called "drop". Other columns are not looked at. The dataset itself is not changed.'
)
YES, NO = ("yes", "y", "x", "1", "true"), ("", "no", "n", "0", "false")
DELIMITERS = (",", ";", "\t")  # as spreadsheets of several languages write tables


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "%(prog)s DATASET MARKS.csv [--workspace PATH] [--json]"
    parser.epilog = TABLE
    parser.add_argument("dataset", help="name or id, or its beginning")
    parser.add_argument("marks", type=Path, metavar="MARKS.csv", help="the list that the Compare page saves, edited")


def correct(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    with Workspace(root(options)) as workspace:
        dataset = workspace.datasets.find(options.dataset)
        return imported(workspace, workspace.corrections.submit(dataset, marks(dataset, options.marks)))


def marks(dataset: Dataset, file: Path) -> tuple[Mark, ...]:
    """What the table says; images that keep their label are left out. Raises GraftError that names the line."""
    samples: dict[str, list[int]] = {}
    for number, path in enumerate(dataset.paths):
        samples.setdefault(path, []).append(number)
    classes = {name: [label] for label, name in enumerate(dataset.classes)}
    found: dict[int, tuple[int, int | None]] = {}  # by sample: the line, and the label or None
    for line, row in _rows(file):
        sample = _named(line, row["file"], samples, f"image of '{dataset.name}'")
        if sample is None:
            raise GraftError(f"Line {line} names no file. Name one, or take the line out.")
        label = _label(line, row, int(dataset.labels[sample]), classes)
        before, known = found.setdefault(sample, (line, label))
        if known != label:
            raise GraftError(f"Lines {before} and {line} say different things of '{row['file']}'. Keep one of them.")
    kept = {number: label for number, (_, label) in found.items() if label != dataset.labels[number]}
    return tuple(Mark(sample=number, label=label) for number, label in kept.items())


def _label(line: int, row: Mapping[str, str], own: int, classes: Mapping[str, Sequence[int]]) -> int | None:
    """The label that a row gives its image; None: it is dropped."""
    drop = row.get("drop", "").casefold()
    if drop not in (*YES, *NO):
        raise GraftError(f"Line {line} has '{row['drop']}' under \"drop\". Write yes, or leave it empty.")
    new = _named(line, row.get("new label", ""), classes, "class")
    if drop in YES and new is not None:
        raise GraftError(f"Line {line} has both a new label and a drop. Keep one of them.")
    return None if drop in YES else own if new is None else new


def _named(line: int, cell: str, known: Mapping[str, Sequence[int]], what: str) -> int | None:
    """What a cell names, with or without the apostrophe that keeps it from being a formula; None when it is empty."""
    if not cell:
        return None
    found = [number for name in dict.fromkeys((cell, from_cell(cell))) for number in known.get(name, ())]
    if not found:
        few = f" There is: {', '.join(known)}." if len(known) <= 20 else ""
        raise GraftError(f"Line {line} names '{cell}', which is no {what}.{few}")
    if len(found) > 1:
        raise GraftError(f"Line {line} names '{cell}', which may be more than one {what}. Mark it on the Compare page.")
    return found[0]


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, cells by column) of every row that is not empty. Raises GraftError for what is no such table."""
    try:
        text = file.expanduser().read_text(encoding="utf-8-sig")
    except OSError as error:
        raise GraftError(f"{file} cannot be read: {error.strerror}. Check the path.") from error
    except UnicodeDecodeError as error:
        raise GraftError(f"{file} is not text in UTF-8. In the spreadsheet, save it as CSV UTF-8.") from error
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=head.count))
    try:
        columns = [name.strip().casefold() for name in next(reader, [])]
        if "file" not in columns or not {"new label", "drop"} & set(columns):
            raise GraftError(f'{file} needs a column "file", and "new label" or "drop", in its first line.')
        for cells in reader:
            if any(cell.strip() for cell in cells):
                padded = [*(cell.strip() for cell in cells), *[""] * len(columns)]
                yield reader.line_num, dict(zip(columns, padded, strict=False))
    except csv.Error as error:
        raise GraftError(f"Line {reader.line_num} of {file} is no line of a table: {error}.") from error
