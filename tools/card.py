"""What pretraining leaves behind: the weights' file and its card."""

import hashlib
import json
import platform
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from safetensors.torch import save as safetensors_bytes
from torch import Tensor, nn
from torchvision.models.feature_extraction import create_feature_extractor

from tools.catalogue import BUNDLED_PX, measured_taps
from tools.source_task import MEAN, SOURCE_PX, STD, Source, normalise
from transfer_core.backbones.taps import pool
from transfer_core.types import TRAIN, VAL

# ImageNet's index and words of each WordNet id in the archive that the bundled weights come from
WORDS = {
    name: words
    for name, (_, words) in json.loads(Path(__file__).with_name("source_classes.json").read_text("utf-8")).items()
}
LICENCE = "Apache-2.0 (Graft's own training)"
LIMITS = (
    "Trained for minutes on small photos of things, animals and scenes: weaker than ImageNet weights at full"
    " resolution, and blind to fine texture. The photos come from ImageNet, whose terms ask for non-commercial research"
    " and educational use. Not for decisions about people."
)


def halve(model: nn.Module) -> None:
    """Round matrices and filters to what half precision holds: what is measured is what is written."""
    for p in model.parameters():
        if p.ndim > 1:
            p.data = p.data.half().float()


def write(
    model: nn.Module, source: Source, plan: dict[str, Any], archive: Path, out: Path, measured: dict[str, float]
) -> None:
    """Write bundled.safetensors (filters and matrices in half precision) and bundled.json, its card."""
    weights = {k: (v.half() if v.ndim > 1 else v).contiguous() for k, v in model.state_dict().items()}
    file, content = out / "bundled.safetensors", safetensors_bytes(weights)
    file.write_bytes(content)
    with open(archive, "rb") as data:
        data_hash = hashlib.file_digest(data, "sha256").hexdigest()
    card = {
        "file": file.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "arch": plan["arch"],
        "parameters": sum(p.numel() for p in model.parameters()),
        "source": f"Tiny ImageNet, {len(source.classes)} classes, {SOURCE_PX} px",
        "mean": MEAN,
        "std": STD,
        **measured,
        "data": {
            "file": archive.name,
            "sha256": data_hash,
            "train_images": int((source.splits == TRAIN).sum()),
            "val_images": int((source.splits == VAL).sum()),
            "left_out": source.left_out,
        },
        "recipe": plan,
        "threads": torch.get_num_threads(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
        **described(model, source, plan["arch"]),
        "licence": LICENCE,
        "limits": LIMITS,
        "class_ids": source.classes,
        "classes": [WORDS.get(name, name) for name in source.classes],
    }
    (out / "bundled.json").write_text(json.dumps(card) + "\n")


@torch.inference_mode()
def described(model: nn.Module, source: Source, arch: str) -> dict[str, object]:
    """What later images and copies are held against, by tap: statistics, confidence, reference features.

    "statistics": each channel's mean and variance over held-out source images at BUNDLED_PX; "confidence": the highest
    probability that the classifier gives to such an image, at 0, 5, ... 100 % of them; "reference": the first eight
    codes of a ramp of colours, by which the file can be recognised after loading.
    """
    taps = measured_taps(arch, BUNDLED_PX)
    features = create_feature_extractor(model.eval(), {tap.module: tap.name for tap in taps})
    sums = {tap.name: torch.zeros(2, tap.channels, dtype=torch.float64) for tap in taps}
    count, confidence = 0, []
    for batch in np.array_split(rows := np.flatnonzero(source.splits == VAL), max(1, len(rows) // 100)):
        x = F.interpolate(normalise(source.pixels[batch]), BUNDLED_PX, mode="bilinear", align_corners=False)
        x = x.contiguous(memory_format=torch.channels_last)
        confidence.append(model(x).softmax(1).amax(1))
        for name, maps in features(x).items():
            sums[name] += len(batch) * torch.stack([maps.mean((0, 2, 3)), maps.square().mean((0, 2, 3))]).double()
        count += len(batch)
    statistics = {}
    for name, (mean, square) in sums.items():
        statistics[name] = {"mean": digits(mean / count), "var": digits(square / count - (mean / count) ** 2)}
    ramp = features(torch.linspace(-2, 2, 3 * SOURCE_PX**2).view(1, 3, SOURCE_PX, SOURCE_PX))
    return {
        "statistics": statistics,
        "confidence": digits(torch.quantile(torch.cat(confidence), torch.linspace(0, 1, 21))),
        "reference": {tap.name: digits(pool(ramp[tap.name], tap)[0, :8], 6) for tap in taps},
    }


def digits(values: Tensor, count: int = 4) -> list[float]:
    """As numbers of that many significant digits."""
    return [float(f"{value:.{count}g}") for value in values.tolist()]
