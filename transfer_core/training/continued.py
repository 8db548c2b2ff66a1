"""A run's network as a backbone of its own, to train from on the same dataset or on another one."""

import json
from pathlib import Path

import torch

from transfer_core.backbones import backbones
from transfer_core.backbones.local import OWN_LICENCE, keep
from transfer_core.strategies import strategy
from transfer_core.training.checkpoint import CARD, load_network
from transfer_core.types import Backbone


def continue_run(root: Path, run: Path, *, name: str, title: str) -> Backbone:
    """Keep what a run's folder holds in the workspace `root` as the backbone `name`; the head stays behind.

    Raises DatasetError for a model that cannot be read, WeightsError for a name that is taken, and for a network that
    ends at an earlier tap: what lies above was not kept.
    """
    network, _ = load_network(run, torch.device("cpu"))
    own = network.backbone  # as the run had it, with its own side
    like = next((known for known in backbones(root) if known.arch == own.arch), own)
    recipe = json.loads((run / CARD).read_text(encoding="utf-8"))["recipe"]
    if strategy(recipe["strategy"]).weights == "random":
        licence = OWN_LICENCE  # nobody else's numbers are in it
    else:
        licence = own.licence if own.is_local else f"{own.licence}; trained further on your own images"
    return keep(
        root, like, network.trunk.state_dict(), name=name, title=title, source=f"run {run.name}", licence=licence
    )
