"""The stage that learns by gradient descent: minibatches, augmentation, one learning rate for each depth."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from transfer_core import awake
from transfer_core.backbones.taps import freeze, parameter_groups
from transfer_core.compare.calibration import Logits, loss_of
from transfer_core.errors import Diverged, PauseAsked, StopAsked
from transfer_core.goals import ACCURACY, goal_of, reached
from transfer_core.strategies.definition import Stage, epochs_a_look
from transfer_core.training.augment import augment, draws, shuffled
from transfer_core.training.checkpoints import Plain
from transfer_core.training.features import outputs
from transfer_core.training.resuming import Keeper
from transfer_core.training.setup import State
from transfer_core.training.solvers import accuracy_of, class_weights, refined_loss, softmax
from transfer_core.types import FIRST, TRAIN, VAL, Event, Floats, Ints, Notice

MOMENTUM = 0.1  # of BatchNorm's statistics, at least; PyTorch's own default
OPTIMIZERS: dict[str, Callable[[list[dict[str, Any]]], torch.optim.Optimizer]] = {
    "adamw": partial(torch.optim.AdamW, fused=True),
    "adam": partial(torch.optim.Adam, fused=True),
    "sgd": partial(torch.optim.SGD, lr=0.0, momentum=0.9, nesterov=True, fused=True),
}
Found = tuple[float, float]  # what is lacking of what counts, and the refined validation loss
NOTHING: Found = (math.inf, math.inf)
PROBED = 16  # images
WARMED = 1_000  # steps of a stage, at most, that the share for warm-up is taken of: by rule 100 (BiT-HyperRule)


@dataclass(kw_only=True)
class Course:
    """Where a stage of gradient descent stands between two steps."""

    kept: dict[str, Tensor]  # the network that would be kept now
    lowest: Found  # what it lacks; the best so far
    before: Found  # of the network that the stage began with
    lowest_here: Found = (math.inf, math.inf)  # in the second half of the stage
    best_epoch: int = 0  # in that half
    epoch: int = 1  # of the stage, that is under way
    step: int = 0  # of the stage, how many have been made
    seen: int = 0  # images of the epoch, and sums over them
    loss_sum: float = 0.0
    right_sum: float = 0.0


def gradient(
    run: State, stage: Stage, *, warm: float | None = None, keeper: Keeper | None = None, begun: Plain | None = None
) -> Iterator[Event]:
    """Minibatches with warm-up, then a cosine or a constant rate.

    The network of the lowest refined validation loss is kept, be it the one that the stage began with; without
    validation images the last. Where something else than accuracy counts, the one that reaches most of that, and of
    equals the one of the lowest loss.
    Patience counts in the second half of the stage alone: while the rate is high the loss
    rises, and falls below where it began only when the cosine nears its end (benchmarks/HISTORY.md, Early stopping and
    the schedule).
    `warm`: steps of warm-up; None: by how many there are. `keeper`: writes checkpoints. `begun`: the one that it goes
    on from.
    """
    recipe, data, network, meter = run.context.recipe, run.context.dataset, run.network, run.meter
    labels, val, descent = data.labels, data.rows(VAL), Descent(run, stage)
    train = descent.rows
    steps = stage.epochs * descent.steps
    warm = warm_up(steps, recipe.warm_up) if warm is None else warm
    every = epochs_a_look(recipe, data)
    goal = goal_of(recipe.goal, data.classes)

    def lack(logits: Logits) -> float:
        """Of what counts; 0 for all where the loss alone tells."""
        return 0.0 if goal == ACCURACY else 1 - reached(goal, labels[val], softmax(logits), data.classes)

    if begun is None:
        lowest = (0.0 if goal == ACCURACY else math.inf, run.lowest)
        if goal != ACCURACY and math.isfinite(run.lowest):
            lowest = (lack((yield from outputs(run, network, val, "Validating what it begins with"))), run.lowest)
        at = Course(kept=state(network), lowest=lowest, before=lowest)
        if (leg := meter.begin_leg()) and meter.slope is None and meter.lasting() > leg.share:
            meter.slope = steepness(run, stage, leg.share)
    else:
        at = Course(**begun["course"])
        descent.optimizer.load_state_dict(begun["optimizer"])

    def keep() -> None:
        if keeper is not None:
            stands = {"course": vars(at), "optimizer": descent.optimizer.state_dict()}
            keeper.save(run, {**stands, "epochs": run.epochs - bool(at.seen)})

    def keep_if_due() -> None:
        if keeper is not None and keeper.due(epoch_ended=not at.seen):
            keep()

    try:
        while at.epoch <= stage.epochs:
            what = f"Epoch {at.epoch} of {stage.epochs}"
            for batch in descent.epoch(at.seen):
                loss, right = descent.step(batch, share_of_peak(at.step, steps, warm, recipe.schedule))
                at.step, run.learned = at.step + 1, True
                if not math.isfinite(loss):
                    raise Diverged(
                        f"Training diverged at step {at.step}: its loss is {loss}. Try a smaller learning rate than"
                        f" {stage.lr:g}."
                    )
                at.seen += len(batch)
                at.loss_sum, at.right_sum = at.loss_sum + loss * len(batch), at.right_sum + right * len(batch)
                bar = meter.progress(what, at.seen, len(train), kind="train")
                yield replace(bar, steps=(meter.step,), losses=(loss,))
                keep_if_due()

            judged, found = None, NOTHING
            if len(val) and (at.epoch % every == 0 or at.epoch == stage.epochs):
                logits = yield from outputs(run, network, val, f"{what}, validating")
                judged = loss_of(logits, labels[val]), accuracy_of(logits, labels[val])
                found = lack(logits), refined_loss(logits, labels[val])
            best = found < at.lowest if judged else not len(val)
            if best:
                at.kept = state(network)
            if judged:
                at.lowest = min(at.lowest, found)
                run.lowest = at.lowest[1]
                if 2 * at.epoch <= stage.epochs:
                    at.best_epoch = at.epoch
                elif found < at.lowest_here:
                    at.lowest_here, at.best_epoch = found, at.epoch
            fitted = at.loss_sum / at.seen, at.right_sum / at.seen
            run.ended_epochs += 1
            lr, by = descent.optimizer.param_groups[-1]["lr"], found[1] if judged else None
            ended = meter.epoch_end(stage, train=fitted, val=judged, best=best, lr=lr, refined=by)
            left = stage.epochs - at.epoch
            if len(val) and stage.patience and at.epoch - at.best_epoch >= stage.patience:
                meter.drop("train", left * len(train))
                meter.drop("forward", (math.ceil(stage.epochs / every) - math.ceil(at.epoch / every)) * len(val))
                left = 0
            at.epoch, at.seen, at.loss_sum, at.right_sum = stage.epochs - left + 1, 0, 0.0, 0.0
            yield ended
            keep_if_due()
    except PauseAsked:
        keep()
        raise
    except StopAsked:
        if at.step and not math.isfinite(run.lowest):  # nothing was judged yet, so what there is counts
            at.kept = state(network)
        raise
    finally:  # also when it is closed before its end
        network.load_state_dict(at.kept)
    if math.isfinite(at.before[1]) and at.lowest == at.before:
        yield Notice(text=f"“{stage.title}” gained nothing on the validation images, so what it began with is kept.")


class Descent:
    """A stage's minibatches, and what steps on them need. Freezes what the stage does not train."""

    def __init__(self, run: State, stage: Stage) -> None:
        recipe, data, network = run.context.recipe, run.context.dataset, run.network
        self.run, self.rows = run, data.rows(TRAIN)
        self.steps = math.ceil(len(self.rows) / recipe.batch_size)  # of an epoch
        network.statistics_rest = recipe.batch_norm == "kept"
        freeze(network, stage.train_from)
        quicken(network)
        network.dropout.p = recipe.dropout
        groups = parameter_groups(
            network,
            head_lr=stage.lr,
            backbone_lr=stage.backbone_lr,
            weight_decay=recipe.weight_decay,
            depth_decay=recipe.depth_decay,
        )
        self.optimizer = OPTIMIZERS[recipe.optimizer](groups)
        self.peaks = [group["lr"] for group in self.optimizer.param_groups]
        weights = class_weights(data.labels[self.rows], len(data.classes))
        self.weights = torch.from_numpy(weights).to(run.context.device) if recipe.balanced else None
        self.drawn: Floats = np.zeros((0, 0))  # what decides the augmentation of each image in this epoch

    def epoch(self, seen: int = 0) -> Iterator[Ints]:
        """The batches of the run's next epoch, without those of the first `seen` images."""
        run, recipe = self.run, self.run.context.recipe
        run.network.train()
        run.epochs += 1
        self.drawn = draws(len(run.context.dataset), recipe.seed, run.epochs)
        batches = shuffled(self.rows, recipe.batch_size, recipe.seed, run.epochs)
        ends = accumulate(map(len, batches))
        yield from (batch for batch, end in zip(batches, ends, strict=True) if end > seen)

    def step(self, batch: Ints, share: float) -> tuple[float, float]:
        """One step at this share of the stage's learning rates: the loss before it, and the share that was right."""
        run, context, began = self.run, self.run.context, awake.seconds()
        rows = batch if len(batch) > 1 else batch.repeat(2)  # BatchNorm needs two
        for group, peak in zip(self.optimizer.param_groups, self.peaks, strict=True):
            group["lr"] = peak * share * run.ease
        x = context.images.batch(rows)  # (B, 3, H, W)
        x = augment(x, self.drawn[rows], context.recipe.augmentation)
        y = torch.from_numpy(context.dataset.labels[rows]).to(context.device)
        seed = noise(context.recipe.seed, run.meter.step)
        loss, right = learn(run, self.optimizer, x, y, self.weights, seed=seed)
        run.meter.step += 1
        run.meter.passed("train", len(batch), awake.seconds() - began)
        return loss, right


