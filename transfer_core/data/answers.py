"""What runs said of new images, kept in a folder as it comes: probabilities, names, reasons, small pictures."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transfer_core.data.decoding import Look, Shape
from transfer_core.errors import UnknownJob, disk_words
from transfer_core.kept import DAMAGED, save_arrays
from transfer_core.types import Doubt, Fit, Floats, Ints, attributes

MAPPED = 500  # images at once that get heat maps: each takes up to twice as long
ANSWERS, THUMBNAILS, HEAT = "answers.npz", "thumbnails.bin", "heat.npz"
COLUMNS = ("classes", "maps", "tried")  # of each run, in HEAT
FITTED = ("resize_px", "crop_px", "fit")  # of a shape


@dataclass(frozen=True, kw_only=True, eq=False)
class Predicted:
    """Images and what each of the runs says of them, in the order in which they were looked at."""

    names: tuple[str, ...]  # the user's own
    errors: tuple[str, ...]  # why an image could not be read, as a sentence; '' where it was
    of: int  # how many there were; more than `names` where it was stopped
    classes: tuple[str, ...]
    runs: tuple[str, ...]  # ids
    probabilities: Floats  # (R, N, K), calibrated on validation images; nan where an image could not be read
    unlike: NDArray[np.bool_]  # (R, N): unlike anything that the run was trained on
    doubts: tuple[Doubt, ...]  # of each run

    def sure(self, run: int, row: int) -> bool:
        """Whether a run's answer for an image stands: likely enough, and like what the run knows."""
        threshold = self.doubts[run].threshold
        likely = threshold is not None and bool(self.probabilities[run, row].max() >= threshold)
        return likely and not self.unlike[run, row]


@dataclass(frozen=True, kw_only=True, eq=False)
class Heat:
    """Where in a picture a run finds its evidence for some classes."""

    classes: tuple[int, ...]  # the likeliest first
    maps: Floats  # (k, G, G), of the network's square; above 0 speaks for the class, below against it. G may be 0: none
    tried: tuple[
        float, ...
    ]  # the likeliest class's probability: as it is, the hottest fifth covered, a random fifth; or ()
    resize_px: int  # how the picture became the square: `fit_square`'s arguments
    crop_px: int
    fit: Fit


@dataclass(frozen=True, kw_only=True, eq=False)
class Said:
    """What one run says of a batch of images."""

    probabilities: Floats  # (n, K), nan for what could not be read
    unlike: NDArray[np.bool_]  # (n,): unlike anything that it was trained on
    heat: tuple[Ints, NDArray[np.float32], Floats] | None = None  # of what was read: `Heat.classes`, `.maps`, `.tried`


class Answers:
    """Grows by a batch of images at a time; pictures go to the disk at once. A context, in which it is written."""

    def __init__(
        self,
        folder: Path,
        runs: Sequence[str],
        classes: Sequence[str],
        doubts: Sequence[Doubt],
        shapes: Sequence[Shape],
    ) -> None:
        """`shapes`: how each run sees pictures."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.names, self.errors = folder, list[str](), list[str]()
        self._facts = {"runs": list(runs), "classes": list(classes), "doubts": [asdict(each) for each in doubts]}
        self._said: list[list[Said]] = [[] for _ in runs]
        self._shapes, self._read, self._ends = shapes, list[int](), list[int]()  # `_read`: rows
        self._pictures = (folder / THUMBNAILS).open("wb")

    def __enter__(self) -> "Answers":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pictures.close()

    def add(self, looks: Sequence[Look], said: Sequence[Said]) -> None:
        """`said`: by each run."""
        for look in looks:
            if not look.error:
                self._read.append(len(self.names))
            self.names.append(look.name)
            self.errors.append(look.error)
            self._pictures.write(look.thumbnail)
            self._ends.append(self._pictures.tell())
        for own, each in zip(self._said, said, strict=True):
            own.append(each)

    def save(self, of: int) -> None:
        """`of`: how many images there were to look at."""
        facts = json.dumps({**self._facts, "names": self.names, "errors": self.errors, "of": of})
        said = np.stack([np.concatenate([each.probabilities for each in own]) for own in self._said])
        unlike = np.stack([np.concatenate([each.unlike for each in own]) for own in self._said])
        heat: dict[str, Any] = {}
        for run, own in enumerate(self._said):
            found = [each.heat for each in own if each.heat is not None]
            columns = map(np.concatenate, zip(*found, strict=True))
            heat |= {f"{name}{run}": values for name, values in zip(COLUMNS, columns, strict=False)}
        if heat:
            shapes = json.dumps([attributes(shape, *FITTED) for shape in self._shapes])
            save_arrays(self.folder / HEAT, rows=np.array(self._read), shapes=np.array(shapes), **heat)
        ends, shares = np.array(self._ends), said.astype(np.float32)
        save_arrays(self.folder / ANSWERS, said=shares, unlike=unlike, ends=ends, facts=np.array(facts))


def read_answers(folder: Path) -> Predicted:
    """What `Answers` kept. Raises UnknownJob when it is not there or cannot be read."""
    try:
        with np.load(folder / ANSWERS) as kept:
            said, unlike, facts = kept["said"], kept["unlike"], json.loads(str(kept["facts"]))
    except FileNotFoundError as error:
        raise UnknownJob("These predictions are no longer kept. Predict again.") from error
    except DAMAGED as error:
        raise UnknownJob("The file of these predictions is damaged. Predict again.") from error
    except OSError as error:
        raise UnknownJob(f"These predictions cannot be read. {disk_words(error, folder)}") from error
    return Predicted(
        names=tuple(facts["names"]),
        errors=tuple(facts["errors"]),
        of=facts["of"],
        classes=tuple(facts["classes"]),
        runs=tuple(facts["runs"]),
        probabilities=said,
        unlike=unlike,
        doubts=tuple(Doubt(**each) for each in facts["doubts"]),
    )


def read_thumbnails(folder: Path, rows: Sequence[int]) -> list[bytes]:
    """The small pictures of some images, JPEG; b'' for one that could not be read. Raises UnknownJob."""
    try:
        with np.load(folder / ANSWERS) as kept, (folder / THUMBNAILS).open("rb") as pictures:
            ends = kept["ends"]
            found = []
            for row in rows:
                begin = int(ends[row - 1]) if row else 0
                pictures.seek(begin)
                found.append(pictures.read(int(ends[row]) - begin))
            return found
    except (OSError, *DAMAGED) as error:
        raise UnknownJob("The pictures of these predictions cannot be read. Predict again.") from error


def read_heat(folder: Path, run: int, row: int) -> Heat | None:
    """Where one of the runs finds its evidence in an image; None where that was not looked for, or it is unreadable.

    Raises UnknownJob.
    """
    try:
        with np.load(folder / HEAT) as kept:
            (found,) = np.nonzero(kept["rows"] == row)
            if not len(found):
                return None
            place = int(found[0])
            classes, maps, tried = (kept[f"{name}{run}"][place] for name in COLUMNS)
            shape = json.loads(str(kept["shapes"]))[run]
    except FileNotFoundError:
        return None
    except (OSError, *DAMAGED) as error:
        raise UnknownJob("The heat maps of these predictions cannot be read. Predict again.") from error
    return Heat(classes=tuple(classes.tolist()), maps=maps.astype(np.float64), tried=tuple(tried.tolist()), **shape)
