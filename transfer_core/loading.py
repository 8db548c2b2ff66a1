"""`transfer_core.load`: a trained model in one's own program, from a bundle or from a run of a workspace."""

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from operator import index
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from transfer_core.data.parallel import in_order
from transfer_core.errors import DatasetError, ExportError, ImageError
from transfer_core.export.unpacked import is_bundle, model, unpacked
from transfer_core.types import Floats, attributes

Picture = str | Path | bytes | Image.Image | NDArray[np.uint8]
Squares = NDArray[np.uint8]
BATCH = 32


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a model says of one image. Of one that could not be read there is `error` alone."""

    label: str = ""  # the likeliest class
    probability: float = float("nan")  # of that class, calibrated
    sure: bool = False  # whether the answer stands, by what the model promises
    error: str = ""  # why the image could not be read, as a sentence


@dataclass(frozen=True, kw_only=True, eq=False)
class Classified:
    """What a model says of images, in their order; `len`, an index and a loop give the answers one by one."""

    classes: tuple[str, ...]
    probabilities: Floats  # (N, C), calibrated; nan where an image could not be read
    sure: NDArray[np.bool_]  # (N,): whether an answer stands; "not sure" is an answer too
    errors: tuple[str, ...]  # why an image could not be read, as a sentence; '' where it was

    @property
    def labels(self) -> tuple[str, ...]:
        """The likeliest class of each image; '' where it could not be read."""
        return tuple(answer.label for answer in self)

    def __len__(self) -> int:
        return len(self.errors)

    def __getitem__(self, row: int) -> Answer:
        row = index(row)  # a slice is no row
        if self.errors[row]:
            return Answer(error=self.errors[row])
        best = int(self.probabilities[row].argmax())
        likely, sure = float(self.probabilities[row, best]), bool(self.sure[row])
        return Answer(label=self.classes[best], probability=likely, sure=sure)

    def __iter__(self) -> Iterator[Answer]:
        return (self[row] for row in range(len(self)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """A trained model that answers for images."""

    classes: tuple[str, ...]
    card: dict[str, Any]  # all of its model.json
    recipe: dict[str, Any]  # that it was trained by; of an ensemble the first's
    _square: Callable[[Picture], Squares]  # (px, px, 3); raises ImageError
    _answer: Callable[[Squares], tuple[Floats, NDArray[np.bool_]]]  # (n, px, px, 3) -> (n, C), (n,)

    def predict(self, images: Picture | Iterable[Picture]) -> Classified:
        """What it says of an image, or of many: paths, bytes of image files, PIL images, or uint8 arrays (H, W, 3).

        An image that cannot be decoded costs itself alone: its `error` says why. Raises ImageError for a path that is
        not there and for an array that is no picture.
        """
        waiting, parts = iter(_many(images)), list[tuple[Floats, NDArray[np.bool_]]]()
        errors: list[str] = []
        while batch := list(islice(waiting, BATCH)):
            for picture in batch:
                _require_picture(picture)
            with closing(in_order(self._read, batch)) as reading:
                read = list(reading)
            errors += [each if isinstance(each, str) else "" for each in read]
            parts.append(self._answered(read))
        none = (np.empty((0, len(self.classes))), np.empty(0, bool))
        probabilities, sure = (np.concatenate(part) for part in zip(none, *parts, strict=True))
        return Classified(classes=self.classes, probabilities=probabilities, sure=sure, errors=tuple(errors))

    def _read(self, picture: Picture) -> Squares | str:
        try:
            return self._square(picture)
        except ImageError as error:
            return str(error)

    def _answered(self, read: Sequence[Squares | str]) -> tuple[Floats, NDArray[np.bool_]]:
        found, sure = np.full((len(read), len(self.classes)), np.nan), np.zeros(len(read), bool)
        rows = [row for row, each in enumerate(read) if not isinstance(each, str)]
        if rows:
            found[rows], sure[rows] = self._answer(np.stack([read[row] for row in rows]))
        return found, sure


def load(source: str | Path) -> Model:
    """A model to predict with: from a bundle's zip, an unpacked bundle, or a run's folder (`workspace/runs/<id>`).

    A bundle answers by onnxruntime, a run by torch. Raises ExportError or DatasetError for what is neither, is damaged,
    or was changed since it was written.
    """
    place = Path(source).expanduser()
    if not place.exists():
        raise ExportError(f"{place} does not exist. Name a bundle's zip, its unpacked folder, or a run's folder.")
    if place.is_dir() and not is_bundle(place):
        return _run(place)
    with unpacked(place) as folder:
        return _bundle(folder)


def _bundle(folder: Path) -> Model:
    known = model(folder)
    shown = _shown(known.squares.upright, known.squares.square, known.squares.read)

    def square(picture: Picture) -> Squares:
        try:
            return shown(picture)
        except Exception as error:  # decoders raise almost anything on damaged files
            raise ImageError(f"The image cannot be read: {' '.join(str(error).split()).rstrip('.')}.") from error

    def answer(squares: Squares) -> tuple[Floats, NDArray[np.bool_]]:
        found = known.probabilities(squares).astype(np.float64)
        return found, np.array([known.sure(each) for each in found])

    card = known.card
    recipe = card["members"][0]["recipe"]
    return Model(classes=tuple(known.classes), card=card, recipe=recipe, _square=square, _answer=answer)


def _run(folder: Path) -> Model:
    import torch

    from transfer_core.data.decoding import Look
    from transfer_core.data.pixels import fit_square, upright
    from transfer_core.data.pixels import square as read
    from transfer_core.training.checkpoint import CARD
    from transfer_core.training.devices import device
    from transfer_core.training.predict import Judge, Judges

    if not (folder / CARD).is_file():
        raise DatasetError(
            f"{folder} is neither an unpacked bundle nor the folder of a run that left a network. Such a folder holds a"
            f" {CARD}."
        )
    judge = Judges([Judge(folder, torch.device(device("auto").name))])
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    seen = judge.shapes[0]
    shape = attributes(seen, "resize_px", "crop_px", "fit")

    as_read, fitted = partial(upright, rendering=seen.rendering), partial(fit_square, **shape)
    square = _shown(as_read, fitted, partial(read, rendering=seen.rendering, **shape))

    def answer(squares: Squares) -> tuple[Floats, NDArray[np.bool_]]:
        said = judge([Look(name="", squares=(each,)) for each in squares], [seen])
        threshold = np.inf if judge.doubt.threshold is None else judge.doubt.threshold
        return said.probabilities, (said.probabilities.max(1) >= threshold) & ~said.unlike

    return Model(classes=judge.classes, card=card, recipe=card["recipe"], _square=square, _answer=answer)


def _shown(
    upright: Callable[[Image.Image], Image.Image], fitted: Callable[[Image.Image], Any], read: Callable[[Any], Any]
) -> Callable[[Picture], Squares]:
    """Any picture as the network's square. `read`: from a file, or its bytes."""

    def square(picture: Picture) -> Squares:
        if isinstance(picture, Image.Image):
            return np.asarray(fitted(upright(picture)))
        if isinstance(picture, np.ndarray):
            return np.asarray(fitted(Image.fromarray(picture)))
        return np.asarray(read(io.BytesIO(picture) if isinstance(picture, bytes) else Path(picture)))

    return square


