"""`strategies` and `backbones`: what there is to choose from."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from transfer_core.commands.follow import root, table
from transfer_core.types import attributes
from transfer_core.workspace import Workspace


def backbones_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--add", type=Path, metavar="FILE", help="a .pth or .safetensors of your own")
    parser.add_argument("--arch", default="", help="its architecture, by a name of this list")
    parser.add_argument("--name", default="", help="what to call it")


def strategies(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    shown = ("name", "title", "scenarios", "frozen", "trains", "when", "source", "settings")
    lines = []
    listed = Workspace.strategies.list()
    for known in listed:
        scenarios = " and ".join(map(str, known.scenarios))
        lines += [f"{known.name}: {known.title}" + (f" (scenario {scenarios})" if scenarios else "")]
        lines += [f"  frozen  {known.frozen}", f"  trains  {known.trains}", f"  when    {known.when} [{known.source}]"]
    return {"strategies": [attributes(known, *shown) for known in listed]}, "\n".join(lines)


def backbones(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    with Workspace(root(options), write=options.add is not None) as workspace:
        if options.add is not None:
            workspace.backbones.add(options.add, arch=options.arch, name=options.name)
        found, damaged = workspace.backbones.list(), workspace.backbones.damaged()
        offline = {known.name: workspace.backbones.available(known) for known in found}
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
            "yes" if offline[known.name] else "no",
            known.curated,
            known.licence.partition(";")[0].partition(" (")[0].partition(":")[0],
        )
        for known in found
    ]
    lines = table(rows, right=range(2, 7))
    lines += damaged
    lines.append("top-1 is on the weights' own source task: ImageNet, or what the app says of the bundled one.")
    listed = [asdict(known) | {"available": offline[known.name]} for known in found]
    result = {"backbones": listed, "damaged": damaged}
    return result, "\n".join(lines)
