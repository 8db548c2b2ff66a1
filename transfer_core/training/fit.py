"""Training: a recipe and a dataset go in, events come out, a network and its predictions are left in a folder."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from transfer_core.backbones.usable import require_telling
from transfer_core.compare.familiar import Familiar
from transfer_core.compare.predictions import PREDICTIONS
from transfer_core.data.look_alikes import look_alikes, warnings
from transfer_core.errors import Diverged, PauseAsked, StopAsked
from transfer_core.kept import save_arrays, save_json
from transfer_core.strategies.definition import Stage
from transfer_core.training.checkpoint import RECIPE, save_network
from transfer_core.training.checkpoints import Plain
from transfer_core.training.familiar import FAMILIAR, remembered
from transfer_core.training.features import Codes, frozen_features, outputs, precise
from transfer_core.training.gradient import gradient
from transfer_core.training.heads import STEPS, SVM_STRENGTHS, linear_svm, logistic, strongest
from transfer_core.training.kept_heads import Solver, kept_or_fitted
from transfer_core.training.meter import PREPARED
from transfer_core.training.resuming import Keeper, go_on
from transfer_core.training.setbacks import does_not_fit, memory_is_full, prepares, set_back, setback_of
from transfer_core.training.setup import Context, State, begin, network_at, plan, prepare
from transfer_core.training.solvers import accuracy_of, softmax
from transfer_core.types import (
    TEST,
    TRAIN,
    VAL,
    Dataset,
    Event,
    Notice,
    Predictions,
    Progress,
    Recipe,
    Resumed,
    RunEnd,
    StageStart,
)

LOOKED_AT = 32  # training images, before a network of the user's own is trained
Tested = tuple[Predictions, Familiar | None]
HEADS: dict[str, Solver] = {"logistic": logistic, "svm": linear_svm, "strongest": strongest}


def fit(
    recipe: Recipe, dataset: Dataset, *, workspace: Path, out: Path, device: str, cut_off: str | None = None
) -> Iterator[Event]:
    """Run a recipe's stages, from the newest checkpoint in `out` on where there is one; leaves the recipe, the network,
    its predictions and what it was trained on as it sees it in `out`, all or nothing.

    The last event's result has val_accuracy and test_accuracy (None without such images), seconds (of training and
    testing; decoding the images, once for all runs, is not counted), saved_seconds (that features and heads kept from
    before would have taken), images_per_second and peak_bytes.
    A StopAsked that is thrown in ends training with the best network so far, which is tested and left all the same; a
    second one leaves it untested. The run ends "stopped" then; its result also has epochs_done, epochs_planned and
    untested. Before anything was learned StopAsked is raised, and nothing is left.
    `cut_off`: why it was cut off before; None where it was not. Then all that it has told is told anew after a Resumed.
    A PauseAsked that is thrown in writes a checkpoint and is raised.
    Raises RecipeError, DatasetError or WeightsError with a sentence for the user.
    """
    try:
        yield from _fit(recipe, dataset, workspace=workspace, out=out, device=torch.device(device), cut_off=cut_off)
    except RuntimeError as error:  # torch has a class of its own for CUDA alone
        if not memory_is_full(error):
            raise
        raise does_not_fit(recipe, device) from error


def _fit(
    recipe: Recipe, dataset: Dataset, *, workspace: Path, out: Path, device: torch.device, cut_off: str | None
) -> Iterator[Event]:
    backbone, stages = plan(recipe, dataset, workspace)
    last = len(stages) + 2
    keeper = Keeper(out)
    yield from keeper.heard(prepares(stages))
    save_json(asdict(recipe), out / RECIPE)
    run = begin((yield from _prepared(prepare(recipe, dataset, backbone, workspace=workspace, device=device))), stages)
    kept = keeper.newest(recipe)
    if kept is not None:
        yield from go_on(run, keeper, kept, cut_off or "")
    else:
        if cut_off is not None:
            yield Resumed(step=0, epoch=0, why=cut_off)
            yield from prepares(stages)
        if backbone.is_local and recipe.weights != "random":
            _require_alive(run)
        yield from keeper.heard(_warned(recipe, dataset, workspace, stages))
    cut = kept is not None and kept.get("cut", False)  # it was told to stop, and is to be tested
    while True:
        try:
            yield from _stages(run, stages, keeper, kept)
            break
        except StopAsked:
            if not run.learned:
                raise
            cut = True
            run.meter.only(forward=run.context.dataset.count(VAL) + run.context.dataset.count(TEST))
            break
        except (Diverged, RuntimeError) as error:
            setback = setback_of(run, error)
        run, kept = yield from set_back(run.context, stages, keeper, setback)
    keeper.stage = len(stages)
    try:
        tested = yield from _tested(run, last, stops=int(cut))
    except PauseAsked:
        keeper.save(run, {"epochs": run.epochs, "cut": cut})
        raise
    save_network(run.network, dataset.classes, recipe, dataset.rendering, out)
    predictions, known = tested or (None, None)
    if predictions is not None:
        save_arrays(out / PREDICTIONS, **vars(predictions))
    if known is not None:
        save_arrays(out / FAMILIAR, **vars(known))
    result = _result(run, predictions)
    if not cut and predictions is not None:
        yield RunEnd(status="done", result=result)
        return
    planned = sum(stage.epochs for stage in stages if stage.solver == "gradient")
    result |= {"epochs_done": run.ended_epochs, "epochs_planned": planned, "untested": predictions is None}
    yield RunEnd(status="stopped", result=result)


def _stages(run: State, stages: Sequence[Stage], keeper: Keeper, kept: Plain | None) -> Generator[Event, None, None]:
    """Those that are left. `kept`: where the first of them stands."""
    for number, stage in enumerate(stages[keeper.stage :], start=keeper.stage):
        keeper.stage = number
        if kept is None:
            yield from keeper.heard(_begun(stage, number + 2, len(stages) + 2))
        yield from keeper.heard(solve(run, stage, keeper=keeper, begun=kept))
        kept = None


def _warned(recipe: Recipe, dataset: Dataset, workspace: Path, stages: Sequence[Stage]) -> Generator[Event, None, None]:
    """Of flips and turns that make one class into another."""
    if recipe.augmentation.symmetries and any(stage.solver == "gradient" for stage in stages):
        alike = yield from look_alikes(dataset, workspace / "datasets" / dataset.id)
        yield from (Notice(text=said) for said in warnings(alike, recipe.augmentation, dataset.classes))


def _require_alive(run: State) -> None:
    """Raises WeightsError where somebody's own weights make the same of all training images, or nothing finite."""
    rows = run.context.dataset.rows(TRAIN)
    some = rows[np.unique(np.linspace(0, len(rows) - 1, LOOKED_AT).astype(int))]
    if len(some) > 1:
        run.network.eval()
        codes = torch.from_numpy(precise(run.network.codes, run.context.images.batch(some)))
        require_telling(codes, run.context.backbone.title, f"{len(some)} training images")


