"""The networks of a bundle: one run today; of several the mean of what they say is the answer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from transfer_core.backbones.taps import Network
from transfer_core.compare.calibration import calibrated, fitted_temperature
from transfer_core.compare.predictions import read_predictions
from transfer_core.errors import ExportError
from transfer_core.training.checkpoint import CARD, WEIGHTS, load_network
from transfer_core.types import Floats, Ints, Predictions, Recipe, from_plain


@dataclass(frozen=True, kw_only=True, eq=False)
class Member:
    """A trained network and what its run knows of it."""

    run: str  # id
    network: Network  # in eval mode, on the CPU
    classes: tuple[str, ...]
    recipe: Recipe
    predictions: Predictions  # as the run stored them, not calibrated
    temperature: float  # its logits are divided by it
    weights: Path


def read_member(folder: Path) -> Member:
    """What a run left in its folder. Raises DatasetError for a model that cannot be read, or is not as it was written.

    Raises UnknownJob for predictions that cannot be read.
    """
    network, classes = load_network(folder, torch.device("cpu"))
    predictions = read_predictions(folder)
    card: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
    return Member(
        run=folder.name,
        network=network,
        classes=classes,
        recipe=from_plain(Recipe, card["recipe"]),
        predictions=predictions,
        temperature=fitted_temperature(predictions),
        weights=folder / WEIGHTS,
    )


def require_alike(members: Sequence[Member]) -> None:
    """Raises ExportError for members that cannot be one model: other classes, other images, other squares."""
    first = members[0]
    for other in members[1:]:
        for what, mine, theirs in (
            ("classes", first.classes, other.classes),
            ("datasets", first.recipe.dataset, other.recipe.dataset),
            ("squares that they see", _square(first), _square(other)),
            ("test images", tuple(first.predictions.test_samples), tuple(other.predictions.test_samples)),
        ):
            if mine != theirs:
                raise ExportError(
                    f"Runs {first.run} and {other.run} cannot become one model: their {what} differ. Export them one"
                    " by one, or choose runs that share them."
                )


def _square(member: Member) -> tuple[int, int, str]:
    known = member.network.backbone
    return known.input_px, known.resize_px, known.fit


@dataclass(frozen=True, kw_only=True, eq=False)
class Expected:
    """What a bundle has to answer: rows go together."""

    split: str  # "test", or "validation" where there are no test images
    samples: Ints  # (N,) numbers in the dataset
    labels: Ints  # (N,)
    probabilities: Floats  # (N, K), of the members' means, calibrated
    raw: Floats  # (N, K), without any temperature

    def as_predictions(self, *, calibrated: bool) -> Predictions:
        """As a run's on its test split, for what computes scores."""
        none = np.zeros(0, np.int64)
        chosen = self.probabilities if calibrated else self.raw
        return Predictions(
            val_samples=none,
            val_labels=none,
            val_probabilities=chosen[:0],
            test_samples=self.samples,
            test_labels=self.labels,
            test_probabilities=chosen,
        )


def expected(members: Sequence[Member]) -> Expected:
    """From stored predictions; no network runs. Raises ExportError where a run was tested on no image at all."""
    kept = members[0].predictions
    tested = bool(len(kept.test_samples))
    samples, labels = (kept.test_samples, kept.test_labels) if tested else (kept.val_samples, kept.val_labels)
    if not len(samples):
        raise ExportError(
            f"Run {members[0].run} has neither test nor validation images, so nothing would show that its bundle is the"
            " same model. Train it on a dataset that has some."
        )
    own = [each.predictions.test_probabilities if tested else each.predictions.val_probabilities for each in members]
    said = [calibrated(each, member.temperature) for each, member in zip(own, members, strict=True)]
    return Expected(
        split="test" if tested else "validation",
        samples=samples,
        labels=labels,
        probabilities=np.mean(said, axis=0),
        raw=np.mean(own, axis=0),
    )
