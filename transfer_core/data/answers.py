"""What runs said of new images, kept in a folder as it comes: probabilities, names, reasons, small pictures."""

import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from transfer_core.data.decoding import Look
from transfer_core.errors import UnknownJob, disk_words
from transfer_core.types import Doubt, Floats, Predicted

ANSWERS, THUMBNAILS = "answers.npz", "thumbnails.bin"


class Answers:
    """Grows by a batch of images at a time; pictures go to the disk at once. A context, in which it is written."""

    def __init__(self, folder: Path, runs: Sequence[str], classes: Sequence[str], doubts: Sequence[Doubt]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.names, self.errors = folder, list[str](), list[str]()
        self._facts = {"runs": list(runs), "classes": list(classes), "doubts": [asdict(each) for each in doubts]}
        self._said: list[list[Floats]] = [[] for _ in runs]
        self._unlike: list[list[NDArray[np.bool_]]] = [[] for _ in runs]
        self._ends: list[int] = []
        self._pictures = (folder / THUMBNAILS).open("wb")

    def __enter__(self) -> "Answers":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pictures.close()

    def add(self, looks: Sequence[Look], said: Sequence[tuple[Floats, NDArray[np.bool_]]]) -> None:
        """`said`: of each run, (n, K), nan for what could not be read, and whether it is unlike its training, (n,)."""
        for look in looks:
            self.names.append(look.name)
            self.errors.append(look.error)
            self._pictures.write(look.thumbnail)
            self._ends.append(self._pictures.tell())
        for own, odd, (part, unlike) in zip(self._said, self._unlike, said, strict=True):
            own.append(part.astype(np.float32))
            odd.append(unlike)

    def save(self, of: int) -> None:
        """`of`: how many images there were to look at."""
        facts = json.dumps({**self._facts, "names": self.names, "errors": self.errors, "of": of})
        said, unlike = (np.stack([np.concatenate(own) for own in all_]) for all_ in (self._said, self._unlike))
        part = self.folder / f"{ANSWERS}.part"
        with part.open("wb") as file:
            np.savez(file, said=said, unlike=unlike, ends=np.array(self._ends), facts=np.array(facts))
        os.replace(part, self.folder / ANSWERS)


def read_answers(folder: Path) -> Predicted:
    """What `Answers` kept. Raises UnknownJob when it is not there or cannot be read."""
    try:
        with np.load(folder / ANSWERS) as kept:
            said, unlike, facts = kept["said"], kept["unlike"], json.loads(str(kept["facts"]))
    except FileNotFoundError as error:
        raise UnknownJob("These predictions are no longer kept. Predict again.") from error
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
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
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UnknownJob("The pictures of these predictions cannot be read. Predict again.") from error