def _begun(stage: Stage, number: int, stages: int) -> Generator[Event, None, None]:
    unit, most = _counted(stage)
    yield StageStart(stage=stage.name, title=stage.title, number=number, stages=stages, unit=unit, of=most)


def _prepared(work: Generator[Progress, None, Context]) -> Generator[Progress, None, Context]:
    """With the little that it moves the bar of the whole run."""
    while True:
        try:
            said = next(work)
        except StopIteration as end:
            context: Context = end.value
            return context
        yield replace(said, share=PREPARED * said.done / said.of if said.of else 0.0)


def solve(
    run: State, stage: Stage, *, warm: float | None = None, keeper: Keeper | None = None, begun: Plain | None = None
) -> Generator[Event, None, None]:
    """Train what a stage trains. `warm`: steps of warm-up of gradient descent; None: by the recipe.

    `keeper`: writes checkpoints. `begun`: the one that it goes on from.
    """
    if stage.solver == "gradient":
        yield from gradient(run, stage, warm=warm, keeper=keeper, begun=begun)
        return
    head = yield from kept_or_fitted(HEADS[stage.solver], run, stage)
    run.network = network_at(run.context, run.module, head.taps)
    with torch.no_grad():
        run.network.head.weight.copy_(torch.from_numpy(head.weight))
        run.network.head.bias.copy_(torch.from_numpy(head.bias))
    run.meter.solved()
    run.found |= head.found
    run.lowest, run.learned = head.lowest, True


def _counted(stage: Stage) -> tuple[str, int]:
    """What a stage's EpochEnd events count, and how many there are at most."""
    if stage.solver == "gradient":
        return "epoch", stage.epochs
    return ("strength tried", len(SVM_STRENGTHS)) if stage.solver == "svm" else ("step of the solver", STEPS)


def _tested(run: State, number: int, *, stops: int) -> Generator[Event, None, Tested | None]:
    """What it says of its images, to the end although it is told to stop; None once it is told so twice."""
    with closing(_predictions(run, number, remember=not stops)) as work:
        while True:
            try:
                event = next(work)
            except StopIteration as end:
                found: Tested = end.value
                return found
            try:
                yield event
            except StopAsked:
                stops += 1
                if stops > 1:
                    return None


def _predictions(run: State, number: int, *, remember: bool) -> Generator[Event, None, Tested]:
    """`remember`: with what it was trained on, which takes its seconds; who has told it to stop waits for its test."""
    yield StageStart(stage="test", title="Test on images kept aside", number=number, stages=number, unit="image")
    found: dict[str, NDArray[Any]] = {}
    data, network, known = run.context.dataset, run.network, None
    for name, split, what in (("val", VAL, "Validating"), ("test", TEST, "Testing")):
        rows = data.rows(split)
        if name == "val" and not run.epochs:
            seen = yield from _from_features(run)
        else:
            seen = yield from outputs(run, network.both if name == "val" else network, rows, what)
        logits = seen[:, -len(data.classes) :]
        found[f"{name}_samples"], found[f"{name}_labels"] = rows, data.labels[rows]
        found[f"{name}_probabilities"] = softmax(logits.reshape(len(rows), len(data.classes)))
        if name == "val" and len(rows) and remember:
            known = yield from remembered(run, seen)
    return Predictions(**found), known


def _from_features(run: State) -> Generator[Event, None, Codes]:
    """Codes and logits of the validation images, (n, channels + classes), where no weight below the head moved."""
    rows, parts = yield from frozen_features(run, run.network.taps)
    held = np.isin(rows, run.context.dataset.rows(VAL))
    codes = np.concatenate([part[held] for part in parts], axis=1)
    run.network.eval()
    return np.concatenate((codes, precise(run.network.logits, torch.from_numpy(codes).to(run.context.device))), axis=1)


def _result(run: State, said: Predictions | None) -> dict[str, Any]:
    run.meter.memory_bytes()
    val = (said.val_probabilities, said.val_labels) if said is not None and len(said.val_labels) else None
    test = (said.test_probabilities, said.test_labels) if said is not None and len(said.test_labels) else None
    return {
        "val_accuracy": accuracy_of(*val) if val is not None else None,
        "test_accuracy": accuracy_of(*test) if test is not None else None,
        "seconds": run.meter.seconds(),
        "saved_seconds": run.meter.saved or 0.0,
        "images_per_second": run.meter.speed(),
        "peak_bytes": run.meter.peak_bytes,
    } | run.found
