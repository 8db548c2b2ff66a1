"""Pretrain the bundled backbone from scratch.

`python -m tools.pretrain ZIP --out FOLDER (--minutes M | --epochs N)` leaves `bundled.safetensors` and
its card `bundled.json` in FOLDER; copy both to `transfer_core/backbones/`, then run
`python -m tools.catalogue` to bring the catalogue up to date. Called again, it resumes.
"""

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from tools.card import halve, write
from tools.source_task import SOURCE_PX, Source, augmented, decode, normalise
from transfer_core.backbones.torchvision import build
from transfer_core.errors import GraftError, RecipeError
from transfer_core.types import TRAIN, VAL, EpochEnd, Event, Progress, RunEnd, StageStart, digest

WARM_UP = 0.15  # of the whole training
GROWTH = 0.6
GRAIN_PX = 8
SETTLE_BATCHES, SETTLE_IMAGES = 80, 200


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What decides the weights. With `minutes`, the schedule follows the clock and the epochs come out as they may."""

    arch: str = "resnet10"
    epochs: float = 0.0  # 0: as many as `minutes` allow
    minutes: float = 0.0
    input_px: int = 96
    first_px: int = 32  # at the beginning; grows to input_px over GROWTH of the training
    smallest_crop_px: int = 40  # of SOURCE_PX; each image draws a side from here up to SOURCE_PX
    colour: float = 0.2  # spread of brightness, contrast and each channel
    grey: float = 0.2  # share of the images without colours
    batch_size: int = 128
    lr: float = 0.25  # peak of the one cycle
    weight_decay: float = 2e-4  # not on BatchNorm and biases
    momentum: float = 0.9
    smoothing: float = 0.1
    average: float = 0.99  # decay per step of the weights' exponential moving average; 0: none
    leave_out: int = 7  # classes whose index in the sorted ids ends in this digit, kept unseen for measurements
    seed: int = 0


def one_cycle(fraction: float, peak: float) -> float:
    """Learning rate after this fraction of the training: linear up to the peak, then a cosine to zero."""
    if fraction < WARM_UP:
        return peak * max(fraction / WARM_UP, 0.01)
    return peak * 0.5 * (1 + math.cos(math.pi * min(1.0, (fraction - WARM_UP) / (1 - WARM_UP))))


def side_px(fraction: float, plan: Plan) -> int:
    """Input side after this fraction of the training, in steps of GRAIN_PX (progressive resizing)."""
    grown = plan.first_px + (plan.input_px - plan.first_px) * min(1.0, fraction / GROWTH)
    return int(grown // GRAIN_PX) * GRAIN_PX


@torch.inference_mode()
def evaluate(model: nn.Module, source: Source, input_px: int) -> tuple[float, float, float]:
    """Loss, top-1 and top-5 on the validation split."""
    model.eval()
    rows = np.flatnonzero(source.splits == VAL)
    loss = top1 = top5 = 0.0
    for batch in np.array_split(rows, max(1, len(rows) // 250)):
        x = F.interpolate(normalise(source.pixels[batch]), input_px, mode="bilinear", align_corners=False)
        logits, labels = model(x.contiguous(memory_format=torch.channels_last)), torch.from_numpy(source.labels[batch])
        best = logits.topk(min(5, logits.shape[1])).indices == labels[:, None]
        loss += float(F.cross_entropy(logits, labels, reduction="sum"))
        top1, top5 = top1 + float(best[:, 0].sum()), top5 + float(best.sum())
    model.train()
    return loss / len(rows), top1 / len(rows), top5 / len(rows)


@torch.no_grad()
def settle(model: nn.Module, source: Source, plan: Plan) -> None:
    """Take BatchNorm's statistics anew, from whole training images.

    Training sees crops, use sees whole images, in which things are smaller (Touvron et al. 2019, FixRes), and running
    statistics of the crops cost top-1 (benchmarks/HISTORY.md, Which network to bundle).
    """
    rng, train = np.random.default_rng(plan.seed), np.flatnonzero(source.splits == TRAIN)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None  # the plain mean over all batches
    model.train()
    for _ in range(SETTLE_BATCHES):
        rows = np.sort(rng.choice(train, min(SETTLE_IMAGES, len(train))))
        model(augmented(source.pixels[rows], rng, input_px=plan.input_px, smallest_crop_px=SOURCE_PX, colour=0))
    model.eval()


def groups(model: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Convolutions and matrices decay, BatchNorm and biases do not."""
    params = list(model.parameters())
    return [
        {"params": [p for p in params if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in params if p.ndim == 1], "weight_decay": 0.0},
    ]


