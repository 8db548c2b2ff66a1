"""Whether a flip or a turn makes one class of images into another, as it does arrows, letters and hands.

Looked at are histograms of gradients and coarse colours, where a flip moves cells and mirrors directions, so that every
flip and turn is exact and costs nothing. A network would not do: those trained on flipped photos tell left from right
badly (benchmarks/HISTORY.md, When a flip makes one class into another).
"""

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from transfer_core.data.parallel import in_order
from transfer_core.data.pixels import sample_square
from transfer_core.kept import whole
from transfer_core.strategies.settings import LABELS
from transfer_core.types import TRAIN, Augmentation, Dataset, Floats, Ints, Progress, Symmetry

FILE = "look-alikes.json"  # in the dataset's folder
LEAST, ENOUGH, MOST = 6, 20, 900  # training images of a class that say something, that are enough, and of all classes
SIDE, CELLS, DIRECTIONS, COLOURS = 64, 8, 8, 16  # px; a side; of gradients, over half a turn; cells of colour a side
COLOUR_WEIGHT = 0.5
FOLDS = 4  # images are judged by a classifier that has not seen them
RIDGE = 0.1  # times the mean squared length of an image's features
# Of each of two classes more than ALIKE of the images, flipped or turned, have to be taken for the other (of K classes
# more than half of the way from chance, 1 / K, to all), and as they are at most APART. ALIKE lies between what pairs
# that a flip makes alike reach and the most that others do (benchmarks/HISTORY.md, When a flip makes one class into
# another).
ALIKE, APART = 0.55, 0.2
HOW: dict[Symmetry, str] = {
    "flip": "Flipped left and right",
    "flip_up": "Flipped up and down",
    "half_turn": "Turned upside down",
    "quarter_turn": "Turned by a quarter",
}


@dataclass(frozen=True, kw_only=True)
class LookAlike:
    """Two classes that a flip or a turn makes alike."""

    symmetry: Symmetry
    label: int
    like: int
    share: float  # of the images of `label` that are taken for `like` then
    back: float  # of the images of `like` that are taken for `label`, turned back
    images: int  # of `label` that were looked at
    images_back: int


def look_alikes(dataset: Dataset, folder: Path) -> Generator[Progress, None, tuple[LookAlike, ...]]:
    """Pairs of classes that a flip or a turn makes alike, the most alike first; looked for once, then kept.

    At most `MOST` training images are looked at, evenly over the classes; of more than MOST / LEAST classes so many.
    `folder`: of the dataset. Raises DatasetError when a sample cannot be read.
    """
    kept = kept_look_alikes(folder)
    if kept is not None:
        return kept
    rows = _some(dataset)

    def load(row: int) -> tuple[Floats, Floats]:
        file = folder / "samples" / dataset.files[row]
        return _look(sample_square(dataset, file, resize_px=SIDE, crop_px=SIDE, fit="squeeze"))

    looks = []
    with closing(in_order(load, rows.tolist())) as found:
        for done, look in enumerate(found):
            looks.append(look)
            yield Progress(what="Flipping and turning images", done=done + 1, of=len(rows))
    alike: tuple[LookAlike, ...] = ()
    if len(np.unique(dataset.labels[rows])) > 1:
        gradients, colours = (np.stack(each) for each in zip(*looks, strict=True))
        alike = tuple(_compared(gradients, colours, dataset.labels[rows]))
    with whole(folder / FILE) as part:
        part.write_text(json.dumps([asdict(each) for each in alike]), encoding="utf-8")
    return alike


