"""The command line: another face of Workspace. Jobs run in this process.

Exit code 0, or 2 with one line on standard error for a user's error. `--json` prints one JSON object last.
"""

import argparse
import json
import os
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from transfer_core import report_command
from transfer_core.backbones import available, backbones
from transfer_core.compare.repeats import mean_and_spread
from transfer_core.errors import GraftError, RecipeError
from transfer_core.strategies import STRATEGIES
from transfer_core.types import (
    SPLITS,
    Advice,
    Dataset,
    Decision,
    EpochEnd,
    Measured,
    Notice,
    Progress,
    Recipe,
    Run,
    RunEnd,
    StageStart,
)
from transfer_core.workspace import Workspace, default_root

BAR = 30


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

    def command(name: str, call: Any, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, parents=[common], help=text, description=text)
        added.set_defaults(call=call)
        return added

    added = command("import", _import, "take in a zip or a folder of labelled images")
    added.add_argument("path", type=Path)
    added.add_argument("--name", default="", help="what to call it (default: the file's name)")

    added = command("example", _example, "draw a built-in example")
    added.add_argument("name")

    added = command("advise", _advise, "what the four scenarios recommend for a dataset")
    added.add_argument("dataset", help="id or name")
    added.add_argument("--similarity", choices=("similar", "different"), help="to ImageNet")
    added.add_argument("--budget", choices=("limited", "ample"), help="of compute")

    added.add_argument("--backbone", default="bundled", help="(default: bundled)")
    added.add_argument("--measure", action="store_true", help="answer the questions by looking at the images")
    added.add_argument("--pilots", type=float, metavar="SECONDS", help="race short trainings for so long")
    added.add_argument("--seconds", type=float, help="time for the run that follows: what does not fit is ruled out")
    added.add_argument("--device", default="auto", help="auto, cpu, cuda:0, mps")

    command("strategies", _strategies, "the ways of transferring, and when to take which")

    added = command("run", _run, "train with one strategy")
    added.add_argument("dataset", help="id or name")
    added.add_argument(
        "--strategy", help="one of `python -m transfer_core strategies`; with --recipe, instead of its own"
    )
    added.add_argument("--backbone", help="(default: bundled)")
    added.add_argument("--tap", help="where features are taken: a tap's name, last or auto")
    added.add_argument("--train-from", metavar="TAP", help="train what comes after this tap")
    added.add_argument("--augment", help="none, light or standard")
    added.add_argument("--epochs", type=int)
    added.add_argument("--seed", type=int)
    added.add_argument("--per-class", type=int, metavar="N", help="so many training images of each class, by the seed")
    added.add_argument("--folds", type=int, metavar="K", help="cross-validate on training and validation images")
    added.add_argument("--seeds", type=int, default=1, metavar="N", help="train so many times, seed after seed")
    added.add_argument("--recipe", type=Path, metavar="FILE", help="settings from a recipe's JSON")
    added.add_argument("--device", default="auto", help="auto, cpu, cuda:0, mps")
    added.add_argument("--again", action="store_true", help="train although the same recipe has finished before")

    added = command("backbones", _backbones, "the networks to start from, and a user's own weights")
    added.add_argument("--add", type=Path, metavar="FILE", help="a .pth or .safetensors of your own")
    added.add_argument("--arch", default="", help="its architecture, by torchvision's name")
    added.add_argument("--name", default="", help="what to call it")

    added = command("compare", _compare, "finished runs of one dataset side by side")
    added.add_argument("runs", nargs="+", metavar="RUN")

    report_command.add_arguments(command("report", report_command.report, "a comparison as one HTML file and one JSON"))
    return parser


def _root(options: argparse.Namespace) -> Path:
    return options.workspace.expanduser().resolve() if options.workspace else default_root()