def steepness(run: State, stage: Stage, share: float) -> float:
    """Seconds that an image would take longer if all of the network learned, against the head alone, on the clock.

    Of a few images, there and back with no step, in eval mode: no weight, statistic or random number moves. For a run
    whose later stages train more than `share` of the network, so that what is left can be told before they begin.
    """
    rows = run.context.dataset.rows(TRAIN)[:PROBED]
    x, y = run.context.images.batch(rows), torch.from_numpy(run.context.dataset.labels[rows]).to(run.context.device)
    run.network.eval()
    took = []
    for train_from in (stage.train_from, FIRST):
        freeze(run.network, train_from)
        for _ in range(2):  # the first chooses algorithms
            began = awake.seconds()
            with torch.autocast(x.device.type, torch.bfloat16, enabled=x.device.type == "cuda"):
                F.cross_entropy(run.network(x).float(), y).backward()  # type: ignore[no-untyped-call]
            if x.device.type == "cuda":
                torch.cuda.synchronize(x.device)
            spent = awake.seconds() - began
        took.append(spent / len(rows))
        run.network.zero_grad()
    freeze(run.network, stage.train_from)
    return max(0.0, took[1] - took[0]) / (1 - share)


def quicken(network: torch.nn.Module) -> None:
    """Let BatchNorm's running statistics follow within tens of steps.

    torchvision's MobileNetV3 has a momentum of 0.01, made for hundreds of epochs: after a few hundred steps at a high
    learning rate its statistics are still those of a network that is gone, and validation shows chance.
    """
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d) and layer.momentum is not None:
            layer.momentum = max(layer.momentum, MOMENTUM)


