"""`resume`: runs that were interrupted go on from where they were kept."""

import argparse
from typing import Any

from transfer_core.commands.follow import follow, root
from transfer_core.commands.run import run_result, run_text
from transfer_core.errors import GraftError
from transfer_core.workspace import Workspace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", nargs="?", help="id of a run, or its beginning (default: all that were interrupted)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda:0, mps")


def resume(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """One after the other, the oldest first. Raises GraftError where there is none, or it was not interrupted."""
    with Workspace(root(options)) as workspace:
        if options.run:
            runs = [workspace.runs.find(options.run)]
            if runs[0].status != "interrupted":
                raise GraftError(f"The run {runs[0].id} is {runs[0].status}. Only one that was interrupted goes on.")
        else:
            runs = [run for run in reversed(workspace.runs.list()) if run.status == "interrupted"]
            if not runs:
                raise GraftError("No run was interrupted, so there is nothing to resume.")
        chosen, ended = workspace.jobs.device(options.device), []
        for run in runs:
            workspace.runs.resume([run.id])
            follow(workspace, run.id, chosen.name)
            ended.append(workspace.runs.get(run.id))
            if ended[-1].status == "stopped":
                break
    return {"runs": [run_result(run) for run in ended]}, "\n".join(map(run_text, ended))
