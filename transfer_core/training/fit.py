"""Training: a recipe and a dataset go in, events come out, a network and its predictions are left in a folder."""

from collections.abc import Generator, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from transfer_core.data.look_alikes import look_alikes, warnings
from transfer_core.errors import RecipeError
from transfer_core.training.checkpoint import PREDICTIONS, RECIPE, save_json, save_network, save_predictions
from transfer_core.training.features import outputs
from transfer_core.training.gradient import gradient
from transfer_core.training.heads import STEPS, SVM_STRENGTHS, linear_svm, logistic, strongest
from transfer_core.training.kept_heads import Solver, kept_or_fitted
from transfer_core.training.setup import Setup, plan, prepare
from transfer_core.training.solvers import accuracy_of, softmax
from transfer_core.types import (
    TEST,
    VAL,
    Dataset,
    Event,
    Notice,
    Predictions,
    Progress,
    Recipe,
    RunEnd,
    Stage,
    StageStart,
)

HEADS: dict[str, Solver] = {"logistic": logistic, "svm": linear_svm, "strongest": strongest}


def fit(recipe: Recipe, dataset: Dataset, *, workspace: Path, out: Path, device: str) -> Iterator[Event]:
    """Run a recipe's stages; leaves the recipe, the network and its predictions in `out`, all or nothing.

    The last event's result has val_accuracy and test_accuracy (None without such images), seconds (of training and
    testing; decoding the images, once for all runs, is not counted), saved_seconds (that features and heads kept from
    before would have taken), images_per_second and peak_bytes.
    Raises RecipeError, DatasetError or WeightsError with a sentence for the user.
    """
    try:
        yield from _fit(recipe, dataset, workspace=workspace, out=out, device=torch.device(device))
    except RuntimeError as error:  # torch has a class of its own for CUDA alone
        if not memory_is_full(error):
            raise
        raise does_not_fit(recipe, device) from error


def memory_is_full(error: RuntimeError) -> bool:
    """Whether a device, or the machine, had no memory left."""
    return "out of memory" in str(error) or "can't allocate memory" in str(error)


def does_not_fit(recipe: Recipe, device: str) -> RecipeError:
    """What to say of a memory that is full."""
    smaller = f"Try {recipe.batch_size // 2}" if recipe.batch_size > 1 else "Try a smaller backbone"
    return RecipeError(
        f"The memory of {device} is full at batch size {recipe.batch_size}. {smaller}, or another device."
    )


def _fit(recipe: Recipe, dataset: Dataset, *, workspace: Path, out: Path, device: torch.device) -> Iterator[Event]:
    backbone, stages = plan(recipe, dataset, workspace)
    last = len(stages) + 2
    yield StageStart(stage="prepare", title="Get images and network ready", number=1, stages=last, unit="image")
    save_json(asdict(recipe), out / RECIPE)
    setup = yield from prepare(recipe, dataset, backbone, stages, workspace=workspace, device=device)
    if recipe.augmentation.symmetries and any(stage.solver == "gradient" for stage in stages):
        alike = yield from look_alikes(dataset, workspace / "datasets" / dataset.id)
        yield from (Notice(text=said) for said in warnings(alike, recipe.augmentation, dataset.classes))
    for number, stage in enumerate(stages, start=2):
        unit, most = _counted(stage)
        yield StageStart(stage=stage.name, title=stage.title, number=number, stages=last, unit=unit, of=most)
        yield from solve(setup, stage)
    yield StageStart(stage="test", title="Test on images kept aside", number=last, stages=last, unit="image")
    predictions = yield from _predictions(setup)
    save_network(setup.network, dataset.classes, recipe, out)
    save_predictions(predictions, out / PREDICTIONS)
    yield RunEnd(status="done", result=_result(setup, predictions))


def solve(setup: Setup, stage: Stage) -> Generator[Event, None, None]:
    """Train what a stage trains."""
    if stage.solver == "gradient":
        yield from gradient(setup, stage)
    else:
        yield from kept_or_fitted(HEADS[stage.solver], setup, stage)


def _counted(stage: Stage) -> tuple[str, int]:
    """What a stage's EpochEnd events count, and how many there are at most."""
    if stage.solver == "gradient":
        return "epoch", stage.epochs
    return ("strength tried", len(SVM_STRENGTHS)) if stage.solver == "svm" else ("step of the solver", STEPS)


def _predictions(setup: Setup) -> Generator[Progress, None, Predictions]:
    found: dict[str, NDArray[Any]] = {}
    for name, split, what in (("val", VAL, "Validating"), ("test", TEST, "Testing")):
        rows = setup.rows(split)
        logits = yield from outputs(setup, setup.network, rows, what)
        found[f"{name}_samples"], found[f"{name}_labels"] = rows, setup.dataset.labels[rows]
        found[f"{name}_probabilities"] = softmax(logits.reshape(len(rows), len(setup.dataset.classes)))
    return Predictions(**found)


def _result(setup: Setup, predictions: Predictions) -> dict[str, Any]:
    val, test = predictions.val_labels, predictions.test_labels
    setup.meter.memory_bytes()
    return {
        "val_accuracy": accuracy_of(predictions.val_probabilities, val) if len(val) else None,
        "test_accuracy": accuracy_of(predictions.test_probabilities, test) if len(test) else None,
        "seconds": setup.meter.seconds(),
        "saved_seconds": setup.saved,
        "images_per_second": setup.meter.speed(),
        "peak_bytes": setup.meter.peak_bytes,
    } | setup.found
