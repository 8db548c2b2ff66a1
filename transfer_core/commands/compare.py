"""`compare`: finished runs side by side."""

import argparse
from dataclasses import asdict
from typing import Any

from transfer_core.commands.follow import root
from transfer_core.presentation.entries import always
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
    constant, score = comparison.constant, comparison.constant.score
    lines.append(
        f"  {'–':<{len(comparison.runs[0].id)}}  {score.accuracy:6.1%} ({score.interval[0]:.1%} to"
        f" {score.interval[1]:.1%})  F1 {score.macro_f1:.3f}  {'':9}  {always(comparison)}"
    )
    verdict, transfer = comparison.verdict, comparison.transfer
    result = {
        "runs": runs,
        "pairs": [asdict(pair) | {"better": pair.better} for pair in comparison.pairs],
        "constant": {
            "class": comparison.classes[constant.label],
            "test_accuracy": score.accuracy,
            **attributes(score, "interval", "macro_f1"),
            "beaten_by": [run.id for run in comparison.runs if constant.beaten_by(run.id)],
        },
        **attributes(verdict, "choice", "best", "reason", "warning", "caution"),
        "transfer": asdict(transfer) if transfer is not None else None,
    }
    said = [verdict.reason, *(each for each in (verdict.warning, verdict.caution) if each)]
    said += [*([f"{transfer.reason} {transfer.advice}".strip()] if transfer is not None else [])]
    return result, "\n".join([*lines, "", *said])
