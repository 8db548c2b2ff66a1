"""Pretrain the bundled backbone from scratch.

`python -m transfer_core.studies.pretrain ZIP --out FOLDER (--minutes M | --epochs N)` leaves `bundled.safetensors` and
its card `bundled.json` in FOLDER; copy both to `transfer_core/backbones/`, then run
`python -m transfer_core.backbones.catalogue` to bring the catalogue up to date. Called again, it resumes.
"""

import argparse
import hashlib
import json
import math
import os
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from safetensors.torch import save as safetensors_bytes
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torchvision.models.feature_extraction import create_feature_extractor

from transfer_core.backbones.catalogue import BUNDLED_PX, measured_taps
from transfer_core.backbones.taps import pool
from transfer_core.backbones.torchvision import build
from transfer_core.errors import GraftError, RecipeError
from transfer_core.studies.source_task import MEAN, SOURCE_PX, STD, Source, augmented, decode, normalise
from transfer_core.types import TRAIN, VAL, EpochEnd, Event, Progress, RunEnd, StageStart, digest

WARM_UP = 0.15  # of the whole training
GROWTH = 0.6
GRAIN_PX = 8
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


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What decides the weights. With `minutes`, the schedule follows the clock and the epochs come out as they may."""

    arch: str = "mobilenet_v3_small"
    epochs: float = 0.0  # 0: as many as `minutes` allow
    minutes: float = 0.0
    input_px: int = 64
    first_px: int = 64  # at the beginning; grows to input_px over GROWTH of the training
    smallest_crop_px: int = 40  # of SOURCE_PX; each batch draws one side from here up to SOURCE_PX
    colour: float = 0.2  # spread of brightness, contrast and each channel
    batch_size: int = 128
    lr: float = 0.25  # peak of the one cycle
    weight_decay: float = 2e-4  # not on BatchNorm and biases
    momentum: float = 0.9
    smoothing: float = 0.1
    average: float = 0.998  # decay per step of the weights' exponential moving average; 0: none
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
    _, top1, top5 = evaluate(model, source, plan.input_px)
    measured = {"val_top1": round(top1, 4), "val_top5": round(top5, 4), "epochs": round(step / per_epoch, 2)}
    measured |= {"val_top1_plain": round(plain, 4), "val_top1_averaged": round(averaged, 4)}
    write(model, source, plan, archive, out, measured | {"minutes": round(seconds / 60, 1)})
    yield RunEnd(status="done", result=measured)


def halve(model: nn.Module) -> None:
    """Round matrices and filters to what half precision holds: what is measured is what is written."""
    for p in model.parameters():
        if p.ndim > 1:
            p.data = p.data.half().float()


def save_checkpoint(state: dict[str, object], file: Path) -> None:
    """Write a checkpoint so that a crash leaves the old one or the new one."""
    with open(part := file.with_suffix(".part"), "wb") as target:
        torch.save(state, target)
        target.flush()
        os.fsync(target.fileno())
    part.replace(file)


def write(model: nn.Module, source: Source, plan: Plan, archive: Path, out: Path, measured: dict[str, float]) -> None:
    """Write bundled.safetensors (filters and matrices in half precision) and bundled.json, its card."""
    weights = {k: (v.half() if v.ndim > 1 else v).contiguous() for k, v in model.state_dict().items()}
    file, content = out / "bundled.safetensors", safetensors_bytes(weights)
    file.write_bytes(content)
    with open(archive, "rb") as data:
        data_hash = hashlib.file_digest(data, "sha256").hexdigest()
    card = {
        "file": file.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "arch": plan.arch,
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
        "recipe": asdict(plan),
        "threads": torch.get_num_threads(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
        **described(model, source, plan.arch),
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


def main() -> int:
    parser = argparse.ArgumentParser(description="Pretrain the bundled backbone from scratch.")
    parser.add_argument("archive", type=Path, help="zip with train/<class>/ and validation/<class>/")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint, weights and card")
    parser.add_argument("--arch", default=Plan.arch)
    for name in ("epochs", "minutes", "seed", "first_px", "smallest_crop_px", "smoothing", "average", "lr"):
        default = getattr(Plan, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
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
