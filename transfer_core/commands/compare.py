"""`compare`: finished runs side by side."""

import argparse
from dataclasses import asdict
from typing import Any

from transfer_core.commands.follow import root
from transfer_core.types import attributes
from transfer_core.workspace import Workspace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="id of a finished run, or its beginning")


def compare(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    with Workspace(root(options), write=False) as workspace:
        comparison = workspace.comparisons.make([workspace.runs.find(run).id for run in options.runs])
    runs = []
    lines = []
    for run, title, score in zip(comparison.runs, comparison.titles, comparison.scores, strict=True):
        found = {"run": run.id, "title": title, "test_accuracy": score.accuracy}
        found |= attributes(score, "interval", "macro_f1") | {"confusion": score.confusion.tolist()}
        runs.append(found | attributes(run, "seconds", "whole_seconds", "peak_bytes", "images_per_second"))
        low, high = score.interval
        lines.append(
            f"  {run.id}  {score.accuracy:6.1%} ({low:.1%} to {high:.1%})  F1 {score.macro_f1:.3f}  "
            f"{run.whole_seconds or 0:7.1f} s  {title}"
        )
    verdict, transfer = comparison.verdict, comparison.transfer
    result = {
        "runs": runs,
        "pairs": [asdict(pair) | {"better": pair.better} for pair in comparison.pairs],
        **attributes(verdict, "choice", "best", "reason"),
        "transfer": asdict(transfer) if transfer is not None else None,
    }
    said = [verdict.reason, *([f"{transfer.reason} {transfer.advice}".strip()] if transfer is not None else [])]
    return result, "\n".join([*lines, "", *said])
