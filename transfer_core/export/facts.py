"""What `model.json` says: all that differs from one bundle to the next, for programs; the card says it for people."""

import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from transfer_core import __version__
from transfer_core.backbones import SMALL_CNN
from transfer_core.backbones.packaged import built_by_timm
from transfer_core.backbones.torchvision import settings
from transfer_core.compare.classes import class_scores
from transfer_core.compare.compared import Interval
from transfer_core.compare.ensemble import doubt_of
from transfer_core.compare.statistics import bootstrapped, interval, reliability, score, wilson
from transfer_core.data import pictures
from transfer_core.data.pictures.deep import OLD_DEPTHS
from transfer_core.errors import ExportError
from transfer_core.export.check import TIE, TOLERANCE, Checked, checked
from transfer_core.export.members import Expected, Member
from transfer_core.types import Dataset, Floats, attributes

FORMAT = "graft bundle 1"
LIBRARIES = (
    *("torch", "torchvision", "timm", "onnx", "onnxscript", "onnxruntime"),
    *("numpy", "pillow", "safetensors", "scikit-learn", "scipy"),
)
Values = dict[str, Any]


def preprocessing(member: Member) -> Values:
    """How image files become squares; the graph does the rest."""
    known = member.network.backbone
    return {
        "px": known.input_px,
        "resize_px": known.resize_px,
        "fit": known.fit,
        "resampling": "bilinear, antialiased, by pillow",
        "decoding": {
            "formats": pictures.FORMATS,
            "most_pixels": pictures.MAX_PIXELS,
            "sharp": pictures.SHARP,
            "longest": pictures.LONGEST,
            "grey": pictures.GREY,
            "depths": OLD_DEPTHS,
            "rendering": asdict(member.rendering),
        },
    }


def member_facts(member: Member, weights: str) -> Values:
    """A member's network, as predict_torch.py builds it, and where it comes from."""
    known = member.network.backbone
    return {
        "run": member.run,
        "weights": weights,
        "temperature": member.temperature,
        "mean": known.mean,
        "std": known.std,
        "taps": [asdict(tap) for tap in member.network.taps],
        "hidden": member.network.head.in_features if len(member.network.hidden) else 0,
        "network": builder(known.arch),
        "backbone": attributes(known, "name", "title", "weights", "licence", "source"),
        "recipe": asdict(member.recipe),
    }


def builder(arch: str) -> Values:
    """Which library builds an architecture, from which arguments; "here": predict_torch.py does."""
    if arch == SMALL_CNN.arch:
        channels = [3, *(tap.channels for tap in SMALL_CNN.taps)]
        return {"source": "here", "arch": arch, "arguments": {"channels": channels}}
    if arch == "resnet10":
        return {"source": "here", "arch": arch, "arguments": {}}
    source = "timm" if built_by_timm(arch) else "torchvision"
    return {"source": source, "arch": arch, "arguments": settings(arch)}


def data(dataset: Dataset, used: dict[str, int]) -> Values:
    """`used`: images of each split that the run worked on."""
    return {
        "name": dataset.name,
        "fingerprint": dataset.id,
        "images": len(dataset),
        "splits": used,
        "splits_from": dataset.splits_from,
    }


def metrics(right: Expected, dataset: Dataset) -> Values:
    """Figures of calibrated probabilities, with 95 % intervals; the calibration error without temperature too."""
    classes = len(dataset.classes)
    found = score("", right.as_predictions(), classes)
    groups = dataset.groups[right.samples]
    _, f1, loss = (each[0] for each in bootstrapped(right.labels, [right.probabilities], groups))
    low, high = found.interval
    return {
        "split": right.split,
        "images": found.images,
        "accuracy": asdict(Interval(value=found.accuracy, low=low, high=high)),
        "macro_f1": asdict(interval(found.macro_f1, f1)),
        "log_loss": asdict(interval(found.log_loss, loss)),
        "calibration_error": found.ece,
        "calibration_error_before": reliability(right.labels, right.raw)[1],
        "reliability": [asdict(each) for each in found.reliability],
        "classes": [
            {"class": name, **asdict(each)}
            for name, each in zip(dataset.classes, class_scores(found.confusion), strict=True)
        ],
    }


def certainty(members: Sequence[Member], right: Expected, promise: float) -> Values:
    """From which probability on an answer stands: set on validation images, checked on the test images."""
    found = doubt_of({each.run: each.predictions for each in members}, promise)
    stand = right.probabilities.max(1) >= (np.inf if found.threshold is None else found.threshold)
    correct = int((right.probabilities.argmax(1) == right.labels)[stand].sum())
    low, high = wilson(correct, max(1, int(stand.sum())))
    return asdict(found) | {
        "checked": {
            "split": right.split,
            "images": len(stand),
            "answered": int(stand.sum()),
            "right": correct,
            "low": low,
            "high": high,
        },
    }


def verified(result: Checked, split: str) -> Values:
    return asdict(result) | {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "split": split,
        "tolerance": TOLERANCE,
        "tie": TIE,
    }


def half_facts(file: Path, right: Expected, found: Floats, rates: Sequence[float]) -> Values:
    """What a graph in half precision costs and saves. `rates`: images/s, of the full graph and of this one, from files.

    Raises ExportError where a number is too large for 16 bits.
    """
    if not np.isfinite(found).all():
        raise ExportError(
            "In half precision the network's numbers grow too large, so it has no answer for some images. Export it"
            " without the fp16 variant."
        )
    result = checked(right.probabilities, found)
    return {
        "file": file.name,
        "bytes": file.stat().st_size,
        "accuracy": float((found.argmax(1) == right.labels).mean()),
        "accuracy_full": float((right.probabilities.argmax(1) == right.labels).mean()),
        "images": result.images,
        "agree": result.agree,
        "largest_difference": result.largest_difference,
        "images_per_second": rates[1],
        "images_per_second_full": rates[0],
        "threads": int(os.environ.get("OMP_NUM_THREADS", "0")) or os.cpu_count(),
    }


def versions() -> dict[str, str]:
    """Of Graft, Python and the libraries that made the bundle; what is not installed is left out."""
    found = {"graft": __version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def samples(right: Expected, dataset: Dataset, most: int) -> list[tuple[int, Values]]:
    """Some images from all over the split, with what the bundle has to say of them: (sample number, its facts)."""
    chosen = np.unique(np.linspace(0, len(right.samples) - 1, most).round().astype(int))
    found = []
    for number, row in enumerate(chosen, start=1):
        sample = int(right.samples[row])
        suffix = dataset.files[sample].rpartition(".")[2]
        said = right.probabilities[row]
        facts = {
            "file": f"{number}.{suffix}",
            "label": dataset.classes[int(right.labels[row])],
            "top": dataset.classes[int(said.argmax())],
            "probabilities": dict(zip(dataset.classes, said.tolist(), strict=True)),
        }
        found.append((sample, facts))
    return found


def facts(
    members: Sequence[Member],
    weights: Sequence[str],
    right: Expected,
    dataset: Dataset,
    used: dict[str, int],
    *,
    promise: float,
) -> Values:
    """All of `model.json` save what is known only once the bundle stands: the graph, the check, the hashes."""
    return {
        "format": FORMAT,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "classes": dataset.classes,
        "preprocessing": preprocessing(members[0]),
        "members": [member_facts(member, file) for member, file in zip(members, weights, strict=True)],
        "data": data(dataset, used),
        "metrics": metrics(right, dataset),
        "certainty": certainty(members, right, promise),
        "versions": versions(),
    }
