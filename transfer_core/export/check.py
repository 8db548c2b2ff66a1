"""The proof that a bundle is the run's model: a fresh process answers all test images with the bundle's own program."""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from transfer_core.errors import ExportError
from transfer_core.types import Floats, Progress

PROGRAM = "predict.py"
TOLERANCE = 1e-3  # that a probability may be away from the stored one
TIE = 1e-6  # two classes whose stored probabilities are nearer than this may change places


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A bundle held against stored predictions."""

    images: int
    agree: int  # that get the same class
    ties: int  # others of them, whose two likeliest classes are within `TIE` of each other
    far: int  # whose probabilities are not within `TOLERANCE`
    largest_difference: float  # of any probability; infinite where one is no number

    @property
    def passed(self) -> bool:
        return self.agree + self.ties == self.images and not self.far


def answers(
    bundle: Path, files: Sequence[Path], classes: int, scratch: Path, *, graph: str = ""
) -> Generator[Progress, None, Floats]:
    """What `predict.py` of an unpacked bundle says of image files, in a process of its own: (N, K), float64.

    `scratch`: a folder for the list of files and the program's words; `graph`: another than the bundle's own. Images
    that it cannot read get no number at all. Raises ExportError when the program ends early. Closing the generator
    ends it.
    """
    listed, words = scratch / "images.txt", scratch / "predict.log"
    listed.write_bytes(b"".join(os.fsencode(file.resolve()) + b"\n" for file in files))
    found = np.full((len(files), classes), np.nan)
    done = 0
    with listed.open("rb") as paths, words.open("wb") as errors:
        process = subprocess.Popen(
            [
                sys.executable,
                "-IB",
                str(bundle.resolve() / PROGRAM),
                *(["--graph", graph] * bool(graph)),
                "--json",
                "-",
            ],
            stdin=paths,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=scratch,
        )
        assert process.stdout is not None
        try:
            yield Progress(what="Starting predict.py", done=0, of=len(files))
            for line in process.stdout:
                found[done] = json.loads(line).get("probabilities", np.nan)
                done += 1
                yield Progress(what="Predicting with the bundle", done=done, of=len(files))
            process.wait()
        finally:
            process.kill()
            process.stdout.close()
            process.wait()
    if done < len(files):
        said = words.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        why = said[-1][:200] if said else f"it ended with code {process.returncode}"
        raise ExportError(
            f"The bundle was not handed over: its predict.py answered {done:,} of {len(files):,} images, then stopped"
            f" ({why}). Install what requirements.txt lists, then export again."
        )
    return found


def checked(stored: Floats, found: Floats) -> Checked:
    """Stored probabilities (N, K) against a bundle's."""
    rows = np.arange(len(stored))
    differences = np.where(np.isfinite(found), np.abs(found - stored), np.inf).max(1)  # (N,)
    named = np.where(np.isfinite(found), found, -np.inf).argmax(1)
    same = (named == stored.argmax(1)) & np.isfinite(differences)
    tied = ~same & (stored.max(1) - stored[rows, named] <= TIE) & np.isfinite(differences)
    return Checked(
        images=len(stored),
        agree=int(same.sum()),
        ties=int(tied.sum()),
        far=int((differences >= TOLERANCE).sum()),
        largest_difference=float(differences.max(initial=0.0)),
    )


def require(result: Checked, split: str) -> None:
    """Raises ExportError, with how many images differ, for a bundle that is not the run's model."""
    if result.passed:
        return
    wrong = result.images - result.agree - result.ties
    raise ExportError(
        f"The bundle was not handed over: of {result.images:,} {split} images {wrong:,} get another class than in the"
        f" run, and the probabilities of {result.far:,} are {TOLERANCE:g} or more away (at most"
        f" {result.largest_difference:.2g}). Have image files been changed? If not, keep this job's log and report it."
    )