def pretrain(archive: Path, out: Path, plan: Plan) -> Iterator[Event]:
    """Train from random weights and write weights and card to `out`; resumes from a checkpoint of the same plan there.

    Raises ArchiveError when the zip has no train and validation split, RecipeError when `out` holds another plan's
    checkpoint. With `epochs`, equal seeds and threads give equal weights, resumed or not; with `minutes`, the machine's
    speed has a say.
    """
    if (plan.epochs > 0) == (plan.minutes > 0):
        raise RecipeError("Either --epochs or --minutes must be above 0, and not both.")
    out.mkdir(parents=True, exist_ok=True)
    yield StageStart(stage="decode", title="Decode the images", number=1, stages=2, unit="pass", of=1)
    for item in decode(archive, out, plan.leave_out):
        if isinstance(item, Progress):
            yield item
        else:
            source = item

    torch.manual_seed(plan.seed)
    model = build(plan.arch, plan.seed, classes=len(source.classes))
    model = model.to(memory_format=torch.channels_last).train()
    # Buffers too: BatchNorm's statistics must be those of the averaged weights.
    ema = get_ema_multi_avg_fn(plan.average)  # type: ignore[no-untyped-call]
    average = AveragedModel(model, multi_avg_fn=ema, use_buffers=True)
    optimizer = torch.optim.SGD(groups(model, plan.weight_decay), lr=plan.lr, momentum=plan.momentum, nesterov=True)
    train = np.flatnonzero(source.splits == TRAIN)
    per_epoch = len(train) // plan.batch_size
    step, before, checkpoint = 0, 0.0, out / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        if saved["plan"] != digest(asdict(plan)):
            raise RecipeError(f"{checkpoint} belongs to a run with other settings; choose another folder or delete it.")
        model.load_state_dict(saved["model"])
        average.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        step, before = saved["step"], saved["seconds"]

    yield StageStart(stage="train", title=f"Pretrain {plan.arch}", number=2, stages=2, of=math.ceil(plan.epochs))
    begun, first_step = time.monotonic(), step
    losses: list[float] = []
    while True:
        seconds = before + time.monotonic() - begun
        fraction = step / (plan.epochs * per_epoch) if plan.epochs else seconds / (60 * plan.minutes)
        if fraction >= 1:
            break
        epoch, at = divmod(step, per_epoch)
        if at == 0:
            order = np.random.default_rng((plan.seed, epoch)).permutation(train)
            torch.manual_seed(plan.seed + epoch)  # for dropout, which draws from the global generator
        rows = order[at * plan.batch_size : (at + 1) * plan.batch_size]
        x = augmented(
            source.pixels[rows],
            np.random.default_rng((plan.seed, epoch, at)),
            input_px=side_px(fraction, plan),
            smallest_crop_px=plan.smallest_crop_px,
            colour=plan.colour,
            grey=plan.grey,
        )
        for group in optimizer.param_groups:
            group["lr"] = one_cycle(fraction, plan.lr)
        loss = F.cross_entropy(model(x), torch.from_numpy(source.labels[rows]), label_smoothing=plan.smoothing)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        average.update_parameters(model)
        step += 1
        losses.append(float(loss.detach()))
        seconds = before + time.monotonic() - begun
        yield Progress(
            what="Pretraining",
            done=step,
            of=round(plan.epochs * per_epoch) or round(step / max(fraction, 1e-9)),
            unit="steps",
            seconds_left=seconds * (1 - fraction) / fraction if fraction else None,
            images_per_second=(step - first_step) * plan.batch_size / (seconds - before),
            steps=(step,),
            losses=(losses[-1],),
        )
        if step % per_epoch == 0:
            val_loss, top1, _ = evaluate(model, source, plan.input_px)
            state = {"model": model.state_dict(), "average": average.state_dict(), "step": step}
            state["optimizer"] = optimizer.state_dict()
            save_checkpoint(state | {"seconds": seconds, "plan": digest(asdict(plan))}, checkpoint)
            yield EpochEnd(
                stage="train",
                epoch=epoch + 1,
                step=step,
                train_loss=float(np.mean(losses)),
                train_accuracy=None,
                val_loss=val_loss,
                val_accuracy=top1,
                best=False,
                seconds=seconds,
                lr=one_cycle(fraction, plan.lr),
            )
            losses.clear()

    _, plain, _ = evaluate(model, source, plan.input_px)
    _, averaged, _ = evaluate(average, source, plan.input_px)
    if averaged > plain:
        model.load_state_dict(average.module.state_dict())
    halve(model)
    settle(model, source, plan)
    _, top1, top5 = evaluate(model, source, plan.input_px)
    measured = {"val_top1": round(top1, 4), "val_top5": round(top5, 4), "epochs": round(step / per_epoch, 2)}
    measured |= {"val_top1_plain": round(plain, 4), "val_top1_averaged": round(averaged, 4)}
    write(model, source, asdict(plan), archive, out, measured | {"minutes": round(seconds / 60, 1)})
    yield RunEnd(status="done", result=measured)


def save_checkpoint(state: dict[str, object], file: Path) -> None:
    """Write a checkpoint so that a crash leaves the old one or the new one."""
    with open(part := file.with_suffix(".part"), "wb") as target:
        torch.save(state, target)
        target.flush()
        os.fsync(target.fileno())
    part.replace(file)


def main() -> int:
    parser = argparse.ArgumentParser(description="Pretrain the bundled backbone from scratch.")
    parser.add_argument("archive", type=Path, help="zip with train/<class>/ and validation/<class>/")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint, weights and card")
    parser.add_argument("--arch", default=Plan.arch)
    for setting in fields(Plan):
        if setting.name != "arch":
            parser.add_argument(f"--{setting.name.replace('_', '-')}", type=setting.type, default=setting.default)
    settings = vars(parser.parse_args())
    archive, out = settings.pop("archive"), settings.pop("out")
    plan = Plan(**settings)
    shown = 0.0
    try:
        for event in pretrain(archive, out, plan):
            if isinstance(event, Progress) and time.monotonic() - shown > 10:
                shown = time.monotonic()
                rate = f", {event.images_per_second:.0f} images/s" if event.images_per_second else ""
                left = f", {event.seconds_left / 60:.1f} min left" if event.seconds_left else ""
                loss = f", loss {event.losses[-1]:.3f}" if event.losses else ""
                print(f"{event.what}: {event.done} of {event.of} {event.unit}{loss}{rate}{left}", flush=True)
            elif isinstance(event, EpochEnd):
                top1, minutes = event.val_accuracy or 0.0, event.seconds / 60
                print(
                    f"epoch {event.epoch}: loss {event.train_loss:.3f}, val top-1 {top1:.2%}, {minutes:.1f} min",
                    flush=True,
                )
            elif isinstance(event, RunEnd):
                print(json.dumps(event.result))
    except GraftError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