def _import(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    workspace = Workspace(_root(options))
    try:
        return _imported(workspace, workspace.import_path(options.path, name=options.name))
    finally:
        workspace.close()


def _example(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    workspace = Workspace(_root(options))
    try:
        return _imported(workspace, workspace.import_example(options.name))
    finally:
        workspace.close()


def _imported(workspace: Workspace, job: str) -> tuple[dict[str, Any], str]:
    end = _follow(workspace, job, "cpu")
    dataset = workspace.dataset(end.result["id"])
    splits = {split: dataset.count(number) for number, split in enumerate(SPLITS)}
    result = {
        "dataset": dataset.id,
        "name": dataset.name,
        "classes": list(dataset.classes),
        "splits": splits,
        "problems": len(dataset.problems),
    }
    return result, _imported_text(dataset, splits, known=bool(end.result.get("known")))


def _imported_text(dataset: Dataset, splits: dict[str, int], *, known: bool) -> str:
    head = f"{dataset.name} ({dataset.id}): {len(dataset):,} images, {len(dataset.classes)} classes, " + ", ".join(
        f"{count:,} {split}" for split, count in splits.items()
    )
    lines = ["These images were imported before; nothing was added."] if known else []
    lines.append(head)
    lines += [f"  {problem.file}: {problem.reason}" for problem in dataset.problems[:10]]
    if len(dataset.problems) > 10:
        kinds = Counter(problem.kind for problem in dataset.problems)
        lines.append("  in all: " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()))
    return "\n".join(lines)


def _advise(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    workspace = Workspace(_root(options), write=options.measure or options.pilots is not None)
    try:
        return _advised(options, workspace, workspace.dataset(options.dataset))
    finally:
        workspace.close()


def _advised(options: argparse.Namespace, workspace: Workspace, dataset: Dataset) -> tuple[dict[str, Any], str]:
    backbone = workspace.backbone(options.backbone).name
    if options.measure or options.pilots is not None:
        from transfer_core.training.devices import device

        chosen = device(options.device).name
        if options.measure:
            _follow(workspace, workspace.measure(dataset, backbone, device=chosen), chosen)
        if options.pilots is not None:
            _follow(workspace, workspace.pilot(dataset, backbone, seconds=options.pilots, device=chosen), chosen)
    decision = workspace.decide(
        dataset,
        similarity=options.similarity,
        budget=options.budget,
        backbone_name=backbone,
        seconds=options.seconds,
    )
    recipes = [
        {
            "role": suggestion.role,
            "strategy": suggestion.strategy,
            "why": suggestion.why,
            "source": suggestion.source,
            "recipe": asdict(workspace.recipe(dataset, suggestion.strategy, backbone, **dict(suggestion.overrides))),
        }
        for suggestion in decision.suggestions
    ]
    advice = decision.said if decision.trust == "said" or decision.measured is None else decision.measured
    result = {
        "scenario": advice.scenario,
        "between": advice.between,
        "answers": {**asdict(advice.answers), "size": advice.answers.size},
        "said": {**asdict(decision.said.answers), "size": decision.said.answers.size},
        "recipes": recipes,
        "reasons": [asdict(reason) for reason in (*decision.because, *advice.reasons)],
        "strategy": decision.strategy,
        "trust": decision.trust,
        "plans": [asdict(plan) for plan in decision.plans],
    }
    measured, pilots = workspace.measured(dataset, backbone), decision.pilots
    if measured is not None and decision.measured is not None:
        found = {"scenario": decision.measured.scenario, "between": decision.measured.between}
        result["measured"] = found | asdict(measured)
    if pilots is not None:
        result["pilots"] = asdict(pilots)
    return result, "\n".join(_advice_lines(decision, measured, recipes, advice))


def _advice_lines(
    decision: Decision, measured: Measured | None, recipes: list[dict[str, Any]], advice: Advice
) -> list[str]:
    lines = [advice.headline, ""]
    if measured is not None:
        lines += [f"  measured: {measured.similarity.finding}"]
        lines += [f"            {axis.finding}" for axis in measured.similarity.axes]
        for plan in decision.plans:
            cost = f"{plan.seconds:8,.0f} s {plan.estimate.peak_bytes / 1e6:8,.0f} MB"
            lines += [f"  expected: {plan.strategy:<14} {cost} {plan.words}"]
    if decision.pilots is not None:
        lines += [f"  pilots:   {decision.pilots.finding}"]
    lines += [""] if len(lines) > 2 else []
    lines += [f"  {r['role']:<12} {r['strategy']:<14} {r['why']} [{r['source']}]" for r in recipes]
    reasons = [*decision.because, *advice.reasons]
    return [*lines, "", *(f"  {'but' if r.against else 'why'}: {r.rule} ({r.evidence}) [{r.source}]" for r in reasons)]


SETTINGS = ("tap", "train_from", "augment", "epochs", "seed", "per_class", "folds")


def _run(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    from transfer_core.training.devices import device

    workspace = Workspace(_root(options))
    runs: list[Run] = []
    try:
        dataset = workspace.dataset(options.dataset)
        wanted = _wanted(options, workspace, dataset)
        chosen = device(options.device)
        for recipe in wanted:  # one by one: what is not reached is not left in the queue
            (id,) = workspace.submit([recipe], again=options.again)
            if workspace.run(id).status == "done":
                print("The same recipe has finished before; --again trains it once more.", file=sys.stderr)
            else:
                _follow(workspace, id, chosen.name)
            runs.append(workspace.run(id))
    except BaseException:
        print(*map(_run_text, runs), sep="\n", end="\n" * bool(runs), file=sys.stderr)
        raise
    finally:
        workspace.close()
    results, lines = [_run_result(run) for run in runs], [_run_text(run) for run in runs]
    if len(runs) == 1:
        return results[0], lines[0]
    mean, spread = mean_and_spread(runs)
    if mean is not None and spread is not None:
        lines.append(f"mean {mean:.1%}, standard deviation {spread:.1%} over {len(runs)} runs")
    return {"runs": results, "mean": mean, "spread": spread}, "\n".join(lines)


def _run_text(run: Run) -> str:
    test, val = ("none" if value is None else f"{value:.1%}" for value in (run.test_accuracy, run.val_accuracy))
    return (
        f"{run.id} {run.status}: {run.recipe.strategy} on {run.recipe.backbone}{_repeat(run)}, "
        f"test accuracy {test}, validation {val}, {run.seconds or 0:.1f} s"
    )


def _wanted(options: argparse.Namespace, workspace: Workspace, dataset: Dataset) -> tuple[Recipe, ...]:
    """The recipes that the command line asks for: what a file says, changed by what else it says. Raises RecipeError.

    A file that is one fold of several gives that fold, unless folds or seeds are asked for.
    """
    values = {} if options.recipe is None else _json(options.recipe)
    if not isinstance(values, dict):
        raise RecipeError(f"{options.recipe} holds no recipe. A run's folder holds its recipe.json.")
    own_network = isinstance(values.get("strategy"), str) and workspace.strategy(values["strategy"]).network
    if own_network and options.strategy not in (None, values["strategy"]):
        values = {name: value for name, value in values.items() if name != "backbone"}
    said = {name: getattr(options, name) for name in ("strategy", "backbone", *SETTINGS)}
    said = {name: value for name, value in said.items() if value is not None}
    values = {"backbone": "bundled"} | {name: value for name, value in values.items() if value is not None} | said
    if "strategy" not in values:
        raise RecipeError("Name a --strategy, or a --recipe that has one. `strategies` lists them.")
    if options.folds is not None:
        values.pop("fold", None)
    first = workspace.recipe_from(values, dataset)
    if options.seeds == 1 and values.get("fold") is not None:
        return (first,)
    settings = workspace.strategy(first.strategy).settings
    given = {name: value for name, value in values.items() if name in settings and name not in ("folds", "fold")}
    return workspace.repeated(dataset, first.strategy, first.backbone, folds=first.folds, seeds=options.seeds, **given)


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"{file} cannot be read: {error.strerror}. Check the path.") from error
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{file} is not JSON ({error}). A run's folder holds its recipe.json.") from error


def _repeat(run: Run) -> str:
    """Which repetition a run is."""
    fold = f", fold {run.recipe.fold + 1} of {run.recipe.folds}" if run.recipe.folds else ""
    return fold + (f", seed {run.recipe.seed}" if run.recipe.seed else "")


def _run_result(run: Run) -> dict[str, Any]:
    result = {
        "run": run.id,
        "status": run.status,
        "test_accuracy": run.test_accuracy,
        "val_accuracy": run.val_accuracy,
        "seconds": run.seconds,
        "images_per_second": run.images_per_second,
        "peak_bytes": run.peak_bytes,
        "recipe": asdict(run.recipe),
    }
    return result | ({"tap": run.tap, "depth_curve": run.depth_curve} if run.tap else {})


def _strategies(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    shown = ("name", "title", "scenarios", "frozen", "trains", "when", "source", "settings")
    lines = []
    for known in STRATEGIES:
        scenarios = " and ".join(map(str, known.scenarios))
        lines += [f"{known.name}: {known.title}" + (f" (scenario {scenarios})" if scenarios else "")]
        lines += [f"  frozen  {known.frozen}", f"  trains  {known.trains}", f"  when    {known.when} [{known.source}]"]
    result = {"strategies": [{name: getattr(known, name) for name in shown} for known in STRATEGIES]}
    return result, "\n".join(lines)


def _backbones(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    if options.add is not None:
        from transfer_core.backbones.local import add_local

        workspace = Workspace(_root(options))
        try:
            add_local(workspace.root, options.add, arch=options.arch, name=options.name)
        finally:
            workspace.close()
    root = _root(options)
    found = backbones(root)
    rows = [("name", "family", "parameters", "G mult-adds", "top-1", "px", "MB", "offline", "list", "licence")]
    rows += [
        (
            known.name,
            known.family,
            f"{known.parameters / 1e6:.1f} M",
            f"{known.operations:.2f}",
            "" if known.top1 is None else f"{known.top1:.1%}",
            str(known.input_px),
            f"{known.file_bytes / 2**20:.0f}",
            "yes" if available(known, root) else "no",
            known.curated,
            known.licence.partition(";")[0].partition(" (")[0].partition(":")[0],
        )
        for known in found
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.rjust(width) if 2 <= i <= 6 else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    lines.append("top-1 is on the weights' own source task: ImageNet, or what the app says of the bundled one.")
    result = {"backbones": [asdict(known) | {"available": available(known, root)} for known in found]}
    return result, "\n".join(lines)


def _compare(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    workspace = Workspace(_root(options), write=False)
    comparison = workspace.compare(options.runs)
    titles = workspace.titles(comparison.runs)
    runs = []
    lines = []
    for run, score in zip(comparison.runs, comparison.scores, strict=True):
        runs.append(
            {
                "run": run.id,
                "title": titles[run.id],
                "test_accuracy": score.accuracy,
                "interval": score.interval,
                "macro_f1": score.macro_f1,
                "confusion": score.confusion.tolist(),
                "seconds": run.seconds,
                "peak_bytes": run.peak_bytes,
                "images_per_second": run.images_per_second,
            }
        )
        low, high = score.interval
        lines.append(
            f"  {run.id}  {score.accuracy:6.1%} ({low:.1%} to {high:.1%})  F1 {score.macro_f1:.3f}  "
            f"{run.seconds or 0:7.1f} s  {titles[run.id]}"
        )
    verdict, transfer = comparison.verdict, comparison.transfer
    result = {
        "runs": runs,
        "pairs": [asdict(pair) | {"better": pair.better} for pair in comparison.pairs],
        "choice": verdict.choice,
        "best": verdict.best,
        "reason": verdict.reason,
        "transfer": asdict(transfer) if transfer is not None else None,
    }
    said = [verdict.reason, *([f"{transfer.reason} {transfer.advice}".strip()] if transfer is not None else [])]
    return result, "\n".join([*lines, "", *said])


def _follow(workspace: Workspace, job: str, device: str) -> RunEnd:
    """Drive a job, show where it stands on a terminal. Raises GraftError when it fails."""
    terminal = sys.stderr.isatty()
    end = RunEnd(status="stopped")
    for event in workspace.drive(job, device=device):
        if isinstance(event, RunEnd):
            end = event
        elif terminal:
            _show(event)
    if terminal:
        print("\r\033[K", end="", file=sys.stderr)
    if end.status == "failed":
        raise GraftError(end.error)
    return end


def _show(event: Any) -> None:
    if isinstance(event, Progress):
        share = event.done / event.of if event.of else 0.0
        left = f", {event.seconds_left:.0f} s left" if event.seconds_left is not None else ""
        bar = "#" * round(share * BAR)
        line = f"\r\033[K{event.what:<28} [{bar:<{BAR}}] {event.done:,} of {event.of:,} {event.unit}{left}"
        print(line, end="", file=sys.stderr, flush=True)
    elif isinstance(event, StageStart):
        print(f"\r\033[K{event.number}/{event.stages} {event.title}", file=sys.stderr)
    elif isinstance(event, EpochEnd):
        shown = [
            f"{name} {value:{form}}"
            for name, value, form in (
                ("train loss", event.train_loss, ".3f"),
                ("val loss", event.val_loss, ".3f"),
                ("val accuracy", event.val_accuracy, ".1%"),
            )
            if value is not None
        ]
        print(f"\r\033[K  {event.epoch:>4}  {'  '.join(shown)}{'  *' if event.best else ''}", file=sys.stderr)
    elif isinstance(event, Notice):
        print(f"\r\033[K{event.text}", file=sys.stderr)
