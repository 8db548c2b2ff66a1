"""The networks of a bundle: one run, or several, the mean of what they say being the answer."""

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
from transfer_core.data.pixels import square
from transfer_core.errors import ExportError
from transfer_core.export.check import TOLERANCE
from transfer_core.training.checkpoint import CARD, WEIGHTS, load_network, rendering_of
from transfer_core.training.features import precise
from transfer_core.training.images import Images
from transfer_core.training.solvers import softmax
from transfer_core.types import TEST, Dataset, Floats, Ints, Predictions, Recipe, Rendering, from_plain

BATCH, PROVED = 32, 64  # images at a time; images of its own test that show a fold to be what it was


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
    rendering: Rendering  # how its images were read


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
        rendering=rendering_of(card),
    )


def require_alike(members: Sequence[Member]) -> None:
    """Raises ExportError for members that cannot be one model: other classes, other images, other squares.

    Folds are tested on images of their own, by design; others that are not tested on the same ones are refused.
    """
    first = members[0]
    for other in members[1:]:
        own = () if first.recipe.folds or other.recipe.folds else (first.predictions, other.predictions)
        tested = [tuple(each.test_samples) for each in own] or [(), ()]
        for what, mine, theirs in (
            ("classes", first.classes, other.classes),
            ("datasets", first.recipe.dataset, other.recipe.dataset),
            ("input squares", _square(first), _square(other)),
            ("ways to read image files", first.rendering, other.rendering),
            ("test images", *tested),
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

    def as_predictions(self) -> Predictions:
        """As a run's on its test split, for what computes scores."""
        none = np.zeros(0, np.int64)
        return Predictions(
            val_samples=none,
            val_labels=none,
            val_probabilities=self.probabilities[:0],
            test_samples=self.samples,
            test_labels=self.labels,
            test_probabilities=self.probabilities,
        )


def expected(members: Sequence[Member], dataset: Dataset, images: Path) -> Expected:
    """From stored predictions, without running a network, where the members have the same test images.

    Folds have not: they are asked for the dataset's own test images, which none of them has seen. `images`: the folder
    of the dataset's files. Raises ExportError where there is no image to show what the members say.
    """
    kept = members[0].predictions
    if any(not np.array_equal(each.predictions.test_samples, kept.test_samples) for each in members):
        return _asked(members, dataset, images)
    tested = bool(len(kept.test_samples))
    samples, labels, _ = kept.of("test" if tested else "val")
    if not len(samples):
        raise ExportError(
            f"Run {members[0].run} has neither test nor validation images, so nothing would show that its bundle is the"
            " same model. Train it on a dataset that has some."
        )
    own = [each.predictions.of("test" if tested else "val")[2] for each in members]
    return _mean(members, own, "test" if tested else "validation", samples, labels)


def _mean(members: Sequence[Member], own: Sequence[Floats], split: str, samples: Ints, labels: Ints) -> Expected:
    """`own`: each member's probabilities (N, K), not calibrated."""
    said = [calibrated(each, member.temperature) for each, member in zip(own, members, strict=True)]
    mean, raw = np.mean(said, axis=0), np.mean(own, axis=0)
    return Expected(split=split, samples=samples, labels=labels, probabilities=mean, raw=raw)


def _asked(members: Sequence[Member], dataset: Dataset, images: Path) -> Expected:
    """What the networks say of the dataset's test images now. Raises ExportError where one is not as it was tested."""
    samples = np.flatnonzero(dataset.splits == TEST)
    if not len(samples):
        raise ExportError(
            f"'{dataset.name}' has no test images of its own, and folds have no others in common, so nothing would show"
            " what they say together. Export them one by one."
        )
    for each in members:
        known = each.predictions
        found = _probabilities(each, dataset, images, known.test_samples[:PROVED])
        if np.abs(found - known.test_probabilities[:PROVED]).max(initial=0.0) >= TOLERANCE:
            raise ExportError(f"Run {each.run} does not give the answers that it gave in its test. Train it again.")
    own = [_probabilities(each, dataset, images, samples) for each in members]
    return _mean(members, own, "test", samples, dataset.labels[samples])


def _probabilities(member: Member, dataset: Dataset, images: Path, samples: Ints) -> Floats:
    """A network's own, not calibrated: (N, K)."""
    known, found = member.network.backbone, []
    shape: dict[str, Any] = {"resize_px": known.resize_px, "crop_px": known.input_px, "fit": known.fit}
    for start in range(0, len(samples), BATCH):
        squares = [
            square(images / dataset.files[sample], member.rendering, **shape)
            for sample in samples[start : start + BATCH].tolist()
        ]
        x = Images(np.stack(squares), known, torch.device("cpu")).batch(np.arange(len(squares)))
        found.append(softmax(precise(member.network, x)))
    return np.concatenate(found) if found else np.zeros((0, len(member.classes)))
