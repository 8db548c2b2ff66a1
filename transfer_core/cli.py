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
    backup,
    check,
    compare,
    correct,
    data,
    delete,
    disk,
    export,
    goal,
    listed,
    lists,
    pack,
    predict,
    rates,
    rename,
    report,
    resume,
    run,
    serve,
    settings,
    show,
)
from transfer_core.commands.follow import root
from transfer_core.errors import disk_words, foreseen
from transfer_core.journal import Journal
from transfer_core.workspace import expanded

Call = Callable[[argparse.Namespace], tuple[dict[str, Any], str]]


@dataclass(frozen=True)
class Command:
    """A word after `graft`."""

    name: str
    does: str
    call: Call
    arguments: Callable[[argparse.ArgumentParser], None] | None = None

    @property
    def examples(self) -> list[str]:
        return [line for line in EXAMPLES.splitlines() if line.split()[1:2] == [self.name]]


COMMANDS = (
    Command("import", "take in an archive or a folder of labelled images", data.import_images, data.import_arguments),
    Command("example", "draw a built-in example", data.draw_example, data.example_arguments),
    Command("list", "the datasets and runs that there are", listed.listed, listed.add_arguments),
    Command("show", "one dataset or run in full: recipe, status, scores, files", show.show, show.add_arguments),
    Command("rename", "give a dataset or a run another name", rename.rename, rename.add_arguments),
    Command("note", "write a note on a dataset or a run", rename.note, rename.note_arguments),
    Command("tag", "tag a dataset or a run", rename.tag, rename.tag_arguments),
    Command("delete", "remove datasets with their runs, or runs, for good", delete.delete, delete.add_arguments),
    Command(
        "goal", "what counts for a dataset: accuracy, macro-F1, or the recall of a class", goal.goal, goal.add_arguments
    ),
    Command("advise", "what the four scenarios recommend for a dataset", advise.advise, advise.add_arguments),
    Command("strategies", "the ways of transferring, and when to take which", lists.strategies),
    Command(
        "backbones", "the networks to start from, and a user's own weights", lists.backbones, lists.backbones_arguments
    ),
    Command("run", "train with one strategy", run.run, run.add_arguments),
    Command("resume", "go on with runs that were interrupted", resume.resume, resume.add_arguments),
    Command("rates", "try learning rates on a few steps, to see which ones learn", rates.rates, rates.add_arguments),
    Command("compare", "finished runs of one dataset side by side", compare.compare, compare.add_arguments),
    Command("correct", "a corrected version of a dataset, from a table", correct.correct, correct.add_arguments),
    Command("report", "a comparison as one HTML file and one JSON", report.report, report.add_arguments),
    Command("predict", "what a finished run says of new images", predict.predict, predict.add_arguments),
    Command("export", "a finished run as a checked zip that needs no Graft", export.export, export.add_arguments),
    Command("serve", "a finished run, or a bundle, over HTTP, on this machine", serve.serve, serve.add_arguments),
    Command("settings", "what holds in the whole workspace, and setting it", settings.settings, settings.add_arguments),
    Command("disk", "what takes room, and freeing what can be made again", disk.disk, disk.add_arguments),
    Command("backup", "the whole workspace as one file, also while it trains", backup.backup, backup.add_arguments),
    Command("restore", "a new workspace from a backup, checked", backup.restore, backup.restore_arguments),
    Command("pack", "one dataset with its runs as one file", pack.pack, pack.add_arguments),
    Command("unpack", "add a packed dataset with its runs", pack.unpack, pack.unpack_arguments),
    Command("check", "whether the workspace's database is whole", check.check),
)
EXAMPLES = r"""
graft import photos.zip --name "my photos"
graft import ~/pictures/birds
graft example wallpaper
graft example digits
graft list
graft list runs --dataset "my photos"
graft list datasets --json
graft show "my photos"
graft show 3f9a
graft rename "my photos" birds
graft rename 3f9a "the first try"
graft note 3f9a "before the labels were corrected"
graft tag 3f9a baseline paper
graft delete birds
graft delete 3f9a 77c0 --yes
graft goal birds macro-f1
graft goal birds recall:owl@0.9
graft advise birds --similarity different --budget ample --domain no
graft advise birds --measure --pilots 120 --seconds 600
graft strategies
graft backbones
graft backbones --add weights.pth --arch resnet50 --name mine
graft run birds --strategy linear_probe --px 160
graft run birds --strategy fine_tune_all --augment standard --flip no --seeds 3
graft run birds --strategy linear_svm --folds 5
graft run birds --recipe recipe.json --per-class 20
graft resume
graft resume 3f2a
graft rates birds --strategy fine_tune_all
graft compare 3f9a 77c0
graft compare 3f9a 77c0 --goal macro-f1
graft correct birds label-errors.csv
graft report birds report.html
graft report birds two.html --runs 3f9a 77c0
graft predict 3f9a photos/ more.zip --by-doubt --out answers.csv
graft predict 3f9a owl.jpg --json
graft export 3f9a model.zip
graft export birds model.zip
graft export 3f9a model.zip --fp16
graft serve 3f9a
graft serve model.zip --port 8080
graft settings
graft settings --backbone resnet18 --first-model no
graft settings --backbone auto
graft disk
graft disk --free features exports
graft backup ~/backups/graft.zip
graft restore ~/backups/graft.zip --workspace ~/restored
graft pack birds birds.zip
graft unpack birds.zip --workspace ~/graft
graft check --workspace ~/graft
"""
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
