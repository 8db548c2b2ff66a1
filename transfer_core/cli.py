"""The command line: another face of Workspace. Jobs run in this process.

Exit code 0, or 2 with one line on standard error for a user's error, or 1 with one for an error that nobody foresaw;
its traceback stands in the workspace's log. `--json` prints one JSON object last.
"""

import argparse
import io
import json
import os
import sys
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from transfer_core.commands import advise, check, compare, correct, data, export, lists, predict, rates, report, run
from transfer_core.commands.follow import root
from transfer_core.errors import disk_words, foreseen
from transfer_core.journal import Journal
from transfer_core.workspace import expanded

COMMANDS = (  # name, its function, its arguments, what it does
    ("import", data.import_images, data.import_arguments, "take in a zip or a folder of labelled images"),
    ("example", data.draw_example, data.example_arguments, "draw a built-in example"),
    ("advise", advise.advise, advise.add_arguments, "what the four scenarios recommend for a dataset"),
    ("strategies", lists.strategies, None, "the ways of transferring, and when to take which"),
    ("run", run.run, run.add_arguments, "train with one strategy"),
    ("rates", rates.rates, rates.add_arguments, "try learning rates on a few steps, to see which ones learn"),
    ("backbones", lists.backbones, lists.backbones_arguments, "the networks to start from, and a user's own weights"),
    ("compare", compare.compare, compare.add_arguments, "finished runs of one dataset side by side"),
    ("predict", predict.predict, predict.add_arguments, "what a finished run says of new images"),
    ("correct", correct.correct, correct.add_arguments, "a corrected version of a dataset, from a table"),
    ("report", report.report, report.add_arguments, "a comparison as one HTML file and one JSON"),
    (
        "export",
        export.export,
        export.add_arguments,
        "a finished run as a checked zip that needs no Graft",
    ),
    ("check", check.check, None, "whether the workspace's database is whole"),
)


def main(arguments: list[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a name shows its numbers
    options = _parser().parse_args(arguments)
    try:
        for value in vars(options).values():
            if isinstance(value, Path):
                expanded(value)
        result, text = options.call(options)
        said = "\n".join([text, json.dumps(result)] if options.json else [text])
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
    common.add_argument("--json", action="store_true", help="print one JSON object last")
    parser = argparse.ArgumentParser(prog="graft", description="Transfer learning, compared.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, call, add_arguments, text in COMMANDS:
        added = commands.add_parser(name, parents=[common], help=text, description=text)
        added.set_defaults(call=call, name_of_command=name)
        if add_arguments is not None:
            add_arguments(added)
    return parser
