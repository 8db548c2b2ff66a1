"""What a network says of images without learning from them: frozen features, kept on disk, and logits."""

from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from transfer_core import awake
from transfer_core.backbones.folding import folded
from transfer_core.backbones.taps import extractor, pooled
from transfer_core.kept import DAMAGED, save_arrays
from transfer_core.training.setup import Context, State
from transfer_core.types import TRAIN, VAL, Ints, Progress, Tap

BATCH_SIZES = {"cuda": 256, "mps": 64, "cpu": 16}  # small on a CPU, so that progress shows and stopping is quick
MOST_ALONG = 50_000_000  # float32: 200 MB
Codes = NDArray[np.float32]


def frozen_features(run: State, taps: Sequence[Tap]) -> Generator[Progress, None, tuple[Ints, tuple[Codes, ...]]]:
    """Sample numbers (n,) of training and validation images, and their codes at each of the taps, (n, channels).

    An image's features are computed once per dataset, weights, size and tap, all taps in one pass; what is seen on
    the way is kept for others who will ask. Closing the generator leaves no half-done file.
    """
    context, meter, asked = run.context, run.meter, len(taps)
    rows = np.flatnonzero(np.isin(context.dataset.splits, (TRAIN, VAL)))
    found = [_kept(context.feature_file(tap), tap) for tap in taps]
    kept, pace = [(known, codes) for known, codes, _ in found], max((each for *_, each in found), default=0.0)
    lacking = tuple(tap for tap, (known, _) in zip(taps, kept, strict=True) if not np.isin(rows, known).all())
    there = np.logical_and.reduce([np.isin(rows, known) for known, _ in kept])
    meter.spare(pace * int(there.sum()))
    if not lacking:
        yield meter.progress("Reading kept features", len(rows), len(rows))
    else:
        todo = rows[~there]
        along = _along(run, lacking, todo, taps)
        taps, lacking = (*taps, *along), (*along, *lacking)
        kept += [_kept(context.feature_file(tap), tap)[:2] for tap in along]
        meter.add("forward", len(todo))
        trunk = folded(extractor(run.module, context.backbone, lacking))
        began = awake.seconds()
        computed = yield from outputs(run, lambda x: pooled(trunk(x), lacking), todo, "Computing features")
        pace = (awake.seconds() - began) / len(todo)
        parts = np.split(computed, np.cumsum([tap.channels for tap in lacking])[:-1], axis=1)
        for tap, codes in zip(lacking, parts, strict=True):
            place = taps.index(tap)
            kept[place] = _merged(kept[place], (todo, codes))
            save_arrays(context.feature_file(tap), rows=kept[place][0], codes=kept[place][1], pace=np.array(pace))
    return rows, tuple(codes[np.searchsorted(known, rows)] for known, codes in kept[:asked])


def _along(run: State, lacking: Sequence[Tap], rows: Ints, asked: Sequence[Tap]) -> tuple[Tap, ...]:
    """Earlier taps than the deepest that is lacking, whose features of these rows nobody has either: one pass has both.

    None where all of them would take more memory than MOST_ALONG numbers.
    """
    context, taps = run.context, run.context.backbone.taps
    deepest = max(taps.index(tap) for tap in lacking)
    found = tuple(
        tap
        for tap in taps[:deepest]
        if tap not in asked and not np.isin(rows, _kept(context.feature_file(tap), tap)[0]).all()
    )
    return found if len(rows) * sum(tap.channels for tap in found) <= MOST_ALONG else ()


def known_rows(context: Context, taps: Sequence[Tap]) -> Ints:
    """Sample numbers, ascending, whose codes at each of the taps are kept."""
    found = [_kept(context.feature_file(tap), tap)[0] for tap in taps]
    return found[0][np.logical_and.reduce([np.isin(found[0], each) for each in found])]


def outputs(run: State, part: Callable[[Tensor], Tensor], rows: Ints, what: str) -> Generator[Progress, None, Codes]:
    """What a part of the network, in eval mode and full precision, makes of images: (n,) sample numbers -> (n, C)."""
    run.network.eval()
    size = BATCH_SIZES[run.context.device.type]
    found: list[Codes] = []
    for start in range(0, len(rows), size):
        began = awake.seconds()
        batch = rows[start : start + size]
        padded = np.pad(batch, (0, size - len(batch)), mode="edge")  # so that no bit hangs on the batch's size
        found.append(precise(part, run.context.images.batch(padded))[: len(batch)])
        run.meter.passed("forward", len(batch), awake.seconds() - began)
        yield run.meter.progress(what, start + len(batch), len(rows), kind="forward")
    return np.concatenate(found) if found else np.zeros((0, 0), np.float32)


@torch.inference_mode()
def precise(part: Callable[[Tensor], Tensor], x: Tensor) -> Codes:
    """Without TF32, so that what is stored agrees with what any other machine computes."""
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        values: Codes = part(x).float().cpu().numpy()
    return values


def _kept(file: Path, tap: Tap) -> tuple[Ints, Codes, float]:
    """Sample numbers, ascending, their codes, and the seconds that one took; none from no file or a damaged one."""
    pace = 0.0
    try:
        with np.load(file) as found:
            rows, codes = found["rows"], found["codes"]
            pace = float(found["pace"]) if "pace" in found else 0.0
    except (OSError, *DAMAGED):
        rows, codes = np.zeros(0, np.int64), np.zeros((0, tap.channels), np.float32)
    return rows, codes, pace


def _merged(known: tuple[Ints, Codes], new: tuple[Ints, Codes]) -> tuple[Ints, Codes]:
    """Both, each row once, in ascending order."""
    rows, first = np.unique(np.concatenate((new[0], known[0])), return_index=True)
    return rows, np.concatenate((new[1], known[1]))[first]
