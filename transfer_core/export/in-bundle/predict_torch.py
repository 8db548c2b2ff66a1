"""The same network in torch, to go on from: its layers can be looked into, changed and trained further.

Needs torch, torchvision and safetensors, and timm where `model.json` says that the network is timm's.

    python predict_torch.py photo.jpg ...      as predict.py

    from predict_torch import load
    model = load()
    model.network(torch.zeros(1, 224, 224, 3, dtype=torch.uint8))  # squares -> probabilities (N, K)
    model.network.members[0].codes, .head                          # features, and the layer on them
"""

import hashlib
import itertools
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision
from safetensors.torch import load as read_weights
from torch import Tensor, nn
from torchvision.models.feature_extraction import create_feature_extractor

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # predict.py, which reads images, lies beside this file

from predict import Model, Squares, show  # noqa: E402


class Member(nn.Module):
    """One network: squares (N, H, W, 3) uint8 -> probabilities (N, K)."""

    mean: Tensor
    std: Tensor

    def __init__(self, said: dict[str, Any], classes: int, weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.taps, self.temperature = said["taps"], float(said["temperature"])
        self.register_buffer("mean", torch.tensor(said["mean"]).view(1, 3, 1, 1) * 255)
        self.register_buffer("std", torch.tensor(said["std"]).view(1, 3, 1, 1) * 255)
        whole = build(said["network"])
        taken = {name.removeprefix("trunk."): each for name, each in weights.items() if name.startswith("trunk.")}
        unknown = whole.load_state_dict(taken, strict=False).unexpected_keys  # what lies above the taps is not kept
        if unknown:
            raise ValueError(f"The weights do not fit {said['network']['arch']}: {unknown[0]} has no place in it.")
        leaves = {type(layer) for layer in whole.modules() if type(layer).__module__.startswith("timm.layers")}
        self.trunk = create_feature_extractor(
            whole, {tap["module"]: tap["name"] for tap in self.taps}, tracer_kwargs={"leaf_modules": list(leaves)}
        )
        width = sum(tap["channels"] for tap in self.taps)
        hidden = said["hidden"]
        self.hidden = nn.Sequential(nn.Linear(width, hidden), nn.ReLU()) if hidden else nn.Sequential()
        self.head = nn.Linear(hidden or width, classes)
        for name, layer in (("hidden", self.hidden), ("head", self.head)):
            own = {key.removeprefix(f"{name}."): each for key, each in weights.items() if key.startswith(f"{name}.")}
            layer.load_state_dict(own)

    def codes(self, squares: Tensor) -> Tensor:
        """What the head sees: (N, H, W, 3) uint8 -> (N, channels of all taps)."""
        x = (squares.permute(0, 3, 1, 2).float() - self.mean) / self.std
        found = self.trunk(x)
        return torch.cat([pool(found[tap["name"]], tap) for tap in self.taps], 1)

    def forward(self, squares: Tensor) -> Tensor:
        return torch.softmax(self.head(self.hidden(self.codes(squares))) / self.temperature, 1)


class Mean(nn.Module):
    """Of the members' probabilities."""

    def __init__(self, members: list[Member]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, squares: Tensor) -> Tensor:
        return torch.stack([member(squares) for member in self.members]).mean(0)


def build(said: dict[str, Any]) -> nn.Module:
    """The whole network of that architecture, with random weights."""
    arch, given = said["arch"], said["arguments"]
    if said["source"] == "timm":
        import timm

        network: nn.Module = timm.create_model(arch, pretrained=False, **given)
        return network
    if said["source"] == "torchvision":
        found: nn.Module = torchvision.models.get_model(arch, weights=None, **given)
        return found
    if arch == "resnet10":  # one block a stage
        from torchvision.models.resnet import BasicBlock, ResNet

        found = ResNet(BasicBlock, [1, 1, 1, 1], **given)
        return found
    channels = given["channels"]  # four convolutions, each halved
    return nn.Sequential(
        *(
            nn.Sequential(
                nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)
            )
            for before, after in itertools.pairwise(channels)
        )
    )


def pool(found: Tensor, tap: dict[str, Any]) -> Tensor:
    """What is read at a tap -> (N, C)."""
    if tap["layout"] == "vector":
        return found
    if tap["layout"] == "tokens":
        return found[:, 0] if tap["name"] == "last" else found[:, 1:].mean(1)
    return found.mean((1, 2) if tap["layout"] == "NHWC" else (2, 3))


class TorchModel(Model):
    """As predict.py's, by torch."""

    def __init__(self, folder: Path) -> None:
        self.card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self.classes = self.card["classes"]
        self.squares = Squares(self.card["preprocessing"])
        members = []
        for said in self.card["members"]:
            content = (folder / said["weights"]).read_bytes()
            if hashlib.sha256(content).hexdigest() != self.card["files"][said["weights"]]:
                raise ValueError(f"{said['weights']} is not the file that was exported, by its SHA-256.")
            members.append(Member(said, len(self.classes), read_weights(content)))
        self.network = Mean(members).eval()

    def use(self, graph: str) -> None:
        """There is no graph here."""
        raise SystemExit(f"torch runs the weights themselves; predict.py takes {graph}.")

    @torch.inference_mode()
    def probabilities(self, squares: np.ndarray) -> np.ndarray:
        """(N, px, px, 3) uint8 -> (N, K) float32."""
        found: np.ndarray = self.network(torch.from_numpy(squares)).numpy()
        return found


def load(folder: str | Path = HERE) -> TorchModel:
    """The model of this folder, in eval mode, on the CPU."""
    return TorchModel(Path(folder))


if __name__ == "__main__":
    sys.exit(show(load()))