def noise(seed: int, step: int) -> int:
    """What dropout and stochastic depth draw from in a step."""
    return int(np.random.SeedSequence([seed, step]).generate_state(1)[0])


def learn(
    run: State, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor, weights: Tensor | None, *, seed: int
) -> tuple[float, float]:
    """One step on a batch (B, 3, H, W), (B,): its plain loss before the step, and the share that was right.

    With `weights` (K,), each image's loss counts as much as its class weighs. They are not cross_entropy's own: that
    also weighs what smoothing gives to the other classes, so that rare classes are learned from common images.
    A batch in several parts gives the same gradient, save for BatchNorm, which sees each part alone.
    """
    recipe, device = run.context.recipe, run.context.device
    cuda = device.type == "cuda"
    found, size = list[Tensor](), math.ceil(len(y) / min(run.parts, max(1, len(y) // 2)))
    with (
        torch.random.fork_rng([device] if cuda else []),
        torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=True),
        torch.autocast(device.type, torch.bfloat16, enabled=cuda),  # on CPUs without AMX it is slower
    ):
        torch.manual_seed(seed)
        optimizer.zero_grad()
        for part, right in zip(torch.split(x, size), torch.split(y, size), strict=True):
            logits = run.network(part)  # (B, 3, H, W) -> (B, K)
            losses = F.cross_entropy(logits.float(), right, reduction="none", label_smoothing=recipe.smoothing)
            loss = (losses if weights is None else losses * weights[right]).mean() * (len(right) / len(y))
            loss.backward()  # type: ignore[no-untyped-call]
            found.append(logits.detach().float())
        if recipe.clip:
            torch.nn.utils.clip_grad_norm_(run.network.parameters(), recipe.clip)
        optimizer.step()
    said = torch.cat(found)
    return float(F.cross_entropy(said, y)), float((said.argmax(1) == y).float().mean())


def warm_up(steps: int, share: float) -> float:
    """How many of a stage's steps it takes."""
    return share * min(steps, WARMED)


def share_of_peak(step: int, steps: int, warm: float, schedule: str) -> float:
    """The learning rate's share of its peak: linear warm-up of `warm` steps, then a cosine to zero, or constant."""
    if step < warm:
        return (step + 1) / (warm + 1)
    if schedule == "constant":
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1.0, steps - warm)))


def state(network: torch.nn.Module) -> dict[str, Tensor]:
    """A copy of all weights and statistics."""
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
