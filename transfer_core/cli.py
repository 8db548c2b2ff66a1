"""The command line: another face of Workspace. Jobs run in this process.

Exit code 0, or 2 with one line on standard error for a user's error. `--json` prints one JSON object last.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from transfer_core.commands import advise, compare, correct, data, lists, rates, report, run
from transfer_core.errors import GraftError

COMMANDS = (  # name, its function, its arguments, what it does
    ("import", data.import_images, data.import_arguments, "take in a zip or a folder of labelled images"),
    ("example", data.draw_example, data.example_arguments, "draw a built-in example"),
    ("advise", advise.advise, advise.add_arguments, "what the four scenarios recommend for a dataset"),
    ("strategies", lists.strategies, None, "the ways of transferring, and when to take which"),
    ("run", run.run, run.add_arguments, "train with one strategy"),
    ("rates", rates.rates, rates.add_arguments, "try learning rates on a few steps, to see which ones learn"),
    ("backbones", lists.backbones, lists.backbones_arguments, "the networks to start from, and a user's own weights"),
    ("compare", compare.compare, compare.add_arguments, "finished runs of one dataset side by side"),
    ("correct", correct.correct, correct.add_arguments, "a corrected version of a dataset, from a table"),
    ("report", report.report, report.add_arguments, "a comparison as one HTML file and one JSON"),
)


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        result, text = options.call(options)
    except GraftError as error:
        print(f"graft: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("graft: stopped.", file=sys.stderr)
        return 130
    try:
        print(text)
        if options.json:
            print(json.dumps(result))
        sys.stdout.flush()
    except BrokenPipeError:  # its reader, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--workspace", type=Path, metavar="PATH", help="folder of the workspace (or GRAFT_WORKSPACE)")
    common.add_argument("--json", action="store_true", help="print one JSON object last")
    parser = argparse.ArgumentParser(prog="python -m transfer_core", description="Transfer learning, compared.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, call, add_arguments, text in COMMANDS:
        added = commands.add_parser(name, parents=[common], help=text, description=text)
        added.set_defaults(call=call)
        if add_arguments is not None:
            add_arguments(added)
    return parser