def _many(images: Picture | Iterable[Picture]) -> Iterable[Picture]:
    """Raises ImageError for what is neither, though a loop over it would give something, as over a file's lines."""
    if isinstance(images, np.ndarray):
        return images if images.ndim > 3 else (images,)
    if isinstance(images, str | Path | bytes | Image.Image):
        return (images,)
    if isinstance(images, bytearray | memoryview | io.IOBase | Mapping) or not isinstance(images, Iterable):
        raise _no_picture(images)
    return images


def _no_picture(found: object) -> ImageError:
    kind = type(found).__name__
    return ImageError(f"{kind} is no picture; paths, bytes, PIL images and uint8 arrays (H, W, 3) are.")


def _require_picture(picture: Picture) -> None:
    """Raises ImageError for what no decoding will ever mend."""
    if isinstance(picture, np.ndarray):
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
            raise ImageError(
                f"An array of shape {picture.shape} and type {picture.dtype} is no picture; uint8 (H, W, 3) is one."
            )
    elif isinstance(picture, str | Path):
        if not Path(picture).is_file():
            raise ImageError(f"There is no image file {picture}. Check the path.")
    elif isinstance(picture, Image.Image):
        if not all(picture.size):
            raise ImageError(f"An image of {picture.width} x {picture.height} pixels is no picture.")
    elif not isinstance(picture, bytes):
        raise _no_picture(picture)
