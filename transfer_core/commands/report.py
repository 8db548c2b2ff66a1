"""`report`: a comparison as two files, a page and its JSON."""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from transfer_core.commands.follow import put, root
from transfer_core.errors import GraftError
from transfer_core.workspace import REPORT_FORMAT, Workspace

LOOKED_AT = 2_000  # first bytes of a file: in them a report of Graft's says that it is one


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "%(prog)s DATASET OUT.html [--runs RUN ...] [--workspace PATH] [--json]"
    parser.add_argument("dataset", help="name or id, or its beginning")
    parser.add_argument("out", type=Path, metavar="OUT.html", help="the page; its JSON goes beside it, as OUT.json")
    parser.add_argument("--runs", nargs="+", metavar="RUN", help="(default: the best of each strategy, by validation)")


def report(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Write the report. A file that is there already is replaced only if it is a report itself."""
    files = _files(options.out.expanduser())
    with Workspace(root(options), write=False) as workspace:
        runs = options.runs and [workspace.runs.find(run).id for run in options.runs]
        made = workspace.comparisons.report(workspace.datasets.find(options.dataset), runs)
    for file, text in zip(files, (made.html, made.json), strict=True):
        put(file, partial(Path.write_text, data=text, encoding="utf-8"))
    page, values = files
    result = {"html": str(page), "json": str(values), "runs": made.runs, "verdict": made.verdict}
    return result, f"{made.verdict}\n\nThe report is in {page}, its figures in {values}."


def _files(page: Path) -> tuple[Path, Path]:
    """Where the page and its JSON go. Raises GraftError for a place that cannot take them."""
    if page.suffix.lower() not in (".html", ".htm"):
        raise GraftError(f"{page} does not end in .html. Name the page, say {page.stem or 'report'}.html.")
    if not page.parent.is_dir():
        raise GraftError(f"There is no folder {page.parent}. Make it first, or name another one.")
    files = page, page.with_suffix(".json")
    for file in files:
        if file.exists() and not _is_report(file):
            raise GraftError(f"{file} is there already and is no report of Graft's. Name another file.")
    return files


def _is_report(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return REPORT_FORMAT.partition(" ")[0].encode() in opened.read(LOOKED_AT)
    except OSError:
        return False
