"""What a recipe makes of a user's own images, drawn before any training."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from transfer_core.backbones import backbone
from transfer_core.data.look_alikes import look_alikes
from transfer_core.data.pixels import SHARP, decode, fit_square, lost
from transfer_core.kept import whole
from transfer_core.training.augment import augment, draws
from transfer_core.training.images import Images
from transfer_core.types import NOTHING, TRAIN, Dataset, Event, Progress, Recipe, RunEnd

IMAGES, DRAWN = 4, 5  # rows of the picture; columns after the network's square
SIDE, GAP = 160, 4  # px, of an image; see-through, between them


def draw_augmented(recipe: Recipe, dataset: Dataset, *, workspace: Path, out: Path) -> Iterator[Event]:
    """A PNG at `out`: a row for each of a few classes, with a training image, the square that the network sees of it,
    and, where anything is augmented, five drawings of that at random.

    They are those of the first epochs with seed 0, by the code that trains. Where images are flipped or turned, classes
    that this makes alike are looked for before, and shown first.
    """
    seen, used = backbone(recipe.backbone, workspace).seeing(recipe.px, recipe.fit), recipe.augmentation
    folder = workspace / "datasets" / dataset.id
    alike = (yield from look_alikes(dataset, folder)) if used.symmetries else ()
    mixed = [label for each in alike if each.symmetry in used.symmetries for label in (each.label, each.like)]
    rows = dataset.rows(TRAIN)
    first = {int(label): row for row, label in reversed([*zip(rows, dataset.labels[rows], strict=True)])}  # of a class
    chosen = np.array([first[label] for label in dict.fromkeys((*mixed, *sorted(first)))][:IMAGES])
    pictures = []
    for done, row in enumerate(chosen):
        yield Progress(what="Reading images", done=done, of=len(chosen))
        file = folder / "samples" / dataset.files[row]
        try:
            pictures.append(decode(file, dataset.rendering, enough_px=SHARP * seen.resize_px).image)  # as training does
        except OSError as error:
            raise lost(dataset, file, error) from error
    squares = [fit_square(each, resize_px=seen.resize_px, crop_px=seen.input_px, fit=seen.fit) for each in pictures]
    columns = [[_whole(each) for each in pictures], [_tile(each) for each in squares]]
    images = Images(np.stack(squares), seen, torch.device("cpu"))
    for epoch in range(1, DRAWN + 1) if used != NOTHING else ():
        x = images.batch(np.arange(len(chosen)))  # (R, 3, H, W)
        x = augment(x, draws(len(dataset), 0, epoch)[chosen], used)
        shown = (x * images.std + images.mean).round().clamp(0, 255).byte().permute(0, 2, 3, 1)  # (R, H, W, 3)
        columns.append([_tile(each) for each in shown.numpy()])
    sheet = Image.new("RGBA", (len(columns) * (SIDE + GAP) - GAP, len(chosen) * (SIDE + GAP) - GAP))
    for right, column in enumerate(columns):
        for down, tile in enumerate(column):
            free = SIDE - tile.width, SIDE - tile.height
            sheet.paste(tile, (right * (SIDE + GAP) + free[0] // 2, down * (SIDE + GAP) + free[1] // 2))
    with whole(out) as part:
        sheet.save(part, "PNG")
    yield RunEnd(status="done", result={"file": out.name})


def _whole(picture: Image.Image) -> Image.Image:
    """All of a picture in its own shape."""
    longer = max(picture.size)
    size = max(1, round(SIDE * picture.width / longer)), max(1, round(SIDE * picture.height / longer))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _tile(pixels: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
