"""The command line: another face of Workspace. Jobs run in this process.

Exit code 0, or 2 with one line on standard error for a user's error, or 1 with one for an error that nobody foresaw;
its traceback stands in the workspace's log. With `--json`, standard output is one JSON document and nothing else.
"""

import argparse
import io
import json
import os
import sys
import tempfile
import textwrap
from collections.abc import Callable, Sequence
from contextlib import closing, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transfer_core.commands import (
    advise,
    check,
    compare,
    correct,
    data,
    delete,
    export,
    listed,
    lists,
    predict,
    rates,
    rename,
    report,
    run,
    serve,
    show,
)
from transfer_core.commands.follow import root
from transfer_core.errors import disk_words, foreseen
from transfer_core.journal import Journal
from transfer_core.workspace import expanded

Call = Callable[[argparse.Namespace], tuple[dict[str, Any], str]]


@dataclass(frozen=True, kw_only=True)
class Command:
    """A word after `graft`."""

    name: str
    call: Call
    arguments: Callable[[argparse.ArgumentParser], None] | None = None
    does: str
    examples: tuple[str, ...]


COMMANDS = (
    Command(
        name="import",
        call=data.import_images,
        arguments=data.import_arguments,
        does="take in a zip or a folder of labelled images",
        examples=('graft import photos.zip --name "my photos"', "graft import ~/pictures/birds"),
    ),
    Command(
        name="example",
        call=data.draw_example,
        arguments=data.example_arguments,
        does="draw a built-in example",
        examples=("graft example wallpaper",),
    ),
    Command(
        name="list",
        call=listed.listed,
        arguments=listed.add_arguments,
        does="the datasets and runs that there are",
        examples=("graft list", 'graft list runs --dataset "my photos"', "graft list datasets --json"),
    ),
    Command(
        name="show",
        call=show.show,
        arguments=show.add_arguments,
        does="one dataset or run in full: recipe, status, scores, files",
        examples=('graft show "my photos"', "graft show 3f9a"),
    ),
    Command(
        name="rename",
        call=rename.rename,
        arguments=rename.add_arguments,
        does="give a dataset another name",
        examples=('graft rename "my photos" birds',),
    ),
    Command(
        name="delete",
        call=delete.delete,
        arguments=delete.add_arguments,
        does="remove datasets with their runs, or runs, for good",
        examples=("graft delete birds", "graft delete 3f9a 77c0 --yes"),
    ),
    Command(
        name="advise",
        call=advise.advise,
        arguments=advise.add_arguments,
        does="what the four scenarios recommend for a dataset",
        examples=(
            "graft advise birds --similarity different --budget ample --domain no",
            "graft advise birds --measure --pilots 120 --seconds 600",
        ),
    ),
    Command(
        name="strategies",
        call=lists.strategies,
        does="the ways of transferring, and when to take which",
        examples=("graft strategies",),
    ),
    Command(
        name="backbones",
        call=lists.backbones,
        arguments=lists.backbones_arguments,
        does="the networks to start from, and a user's own weights",
        examples=("graft backbones", "graft backbones --add weights.pth --arch resnet50 --name mine"),
    ),
    Command(
        name="run",
        call=run.run,
        arguments=run.add_arguments,
        does="train with one strategy",
        examples=(
            "graft run birds --strategy linear_probe --px 160",
            "graft run birds --strategy fine_tune_all --augment standard --flip no --seeds 3",
            "graft run birds --strategy linear_svm --folds 5",
            "graft run birds --recipe recipe.json --per-class 20",
        ),
    ),
    Command(
        name="rates",
        call=rates.rates,
        arguments=rates.add_arguments,
        does="try learning rates on a few steps, to see which ones learn",
        examples=("graft rates birds --strategy fine_tune_all",),
    ),
    Command(
        name="compare",
        call=compare.compare,
        arguments=compare.add_arguments,
        does="finished runs of one dataset side by side",
        examples=("graft compare 3f9a 77c0",),
    ),
    Command(
        name="correct",
        call=correct.correct,
        arguments=correct.add_arguments,
        does="a corrected version of a dataset, from a table",
        examples=("graft correct birds label-errors.csv",),
    ),
    Command(
        name="report",
        call=report.report,
        arguments=report.add_arguments,
        does="a comparison as one HTML file and one JSON",
        examples=("graft report birds report.html", "graft report birds two.html --runs 3f9a 77c0"),
    ),
    Command(
        name="predict",
        call=predict.predict,
        arguments=predict.add_arguments,
        does="what a finished run says of new images",
        examples=(
            "graft predict 3f9a photos/ more.zip --by-doubt --out answers.csv",
            "graft predict 3f9a owl.jpg --json",
        ),
    ),
    Command(
        name="export",
        call=export.export,
        arguments=export.add_arguments,
        does="a finished run as a checked zip that needs no Graft",
        examples=("graft export 3f9a model.zip", "graft export 3f9a model.zip --fp16"),
    ),
    Command(
        name="serve",
        call=serve.serve,
        arguments=serve.add_arguments,
        does="a finished run, or a bundle, over HTTP, on this machine",
        examples=("graft serve 3f9a", "graft serve model.zip --port 8080"),
    ),
    Command(
        name="check",
        call=check.check,
        does="whether the workspace's database is whole",
        examples=("graft check --workspace ~/graft",),
    ),
)
FIRST_STEPS = (
    "graft example wallpaper",
    "graft advise wallpaper",
    "graft run wallpaper --strategy linear_probe",
    "graft list",
)
NAMES = """Where a dataset or run is named, the beginning of its id does too, as long as it fits one alone.
`graft COMMAND --help` says more of a command, with examples."""


