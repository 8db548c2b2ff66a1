"""What augmentation makes of a user's own images, drawn before any training."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from transfer_core.data.pixels import lost, square
from transfer_core.training.augment import PRESETS, augment, draws
from transfer_core.training.checkpoint import whole
from transfer_core.training.images import Images
from transfer_core.types import TRAIN, Backbone, Dataset, Event, Progress, RunEnd

IMAGES, DRAWN = 4, 5  # rows of the picture; columns after the image itself
GAP = 4  # px, see-through
SHARPEST_PX = 160  # a larger input is drawn smaller


def draw_augmented(
    dataset: Dataset, backbone: Backbone, *, preset: str, flip: bool, workspace: Path, out: Path
) -> Iterator[Event]:
    """A PNG at `out`: a row for each of the first classes, a training image and five drawings of it at random.

    They are those of the first epochs with seed 0, by the code that trains.
    """
    used = PRESETS.get(preset)
    rows = [dataset.rows(TRAIN)[dataset.labels[dataset.rows(TRAIN)] == k] for k in range(len(dataset.classes))]
    chosen = np.array([own[0] for own in rows if len(own)][:IMAGES])
    folder = workspace / "datasets" / dataset.id / "samples"
    squares = []
    for done, row in enumerate(chosen):
        yield Progress(what="Reading images", done=done, of=len(chosen))
        sides = {"resize_px": backbone.resize_px, "crop_px": backbone.input_px}
        try:
            squares.append(square(folder / dataset.files[row], **sides, fit=backbone.fit))
        except OSError as error:
            raise lost(dataset, folder / dataset.files[row], error) from error
    images = Images(np.stack(squares), backbone, torch.device("cpu"))
    columns = [squares]
    for epoch in range(1, DRAWN + 1):
        x = images.batch(np.arange(len(chosen)))  # (R, 3, H, W)
        if used is not None:
            drawn = draws(len(dataset), 0, epoch)[chosen]
            x = augment(x, drawn, used if flip else replace(used, flip=0.0))
        seen = (x * images.std + images.mean).round().clamp(0, 255).byte().permute(0, 2, 3, 1)  # (R, H, W, 3)
        columns.append(list(seen.numpy()))
    side = min(backbone.input_px, SHARPEST_PX)
    sheet = Image.new("RGBA", (len(columns) * (side + GAP) - GAP, len(chosen) * (side + GAP) - GAP))
    for right, column in enumerate(columns):
        for down, pixels in enumerate(column):
            picture = Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS)
            sheet.paste(picture, (right * (side + GAP), down * (side + GAP)))
    with whole(out) as part:
        sheet.save(part, "PNG")
    yield RunEnd(status="done", result={"file": out.name})
