"""`advise`: what to do with a dataset, by what is said, measured and piloted."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from transfer_core import findings
from transfer_core.commands.follow import follow, root
from transfer_core.types import Advice, Dataset, Decision, Measured, attributes
from transfer_core.workspace import Workspace

OWN_DOMAIN = (
    "Add the weights of your domain's network with `graft backbones --add weights.pth --arch resnet50"
    " --name mine`, then ask again with --backbone mine."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", help="name or id, or its beginning")
    parser.add_argument("--similarity", choices=("similar", "different"), help="to ImageNet")
    parser.add_argument("--budget", choices=("limited", "ample"), help="of compute")
    parser.add_argument(
        "--domain", choices=("yes", "no"), help="is there a network of the images' own domain? optional"
    )
    parser.add_argument(
        "--backbone", default="", help="(default: efficientnet_lite0, or bundled where that is not installed)"
    )
    parser.add_argument("--measure", action="store_true", help="answer the questions by looking at the images")
    parser.add_argument("--pilots", type=float, metavar="SECONDS", help="race short trainings for so long")
    parser.add_argument("--seconds", type=float, help="time for the run that follows: what does not fit is ruled out")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda:0, mps")


def advise(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    with Workspace(root(options), write=options.measure or options.pilots is not None) as workspace:
        return _advised(options, workspace, workspace.datasets.find(options.dataset))


def _advised(options: argparse.Namespace, workspace: Workspace, dataset: Dataset) -> tuple[dict[str, Any], str]:
    backbone = workspace.backbones.get(options.backbone).name
    if options.measure or options.pilots is not None:
        chosen = workspace.jobs.device(options.device).name
        if options.measure:
            follow(workspace, workspace.studies.measure(dataset, backbone, device=chosen), chosen)
        if options.pilots is not None:
            follow(workspace, workspace.studies.pilot(dataset, backbone, seconds=options.pilots, device=chosen), chosen)
    decision = workspace.studies.decide(
        dataset,
        similarity=options.similarity,
        budget=options.budget,
        domain=options.domain,
        backbone_name=backbone,
        seconds=options.seconds,
    )
    recipes = [
        {
            "role": suggestion.role,
            "strategy": suggestion.strategy,
            "why": suggestion.why,
            "source": suggestion.source,
            "recipe": asdict(
                workspace.recipes.make(dataset, suggestion.strategy, backbone, **dict(suggestion.overrides))
            ),
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
        **attributes(decision, "strategy", "why"),
        "trust": decision.trust,
        "plans": [asdict(plan) for plan in decision.plans],
    }
    measured, pilots = workspace.studies.measured(dataset, backbone), decision.pilots
    if measured is not None and decision.measured is not None:
        found = {"scenario": decision.measured.scenario, "between": decision.measured.between}
        result["measured"] = found | asdict(measured)
    if pilots is not None:
        result["pilots"] = asdict(pilots)
    layers = {tap.name: tap.title for tap in workspace.backbones.get(backbone).taps}
    lines = _advice_lines(decision, measured, recipes, advice, layers)
    if options.domain == "yes" and not workspace.backbones.get(backbone).is_local:
        lines += ["", OWN_DOMAIN]
    return result, "\n".join(lines)


def _advice_lines(
    decision: Decision,
    measured: Measured | None,
    recipes: list[dict[str, Any]],
    advice: Advice,
    layers: Mapping[str, str],
) -> list[str]:
    lines = [f"Graft recommends {decision.strategy}: {decision.why}", "", f"  flowchart: {advice.headline}"]
    if measured is not None:
        lines += [f"  measured: {findings.likeness(measured)}"]
        lines += [f"            {findings.axis(axis, measured, layers)}" for axis in measured.similarity.axes]
        for plan in decision.plans:
            cost = f"{plan.seconds:8,.0f} s {plan.estimate.peak_bytes / 1e6:8,.0f} MB"
            lines += [f"  expected: {plan.strategy:<14} {cost} {plan.words}"]
    if decision.pilots is not None:
        lines += [f"  pilots:   {findings.race(decision.pilots)}"]
    elif decision.told is not None:
        lines += ["  pilots:   not needed"]
    lines += [""]
    lines += [f"  {r['role']:<12} {r['strategy']:<14} {r['why']} [{r['source']}]" for r in recipes]
    reasons = [*decision.because, *advice.reasons]
    evidence = [f" ({each.evidence})" if each.evidence else "" for each in reasons]
    why = [
        f"  {'but' if each.against else 'why'}: {each.rule}{shown} [{each.source}]"
        for each, shown in zip(reasons, evidence, strict=True)
    ]
    return [*lines, "", *why]