def main(arguments: list[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a name shows its numbers
    options = _parser().parse_args(arguments)
    try:
        for value in vars(options).values():
            if isinstance(value, Path):
                expanded(value)
        with redirect_stdout(sys.stderr):  # where libraries that print may do so
            result, text = options.call(options)
        said = json.dumps(result) if options.json else text
    except KeyboardInterrupt:
        return _failed("stopped.", 130)
    except Exception as error:  # noqa: BLE001 - the last place where an error can become a line
        words = foreseen(error)
        return _failed(words, 2) if words else _failed(_unforeseen(error, options), 1)
    try:
        print(said, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python tries once more when it ends
        if not isinstance(error, BrokenPipeError):  # its reader, `head` say, has seen enough
            return _failed(disk_words(error, "standard output"), 2)
    return 0 if result.get("whole", True) else 2  # `check` alone may come to an end that is none


def _failed(sentence: str, code: int) -> int:
    with suppress(OSError):
        print(f"graft: {' '.join(sentence.split())}", file=sys.stderr, flush=True)
    return code


def _unforeseen(error: Exception, options: argparse.Namespace) -> str:
    """What to say of it, once its traceback stands in the workspace's log; in one of its own where that cannot be."""
    place = root(options)
    for folder in (place if place.is_dir() else None, None):
        with suppress(OSError), closing(Journal(folder or Path(tempfile.mkdtemp(prefix="graft-")))) as journal:
            id = journal.caught(error, f"`{options.name_of_command}` failed")
            if not journal.lost:
                return f"Something in Graft went wrong here. {journal.file} says what, under {id}."
    return "Something in Graft went wrong here, and no log of it could be written."


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--workspace", type=Path, metavar="PATH", help="folder of the workspace (or GRAFT_WORKSPACE)")
    common.add_argument(
        "--json", action="store_true", help="print one JSON document, and nothing else, on standard output"
    )
    parser = argparse.ArgumentParser(
        prog="graft",
        description="Transfer learning, compared.",
        epilog=f"{NAMES}\n\n{_shown(FIRST_STEPS)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        added = commands.add_parser(
            command.name,
            parents=[common],
            help=command.does,
            description=f"{command.does[0].upper()}{command.does[1:]}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        added.set_defaults(call=command.call, name_of_command=command.name)
        if command.arguments is not None:
            command.arguments(added)
        more = [textwrap.fill(added.epilog, 100)] if added.epilog else []
        added.epilog = "\n\n".join([*more, _shown(command.examples)])
    return parser


def _shown(examples: Sequence[str]) -> str:
    return "\n".join(["examples:", *(f"  {example}" for example in examples)])
