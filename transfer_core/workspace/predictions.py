"""What finished runs say of images that are in no dataset."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Literal

from transfer_core.compare.ensemble import doubt_of
from transfer_core.compare.selective import PROMISED, checked_promise
from transfer_core.data.answers import Heat, Predicted, read_answers, read_heat, read_thumbnails
from transfer_core.data.answers_table import as_csv, as_parquet, by_doubt, columns
from transfer_core.data.members import ending
from transfer_core.errors import ArchiveError, UnknownJob
from transfer_core.jobs.tasks.predict import Predict, answers_folder
from transfer_core.types import Dataset, Ints
from transfer_core.workspace.datasets import Datasets
from transfer_core.workspace.ensembles import Ensembles
from transfer_core.workspace.jobs import Jobs
from transfer_core.workspace.naming import expanded
from transfer_core.workspace.runs import Runs
from transfer_core.workspace.uploads import keep_upload, new_id

MOST_RUNS = 4  # side by side on the same images


class Predictions:
    """New images, looked at by one run or several."""

    def __init__(self, jobs: Jobs, datasets: Datasets, ensembles: Ensembles, runs: Runs, root: Path) -> None:
        self._jobs, self._datasets, self._ensembles, self._runs = jobs, datasets, ensembles, runs
        self._root = root

    def submit(self, runs: Sequence[str], files: Sequence[tuple[str, bytes | IO[bytes]]], *, heat: bool = False) -> str:
        """Queue the prediction of uploads: images, or archives of them, by their names. Returns the job's id.

        `heat`: with where each run finds its evidence, unless there are too many of them.
        Raises UnknownJob for more than MOST_RUNS runs or one that left no network, GraftError when a file cannot be
        kept.
        """
        self._check(runs)
        id, kept = new_id(), []
        for number, (name, content) in enumerate(files):
            file = io.BytesIO(content) if isinstance(content, bytes) else content
            kept.append(keep_upload(self._root, id, file, f"{number}{ending(name)}"))
        names = tuple(name for name, _ in files)
        task = Predict(of=tuple(runs), sources=tuple(map(str, kept)), names=names, heat=heat)
        return self._jobs.add(task, id=id)

    def submit_paths(self, runs: Sequence[str], paths: Sequence[Path]) -> str:
        """Queue the prediction of image files, folders and archives on this machine. Returns the job's id.

        Raises ArchiveError for one that does not exist, UnknownJob as `submit` does.
        """
        self._check(runs)
        found = [expanded(path) for path in paths]
        for path in found:
            if not path.exists():
                raise ArchiveError(f"{path} does not exist. Check the path; an image, folder or archive is expected.")
        return self._jobs.add(Predict(of=tuple(runs), sources=tuple(map(str, found))))

    def submit_samples(self, runs: Sequence[str], dataset: Dataset, samples: Sequence[int]) -> str:
        """Queue the prediction of some of a dataset's images, with where each run finds its evidence.

        For an image's label too. Returns the job's id. Raises UnknownJob as `submit` does.
        """
        self._check(runs)
        task = Predict(
            of=tuple(runs),
            sources=tuple(str(self._datasets.sample_file(dataset, sample)) for sample in samples),
            names=tuple(dataset.paths[sample] for sample in samples),
            heat=True,
            labels=tuple(int(dataset.labels[sample]) for sample in samples),
        )
        return self._jobs.add(task)

    def get(self, job: str, *, promise: float = PROMISED) -> Predicted:
        """What was said of the images of a prediction that has ended. `promise`: the accuracy of answers that stand.

        Raises UnknownJob when it is no longer kept.
        """
        found = read_answers(answers_folder(self._root, job))
        if promise == PROMISED:
            return found
        checked_promise(promise)
        doubts = [
            doubt_of(self._ensembles.members(run), promise) if known.images else known
            for run, known in zip(found.runs, found.doubts, strict=True)
        ]
        return replace(found, doubts=tuple(doubts))

    def thumbnails(self, job: str, rows: Sequence[int]) -> list[bytes]:
        """The small pictures of some of its images, JPEG; b'' for one that could not be read. Raises UnknownJob."""
        return read_thumbnails(answers_folder(self._root, job), rows)

    def heat(self, job: str, run: int, row: int) -> Heat | None:
        """Where the run at that place of a prediction's finds its evidence in one image; None: it was not looked for.

        Raises UnknownJob.
        """
        return read_heat(answers_folder(self._root, job), run, row)

    def by_doubt(self, found: Predicted) -> Ints:
        """The rows of a prediction (N,), the least sure first."""
        return by_doubt(found)

    def table(self, found: Predicted, kind: Literal["csv", "parquet"], order: Ints | None = None) -> bytes:
        """All images with their answers as a file. `order`: the rows (N,); None: as they came."""
        runs = [self._runs.get(id) for id in found.runs]
        names = self._runs.titles(runs)
        return (as_csv if kind == "csv" else as_parquet)(columns(found, [names[run.id] for run in runs], order))

    def _check(self, runs: Sequence[str]) -> None:
        if not 0 < len(runs) <= MOST_RUNS:
            raise UnknownJob(f"Name one run to predict with, or up to {MOST_RUNS}.")
        for id in runs:
            run = self._runs.get(id)
            if run.active:
                raise UnknownJob("That run has not finished, so it cannot predict yet.")
            if not run.usable:
                raise UnknownJob("That run left no network, so it cannot predict. Train it again.")
