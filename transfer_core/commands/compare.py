"""`compare`: finished runs side by side."""

import argparse
from dataclasses import asdict
from typing import Any

from transfer_core.commands.follow import root
from transfer_core.presentation.entries import always
from transfer_core.types import attributes
from transfer_core.workspace import Workspace, goal_of, words, written


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="id of a finished run, or its beginning")
    parser.add_argument(
        "--goal",
        metavar="GOAL",
        help="what counts: accuracy, macro-f1, recall:CLASS@PRECISION (default: what `graft goal` keeps)",
    )


def compare(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    with Workspace(root(options), write=False) as workspace:
        found = [workspace.runs.find(run) for run in options.runs]
        dataset = workspace.datasets.get(found[0].recipe.dataset)
        goal = None if options.goal is None else goal_of(options.goal, dataset.classes)
        comparison = workspace.comparisons.make([run.id for run in found], goal=goal)
    runs: list[dict[str, Any]] = []
    lines: list[str] = []
    counts = words(comparison.goal)
    for run, title, score in zip(comparison.runs, comparison.titles, comparison.scores, strict=True):
        told = {"run": run.id, "title": title, "test_accuracy": score.accuracy}
        if score.reached is not None:
            told |= {"reached": asdict(score.reached), "precision": score.precision and asdict(score.precision)}
        told |= attributes(score, "interval", "macro_f1") | {"confusion": score.confusion.tolist()}
        runs.append(told | attributes(run, "seconds", "whole_seconds", "peak_bytes", "images_per_second"))
        low, high = score.interval
        lines.append(
            f"  {run.id}  {score.accuracy:6.1%} ({low:.1%} to {high:.1%})  F1 {score.macro_f1:.3f}  "
            f"{run.whole_seconds or 0:7.1f} s  {title}"
        )
        if score.reached is not None:
            low, high = score.reached.low, score.reached.high
            lines.append(f"  {'':<{len(run.id)}}  {score.reached.value:6.1%} ({low:.1%} to {high:.1%})  {counts}")
    constant, score = comparison.constant, comparison.constant.score
    lines.append(
        f"  {'–':<{len(comparison.runs[0].id)}}  {score.accuracy:6.1%} ({score.interval[0]:.1%} to"
        f" {score.interval[1]:.1%})  F1 {score.macro_f1:.3f}  {'':9}  {always(comparison)}"
    )
    verdict, transfer = comparison.verdict, comparison.transfer
    result = {
        "goal": written(comparison.goal),
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