def kept_look_alikes(folder: Path) -> tuple[LookAlike, ...] | None:
    """What was found in a dataset, by its folder; None where it has not been looked at yet."""
    try:
        return tuple(LookAlike(**each) for each in json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # not there, or damaged
        return None


def warnings(found: Sequence[LookAlike], augmentation: Augmentation, classes: Sequence[str]) -> tuple[str, ...]:
    """What to say of the flips and turns in force: a sentence for each that makes classes alike, and the way out."""
    said = []
    for symmetry, switch in augmentation.symmetries.items():
        alike = [each for each in found if each.symmetry == symmetry]
        if not alike:
            continue
        first, more = alike[0], len(alike) - 1
        others = f" So it is with {more} other pair{'s' * (more > 1)} of classes." if more else ""
        said.append(
            f"{HOW[symmetry]}, {round(first.share * first.images)} of {first.images} images of"
            f" '{classes[first.label]}' look like '{classes[first.like]}', and"
            f" {round(first.back * first.images_back)} of {first.images_back} the other way round.{others}"
            f" Turn '{LABELS[switch]}' off."
        )
    return tuple(said)


def _some(dataset: Dataset) -> Ints:
    """Training images of each class that has enough, near-duplicates once, drawn at random."""
    rng, train = np.random.default_rng(0), dataset.rows(TRAIN)
    of_class = []
    for label in range(len(dataset.classes)):
        own = rng.permutation(train[dataset.labels[train] == label])
        _, first = np.unique(dataset.groups[own], return_index=True)
        if len(first) >= LEAST:
            of_class.append(own[np.sort(first)])
    most = MOST // LEAST
    if len(of_class) > most:
        of_class = [of_class[k] for k in sorted(rng.permutation(len(of_class))[:most])]
    each = min(ENOUGH, MOST // max(1, len(of_class)))
    return np.concatenate([own[:each] for own in of_class]) if of_class else np.zeros(0, np.int64)


def _look(pixels: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """Of an image (SIDE, SIDE, 3): gradients (CELLS, CELLS, DIRECTIONS) and colours (COLOURS, COLOURS, 3)."""
    grey = pixels.mean(2)
    down, right = np.zeros_like(grey), np.zeros_like(grey)
    down[1:-1], right[:, 1:-1] = grey[2:] - grey[:-2], grey[:, 2:] - grey[:, :-2]
    direction = np.arctan2(down, right) % np.pi / np.pi * DIRECTIONS
    before, strength = np.floor(direction).astype(int), np.hypot(down, right)
    part = direction - before
    found = np.zeros((DIRECTIONS, SIDE, SIDE))
    for bins, weight in ((before, 1 - part), (before + 1, part)):
        found += (bins % DIRECTIONS == np.arange(DIRECTIONS)[:, None, None]) * (strength * weight)
    cell = SIDE // CELLS
    gradients = found.reshape(DIRECTIONS, CELLS, cell, CELLS, cell).sum((2, 4)).transpose(1, 2, 0)
    patch = SIDE // COLOURS
    colours = pixels.reshape(COLOURS, patch, COLOURS, patch, 3).mean((1, 3))
    colours = colours - colours.mean()
    long = np.linalg.norm(gradients) + 1e-9, np.linalg.norm(colours) + 1e-6
    return np.sqrt(gradients / long[0]), COLOUR_WEIGHT * colours / long[1]


def _turned(gradients: Floats, colours: Floats, how: Symmetry | None, *, back: bool = False) -> Floats:
    """The features of images (N, ...) that are flipped or turned, or turned back: (N, features)."""
    if how in ("flip", "flip_up"):
        axis = 2 if how == "flip" else 1
        mirrored = -np.arange(DIRECTIONS) % DIRECTIONS
        gradients, colours = np.flip(gradients, axis)[..., mirrored], np.flip(colours, axis)
    elif how is not None:
        quarters = 2 if how == "half_turn" else -1 if back else 1
        gradients, colours = (np.rot90(each, quarters, (1, 2)) for each in (gradients, colours))
        gradients = np.roll(gradients, quarters * DIRECTIONS // 2, 3)
    return np.hstack((gradients.reshape(len(gradients), -1), colours.reshape(len(colours), -1)))


def _compared(gradients: Floats, colours: Floats, labels: Ints) -> list[LookAlike]:
    known, own = np.unique(labels, return_inverse=True)
    images = np.bincount(own)
    order = np.argsort(own, kind="stable")
    fold = np.zeros(len(own), np.int64)
    fold[order] = np.arange(len(own)) % FOLDS
    still = _turned(gradients, colours, None)
    heads = [_ridge(still[fold != part], own[fold != part], len(known)) for part in range(FOLDS)]

    def taken(x: Floats) -> Floats:
        """Shares (K, K) of each class's images that a classifier which has not seen them takes for each class."""
        scores = np.zeros((len(own), len(known)))
        for part, head in enumerate(heads):
            scores[fold == part] = head(x[fold == part])
        counts = np.zeros((len(known), len(known)))
        np.add.at(counts, (own, scores.argmax(1)), 1)
        return counts / images[:, None]

    apart, found = taken(still), []
    for how in HOW:
        there = taken(_turned(gradients, colours, how))
        back = there if how != "quarter_turn" else taken(_turned(gradients, colours, how, back=True))
        both = np.where(np.maximum(apart, apart.T) <= APART, np.minimum(there, back.T), 0.0)
        np.fill_diagonal(both, 0.0)
        for a, b in np.argwhere(both > max(ALIKE, (1 + 1 / len(known)) / 2)):
            if both[a, b] > both[b, a] or (both[a, b] == both[b, a] and a < b):  # of a pair the better way round
                found.append(
                    LookAlike(
                        symmetry=how,
                        label=int(known[a]),
                        like=int(known[b]),
                        share=float(there[a, b]),
                        back=float(back[b, a]),
                        images=int(images[a]),
                        images_back=int(images[b]),
                    )
                )
    return sorted(found, key=lambda each: -min(each.share, each.back))


def _ridge(x: Floats, labels: Ints, classes: int) -> Callable[[Floats], Floats]:
    """A ridge classifier, by the images' inner products, of which there are fewer than features."""
    middle, targets = x.mean(0), np.eye(classes)[labels]
    centred = x - middle
    inner = centred @ centred.T
    inner[np.diag_indices(len(x))] += RIDGE * np.trace(inner) / len(x)
    weights = centred.T @ np.linalg.solve(inner, targets - targets.mean(0))
    return lambda new: (new - middle) @ weights
