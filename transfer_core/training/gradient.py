"""The stage that learns by gradient descent: minibatches, augmentation, one learning rate for each depth."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from transfer_core.backbones.taps import freeze, parameter_groups
from transfer_core.errors import RecipeError
from transfer_core.training.augment import PRESETS, augment, draws, shuffled
from transfer_core.training.features import outputs
from transfer_core.training.setup import Setup
from transfer_core.training.solvers import accuracy_of, loss_of
from transfer_core.types import TRAIN, VAL, Event, Ints, Stage

MOMENTUM = 0.1  # of BatchNorm's statistics, at least; PyTorch's own default
OPTIMIZERS: dict[str, Callable[[list[dict[str, Any]]], torch.optim.Optimizer]] = {
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
    "sgd": partial(torch.optim.SGD, lr=0.0, momentum=0.9, nesterov=True),
}
WARM_UP, WARM_UP_STEPS = 0.1, 100  # of a stage's steps; at most (BiT-HyperRule)


def gradient(setup: Setup, stage: Stage) -> Iterator[Event]:
    """Minibatches with warm-up and a cosine; the epoch of the lowest validation loss is kept, without any the last."""
    recipe, network, meter, labels = setup.recipe, setup.network, setup.meter, setup.dataset.labels
    train, val, preset = setup.rows(TRAIN), setup.rows(VAL), PRESETS.get(stage.augment)
    if preset and not recipe.flip:
        preset = replace(preset, flip=0.0)
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
    optimizer = OPTIMIZERS[recipe.optimizer](groups)
    weights = torch.from_numpy(class_weights(labels[train], setup)).to(setup.device) if recipe.balanced else None
    peaks = [group["lr"] for group in optimizer.param_groups]
    steps = stage.epochs * math.ceil(len(train) / recipe.batch_size)
    lowest, kept, since, step = math.inf, state(network), 0, 0
    every = max(
        1, math.ceil(len(val) / len(train))
    )  # epochs between two looks, so that looking does not outweigh learning

    for epoch in range(1, stage.epochs + 1):
        what = f"Epoch {epoch} of {stage.epochs}"
        network.train()
        drawn = draws(len(setup.dataset), recipe.seed, epoch)
        seen, loss_sum, right_sum = 0, 0.0, 0
        for rows in shuffled(train, recipe.batch_size, recipe.seed, epoch):
            began = time.monotonic()
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * share_of_peak(step, steps)
            x = setup.images.batch(rows)  # (B, 3, H, W)
            if preset:
                x = augment(x, drawn[rows], preset)
            loss, right = learn(setup, optimizer, x, torch.from_numpy(labels[rows]).to(setup.device), weights)
            step, meter.step = step + 1, meter.step + 1
            if not math.isfinite(loss):
                raise RecipeError(
                    f"Training diverged at step {step}: its loss is {loss}. Try a smaller learning rate than"
                    f" {stage.lr:g}."
                )
            seen, loss_sum, right_sum = seen + len(rows), loss_sum + loss * len(rows), right_sum + right
            meter.passed("train", len(rows), time.monotonic() - began)
            yield replace(meter.progress(what, seen, len(train), kind="train"), steps=(meter.step,), losses=(loss,))

        judged = None
        if len(val) and (epoch % every == 0 or epoch == stage.epochs):
            logits = yield from outputs(setup, network, val, f"{what}, validating")
            judged = loss_of(logits, labels[val]), accuracy_of(logits, labels[val])
        best = judged[0] < lowest if judged else not len(val)
        since = 0 if best else since + 1
        if best:
            lowest, kept = judged[0] if judged else lowest, state(network)
        fitted = loss_sum / seen, right_sum / seen
        yield meter.epoch_end(stage, train=fitted, val=judged, best=best, lr=optimizer.param_groups[-1]["lr"])
        if stage.patience and since >= stage.patience:
            meter.drop("train", (stage.epochs - epoch) * len(train))
            meter.drop("forward", (stage.epochs - epoch) // every * len(val))
            break
    network.load_state_dict(kept)


def quicken(network: torch.nn.Module) -> None:
    """Let BatchNorm's running statistics follow within tens of steps.

    torchvision's MobileNetV3 has a momentum of 0.01, made for hundreds of epochs: after a few hundred steps at a high
    learning rate its statistics are still those of a network that is gone, and validation shows chance.
    """
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d) and layer.momentum is not None:
            layer.momentum = max(layer.momentum, MOMENTUM)


def class_weights(labels: Ints, setup: Setup) -> NDArray[np.float32]:
    """(K,): one over each class's share of the training images (N,), their mean over the images 1."""
    counts = np.bincount(labels, minlength=len(setup.dataset.classes))
    return np.asarray(len(labels) / np.maximum(counts, 1) / max(1, (counts > 0).sum()), np.float32)


def learn(
    setup: Setup, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor, weights: Tensor | None
) -> tuple[float, int]:
    """One step on a batch (B, 3, H, W), (B,): its plain loss before the step, and how many were right."""
    cuda = setup.device.type == "cuda"
    with (
        torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=True),
        torch.autocast(setup.device.type, torch.bfloat16, enabled=cuda),  # on CPUs without AMX it is slower
    ):
        logits = setup.network(x)  # (B, 3, H, W) -> (B, K)
        optimizer.zero_grad()
        loss = F.cross_entropy(logits.float(), y, weights, label_smoothing=setup.recipe.smoothing)
        loss.backward()  # type: ignore[no-untyped-call]
        if setup.recipe.clip:
            torch.nn.utils.clip_grad_norm_(setup.network.parameters(), setup.recipe.clip)
        optimizer.step()
    logits = logits.detach().float()
    return float(F.cross_entropy(logits, y)), int((logits.argmax(1) == y).sum())


def share_of_peak(step: int, steps: int) -> float:
    """The learning rate's share of its peak: linear warm-up, then a cosine to zero."""
    warm = min(WARM_UP_STEPS, WARM_UP * steps)
    if step < warm:
        return (step + 1) / (warm + 1)
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1.0, steps - warm)))


def state(network: torch.nn.Module) -> dict[str, Tensor]:
    """A copy of all weights and statistics."""
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
