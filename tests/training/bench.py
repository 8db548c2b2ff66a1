"""A small dataset that a machine can learn, and a way to run recipes on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from transfer_core.backbones import SMALL_CNN
from transfer_core.data.answers import read_answers
from transfer_core.strategies import recipe
from transfer_core.training.fit import fit
from transfer_core.training.predict import predict
from transfer_core.types import Backbone, Dataset, Event, Recipe

PX = 48
CLASSES = ("stripes", "spots <b>", "plain")


@dataclass(frozen=True, kw_only=True, eq=False)
class Bench:
    """A workspace with a dataset, and a way to run recipes on it."""

    workspace: Path
    dataset: Dataset
    backbone: Backbone

    def recipe(self, strategy: str, **overrides: Any) -> Recipe:
        network = SMALL_CNN if strategy == SMALL_CNN.name else self.backbone
        return recipe(self.dataset, strategy, network, **overrides)

    def run(self, wanted: Recipe, name: str, dataset: Dataset | None = None) -> list[Event]:
        out = self.workspace / "runs" / name
        return list(fit(wanted, dataset or self.dataset, workspace=self.workspace, out=out, device="cpu"))


def said_of(run: Path, image: Path) -> list[float]:
    """What a run's network says of an image: calibrated probabilities, class after class."""
    out = run.parent.parent / "said" / run.name
    *_, _end = predict({run.name: [run]}, [image], out, device="cpu")
    said: list[float] = read_answers(out).probabilities[0, 0].tolist()
    return said


def draw(label: int, rng: np.random.Generator) -> Image.Image:
    y, x = np.mgrid[:PX, :PX] / PX
    wave = (np.sin(x * 40 + rng.uniform(0, 6)), np.sin(x * 40) * np.sin(y * 40 + rng.uniform(0, 6)), 0 * x)[label]
    tint = rng.uniform(0.2, 1.0, 3) * np.roll((1.5, 0.8, 0.8), label)
    noisy = 110 * tint + 60 * wave[..., None] + rng.normal(0, 25, (PX, PX, 3))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def make_dataset(folder: Path, splits: Sequence[int], labels: Sequence[int], id: str = "small") -> Dataset:
    rng = np.random.default_rng(0)
    samples = folder / "datasets" / id / "samples"
    samples.mkdir(parents=True)
    count = len(labels)
    files = tuple(f"{i:06d}.png" for i in range(count))
    for file, label in zip(files, labels, strict=True):
        draw(label, rng).save(samples / file)
    return Dataset(
        id=id,
        name=id,
        classes=CLASSES,
        paths=files,
        files=files,
        labels=np.array(labels),
        splits=np.array(splits),
        groups=np.arange(count) // 2,
        widths=np.full(count, PX),
        heights=np.full(count, PX),
    )


def of_kind(events: list[Event], kind: type) -> list:
    return [event for event in events if isinstance(event, kind)]
