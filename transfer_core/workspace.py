"""The one door to everything Graft keeps and does; pages and the command line know no other."""

import io
import os
import secrets
import shutil
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from filelock import FileLock, Timeout
from PIL import Image

from transfer_core import advice as rules
from transfer_core.backbones import available, backbone, backbones
from transfer_core.compare import mistakes
from transfer_core.compare.best import best_runs
from transfer_core.compare.classes import class_scores
from transfer_core.compare.comparison import compared, table_of, train_images
from transfer_core.compare.repeats import repeats, resampled
from transfer_core.compare.titles import titles
from transfer_core.compare.verdict import WORTH, grade
from transfer_core.data.checks import profile
from transfer_core.data.examples import EXAMPLES, Example
from transfer_core.data.pixels import fit_square, open_rgb
from transfer_core.decision import LEAST_SECONDS, MOST_SECONDS, decide
from transfer_core.errors import ArchiveError, DatasetError, GraftError, RecipeError, UnknownJob, WorkspaceBusy
from transfer_core.jobs.inline import drive
from transfer_core.jobs.queue import Lanes
from transfer_core.jobs.record import free_name
from transfer_core.jobs.work import run_folder, staging
from transfer_core.report import Report, made
from transfer_core.report.assets import versions
from transfer_core.report.content import Gathered
from transfer_core.store import Store
from transfer_core.strategies import STRATEGIES, Strategy, recipe, recipe_from, repeated, strategy
from transfer_core.types import (
    TRAIN,
    Advice,
    Answers,
    Backbone,
    ClassScore,
    Comparison,
    Dataset,
    Decision,
    Device,
    Disagreement,
    Event,
    Grade,
    Job,
    Kind,
    Measured,
    Pair,
    Pilots,
    Predictions,
    Profile,
    Recipe,
    Repeats,
    Resampled,
    Run,
    Said,
    Score,
    Seen,
    digest,
    from_plain,
)

COPY_BYTES = 1 << 20
PAIRS_KEPT = 16  # comparisons whose pairs stay in memory


@dataclass(frozen=True, kw_only=True)
class DatasetRow:
    """A line of the list of datasets."""

    id: str
    name: str
    created: float
    images: int
    classes: int


def default_root() -> Path:
    """The folder that GRAFT_WORKSPACE names, else `workspace` here."""
    return Path(os.environ.get("GRAFT_WORKSPACE") or "workspace").expanduser().resolve()


def import_roots() -> tuple[Path, ...]:
    """Folders on the server from which a browser may import, as GRAFT_IMPORT_ROOTS lists them."""
    listed = os.environ.get("GRAFT_IMPORT_ROOTS", "")
    return tuple(Path(part).expanduser().resolve() for part in listed.split(os.pathsep) if part)


class Workspace:
    """A folder of datasets, features and runs, with its database.

    Reading always works. `write=True` takes the folder's lock and raises WorkspaceBusy when another process has it.
    `serve()` starts the background threads; without it jobs run by `drive()`, in this process.
    """

    def __init__(self, root: Path, *, write: bool = True) -> None:
        self.root = root
        self._lanes: Lanes | None = None
        self._pairs: dict[tuple[str, ...], tuple[Pair, ...]] = {}  # by run ids: predictions of a run never change
        self._lock: FileLock | None = None
        if write:
            self._take(root)
        self._store = Store(root / "graft.db", write=write)
        if write:
            self._tidy()

    def _take(self, root: Path) -> None:
        try:
            root.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(root / "lock", timeout=0)
            self._lock.acquire()
        except Timeout as error:
            raise WorkspaceBusy(
                f"The workspace {root} is open in another Graft, perhaps the dashboard. Close that one first, "
                "or name another folder with --workspace or GRAFT_WORKSPACE."
            ) from error
        except OSError as error:
            raise GraftError(
                f"Graft cannot write to its workspace {root} ({error.strerror}). "
                "Name another folder with GRAFT_WORKSPACE."
            ) from error

    def _tidy(self) -> None:
        """What the last process left half done, and what was deleted in it."""
        self._store.interrupt_all()
        datasets, jobs = self._store.purge()
        gone = [self.root / "datasets" / id for id in datasets] + [run_folder(self.root, id) for id in jobs]
        waiting = {job.id for job in self._store.jobs(active=True)}
        if (self.root / "staging").exists():
            gone += [folder for folder in (self.root / "staging").iterdir() if folder.name not in waiting]
        for folder in gone:
            shutil.rmtree(folder, ignore_errors=True)
        kept = [f"features/{id}-*" for id in datasets]
        for half in ("datasets/*/.pixels-*", "datasets/*/*.part", "features/*.part", "runs/*/*.part", *kept):
            for file in self.root.glob(half):
                file.unlink(missing_ok=True)

    def serve(self) -> None:
        """Start the background threads and warm the first worker."""
        if self._lanes is None:
            self._lanes = Lanes(self._store, self.root)

    def close(self) -> None:
        if self._lanes is not None:
            self._lanes.close()
        self._store.close()
        if self._lock is not None:
            self._lock.release()

    # --- datasets ---

    def datasets(self) -> tuple[DatasetRow, ...]:
        """Newest first."""
        return tuple(
            DatasetRow(id=id, name=name, created=created, images=images, classes=classes)
            for id, name, created, images, classes in self._store.dataset_rows()
        )

    def dataset(self, id_or_name: str) -> Dataset:
        """Raises DatasetError when no dataset, or more than one, has that id or name."""
        found = [row.id for row in self.datasets() if id_or_name in (row.id, row.name)]
        if len(found) != 1:
            names = ", ".join(row.name for row in self.datasets()) or "none yet"
            raise DatasetError(f"There is no dataset {id_or_name!r} in this workspace. It has: {names}.")
        return self._store.dataset(found[0])

    def profile(self, dataset: Dataset) -> Profile:
        return profile(dataset)

    def image(self, dataset: Dataset, sample: int) -> bytes:
        """A sample's file as it is stored."""
        return (self.root / "datasets" / dataset.id / "samples" / dataset.files[sample]).read_bytes()

    def thumbnail(self, dataset: Dataset, sample: int, px: int = 160) -> bytes:
        """A sample as a square PNG, upright, cropped at the centre: px times px."""
        return _thumbnail(self.root / "datasets" / dataset.id / "samples" / dataset.files[sample], px)

    def preview(self, image: bytes, px: int = 480) -> bytes:
        """Any supported image as an upright PNG of at most px a side. Raises DatasetError when it can't be read."""
        picture = open_rgb(io.BytesIO(image))
        picture.thumbnail((px, px))
        return _png(picture)

    def rename_dataset(self, id: str, name: str) -> str:
        """Returns the name that it got: the next free one where another has it. Raises DatasetError if empty."""
        name = " ".join(name.split())
        if not name:
            raise DatasetError("A dataset needs a name of at least one letter.")
        name = free_name(name, [row for row in self._store.dataset_rows() if row[0] != id])
        self._store.rename_dataset(id, name)
        return name

    def delete_dataset(self, id: str) -> None:
        """Stop its runs and hide it with them; `restore_dataset` undoes it until Graft starts again."""
        for job in self._store.jobs(dataset=id, active=True):
            self.stop(job.id)
        self._store.delete_dataset(id)

    def restore_dataset(self, id: str) -> None:
        self._store.restore_dataset(id)

    # --- imports ---

    def examples(self) -> tuple[Example, ...]:
        return EXAMPLES

    def import_upload(self, file: IO[bytes], name: str) -> str:
        """Copy an uploaded zip to staging and queue its import. Returns the job's id."""
        id = _new_id()
        source = self._kept(id, file, f"{_title(name)}.zip")  # errors name it
        return self._import(id, source=str(source), name=_title(name))

    def _kept(self, id: str, file: IO[bytes], name: str) -> Path:
        """An upload in a job's staging folder."""
        folder = staging(self.root, id)
        folder.mkdir(parents=True)
        try:
            with (folder / name).open("wb") as out:
                shutil.copyfileobj(file, out, COPY_BYTES)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise ArchiveError(f"The upload could not be kept: {error.strerror}. Free some disk space.") from error
        return folder / name

    def import_path(self, path: Path, *, name: str = "", allowed: Sequence[Path] | None = None) -> str:
        """Queue the import of a zip or folder on this machine. With `allowed`, it must lie under one of those folders.

        Raises ArchiveError when it does not exist or is not allowed.
        """
        found = path.expanduser().resolve()
        if allowed is not None and not any(found.is_relative_to(root) for root in allowed):
            roots = ", ".join(map(str, allowed)) or "none is set"
            raise ArchiveError(
                f"{path} is outside the folders that may be imported from ({roots}). "
                "GRAFT_IMPORT_ROOTS names them when the dashboard starts."
            )
        if not found.exists():
            raise ArchiveError(f"{path} does not exist. Check the path; a zip file or a folder is expected.")
        return self._import(_new_id(), source=str(found), name=_title(name or found.name))

    def import_example(self, name: str) -> str:
        """Queue the drawing of a built-in example."""
        if name not in {example.name for example in EXAMPLES}:
            known = ", ".join(example.name for example in EXAMPLES)
            raise DatasetError(f"There is no example {name!r}. Graft has: {known}.")
        return self._import(_new_id(), example=name, name=name)

    def _import(self, id: str, *, name: str, source: str = "", example: str = "") -> str:
        payload = {"source": source, "example": example, "name": name, "seed": 0}
        return self._queue(id, "import", payload, lane="short")

    # --- advice and recipes ---

    def backbones(self) -> tuple[Backbone, ...]:
        """The catalogue, the bundled one first, then the user's own."""
        return backbones(self.root)

    def backbone(self, name: str) -> Backbone:
        """Raises RecipeError."""
        return backbone(name, self.root)

    def available(self, backbone: Backbone) -> bool:
        """Whether its weights are on this machine."""
        return available(backbone, self.root)

    def add_backbone(self, file: IO[bytes], file_name: str, *, arch: str, name: str) -> str:
        """Copy a user's own weights to staging and queue their check. Returns the job's id; its result holds "name"."""
        id = _new_id()
        stem, _, ending = file_name.rpartition(".")
        source = self._kept(id, file, f"{_title(stem)}.{_title(ending.lower())}")
        return self._queue(id, "backbone", {"file": str(source), "arch": arch, "name": name}, lane="short")

    def strategies(self) -> tuple[Strategy, ...]:
        return STRATEGIES

    def strategy(self, name: str) -> Strategy:
        """Raises RecipeError."""
        return strategy(name)

    def advise(
        self,
        dataset: Dataset,
        *,
        similarity: Literal["similar", "different"] | None = None,
        budget: Literal["limited", "ample"] | None = None,
    ) -> Advice:
        return rules.advise(Answers(images=dataset.count(TRAIN), similarity=similarity, budget=budget))

    def decide(
        self,
        dataset: Dataset,
        *,
        similarity: Literal["similar", "different"] | None = None,
        budget: Literal["limited", "ample"] | None = None,
        backbone_name: str = "bundled",
        seconds: float | None = None,
    ) -> Decision:
        """What was said beside what was measured and piloted, held against `seconds` of time (None: any).

        Raises RecipeError for a time that is not above zero.
        """
        if seconds is not None and not 0 < seconds < float("inf"):
            raise RecipeError(f"A time of {seconds:g} seconds is not possible; give more than 0.")
        said = Answers(images=dataset.count(TRAIN), similarity=similarity, budget=budget)
        measured, pilots = self.measured(dataset, backbone_name), self.pilots(dataset, backbone_name)
        return decide(said, measured, pilots, seconds)

    def say(self, dataset: Dataset, said: Said) -> None:
        """Keep what a user said of a dataset, for later visits and for the report."""
        if said != self.said(dataset):
            self._store.say(dataset.id, asdict(said))

    def said(self, dataset: Dataset) -> Said:
        """What was said last of a dataset; the defaults while nothing was."""
        return Said(**self._store.said(dataset.id))

    def measure(self, dataset: Dataset, backbone_name: str = "bundled", *, device: str = "auto") -> str:
        """Queue the measuring of the flowchart's questions. Returns the job's id, one's that is active already too."""
        return self._study("measure", dataset, backbone_name, device, {})

    def pilot(
        self, dataset: Dataset, backbone_name: str = "bundled", *, seconds: float = 120.0, device: str = "auto"
    ) -> str:
        """Queue a race of short trainings. Returns the job's id, one's that is active already too.

        Raises RecipeError for a budget of less than LEAST_SECONDS.
        """
        if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
            raise RecipeError(
                f"A budget of {seconds:g} seconds is not possible; give pilots {LEAST_SECONDS:g} to"
                f" {MOST_SECONDS:g} seconds."
            )
        return self._study("pilot", dataset, backbone_name, device, {"seconds": seconds})

    def _study(
        self, kind: Literal["measure", "pilot"], dataset: Dataset, name: str, device: str, more: dict[str, Any]
    ) -> str:
        self._check_device(device)
        waiting = self.studying(kind, dataset, name)
        if waiting is not None and waiting.active:
            return waiting.id
        network = self.backbone(name)
        payload = {"dataset": dataset.id, "backbone": network.name, "weights": network.weights} | more
        return self._queue(_new_id(), kind, payload, self._lane(device), dataset=dataset.id)

    def studying(
        self, kind: Literal["measure", "pilot"], dataset: Dataset, backbone_name: str = "bundled"
    ) -> Job | None:
        """The newest job of that kind, however it stands; None when none was asked for."""
        return next(iter(self._studies(kind, dataset, backbone_name)), None)

    def measured(self, dataset: Dataset, backbone_name: str = "bundled") -> Measured | None:
        """What measuring found last; None until it has ended."""
        done = [job for job in self._studies("measure", dataset, backbone_name) if job.status == "done"]
        return from_plain(Measured, done[0].result) if done else None

    def pilots(self, dataset: Dataset, backbone_name: str = "bundled") -> Pilots | None:
        """What the last race of pilots showed; None until one has ended."""
        done = [job for job in self._studies("pilot", dataset, backbone_name) if job.status == "done"]
        return from_plain(Pilots, done[0].result) if done else None

    def _studies(self, kind: Literal["measure", "pilot"], dataset: Dataset, name: str) -> list[Job]:
        """Newest first, with the weights that the backbone has now."""
        weights = self.backbone(name).weights
        return [job for job in self._store.jobs(kind=kind, dataset=dataset.id) if job.payload["weights"] == weights]

    def recipe(self, dataset: Dataset, strategy: str, backbone_name: str = "bundled", **overrides: Any) -> Recipe:
        """A strategy's defaults for this dataset and backbone, with overrides. Raises RecipeError."""
        return recipe(dataset, strategy, self._network(strategy, backbone_name), **overrides)

    def _network(self, strategy_name: Any, backbone_name: str) -> Backbone:
        """The backbone that was chosen, or the strategy's own network."""
        known = strategy_name if isinstance(strategy_name, str) else ""
        return self.backbone(strategy(known).network or backbone_name)

    def repeated(
        self,
        dataset: Dataset,
        strategy: str,
        backbone_name: str = "bundled",
        *,
        folds: int = 0,
        seeds: int = 1,
        **overrides: Any,
    ) -> tuple[Recipe, ...]:
        """The recipes of `folds`-fold cross-validation, of so many seeds, or of both. Raises RecipeError."""
        network = self._network(strategy, backbone_name)
        return repeated(dataset, strategy, network, folds=folds, seeds=seeds, **overrides)

    def recipe_from(self, values: Any, dataset: Dataset) -> Recipe:
        """A recipe for this dataset from what its JSON holds, perhaps of another one. Raises RecipeError."""
        name = values.get("backbone") if isinstance(values, dict) else None
        if not isinstance(name, str):
            raise RecipeError('A recipe is a JSON object with a "strategy" and a "backbone", as Graft saves it.')
        return recipe_from(values, dataset, self._network(values.get("strategy"), name))

    def augmented(self, dataset: Dataset, recipe: Recipe) -> bytes | None:
        """What a recipe's augmentation makes of training images, as a PNG: a row each, the image itself on the left.

        None until `draw_augmented` has ended.
        """
        file = self.root / _augmented(dataset, recipe)
        return file.read_bytes() if file.exists() else None

    def draw_augmented(self, dataset: Dataset, recipe: Recipe) -> str:
        """Queue the drawing of what a recipe's augmentation makes of training images. Returns the job's id."""
        payload = {
            "dataset": dataset.id,
            "backbone": recipe.backbone,
            "preset": recipe.augment,
            "flip": recipe.flip,
            "file": _augmented(dataset, recipe),
        }
        return self._queue(_new_id(), "augment", payload, lane="short")

    # --- jobs ---

    def devices(self) -> tuple[Device, ...]:
        """The default first; empty until the first worker has looked."""
        return self._lanes.devices() if self._lanes is not None else ()

    def worker_pids(self) -> dict[str, int]:
        """Process ids of the workers by the name of their thread."""
        return self._lanes.worker_pids() if self._lanes is not None else {}

    def submit(self, recipes: Sequence[Recipe], *, device: str = "auto", again: bool = False) -> tuple[str, ...]:
        """Queue runs. A recipe that has finished, runs or waits already gives that run's id, unless `again`.

        Raises RecipeError for a device that this machine does not have.
        """
        self._check_device(device)
        ids = []
        for wanted in recipes:
            known = [job for job in self._store.jobs(recipe=wanted.id) if job.active or job.status == "done"]
            if known and not again:
                ids.append(known[0].id)
                continue
            payload = {"recipe": asdict(wanted)}
            ids.append(self._queue(_new_id(), "train", payload, device, dataset=wanted.dataset, recipe=wanted.id))
        return tuple(ids)

    def _check_device(self, name: str) -> None:
        known = {"auto", *(found.name for found in self.devices())}
        if self.devices() and name not in known:
            raise RecipeError(f"There is no device {name!r} here. Choose one of: {', '.join(sorted(known))}.")

    def measure_speed(self, backbone_name: str, device: str = "auto") -> str:
        """Queue the timing of a backbone behind what its device has to do. Returns the job's id, a waiting one's too.

        Raises RecipeError for a backbone that Graft does not know or a device that this machine does not have.
        """
        self._check_device(device)
        waiting = self.measurement(self.backbone(backbone_name).name, device)
        if waiting is not None and waiting.active:
            return waiting.id
        return self._queue(_new_id(), "speed", {"backbone": backbone_name}, self._lane(device))

    def measurement(self, backbone_name: str, device: str = "auto") -> Job | None:
        """The newest timing of a backbone on a device, however it stands; None when none was asked for."""
        asked, lane = self._store.jobs(kind="speed"), self._lane(device)
        return next((job for job in asked if job.lane == lane and job.payload["backbone"] == backbone_name), None)

    def _lane(self, device: str) -> str:
        """ "auto" also for the default device by its own name."""
        return "auto" if [device] == [known.name for known in self.devices()[:1]] else device

    def speed(self, backbone: Backbone, device: str = "auto") -> float | None:
        """Images per second of a backbone's features on a device, as measured once; None until then."""
        return self.speeds(device).get((backbone.arch, backbone.input_px))

    def speeds(self, device: str = "auto") -> dict[tuple[str, int], float]:
        """Images per second measured on a device, by architecture and input side in px.

        Empty for a device that is not here, and until the first worker has said which are.
        """
        found = [known.title for known in self.devices() if device in ("auto", known.name)]
        results = [job.result for job in self._store.jobs(kind="speed") if job.status == "done"]
        return {
            (result["arch"], result["input_px"]): result["images_per_second"]
            for result in reversed(results)  # the newest last
            if result["device"] in found[:1]
        }

    def predict(self, run: str, image: bytes) -> str:
        """Queue a prediction of one image. Returns the job's id; its result holds {"top": [[class, probability]]}."""
        if self.run(run).status != "done":
            raise UnknownJob("That run has not finished, so it cannot predict yet.")
        id = _new_id()
        staging(self.root, id).mkdir(parents=True)
        (staging(self.root, id) / "image").write_bytes(image)
        payload = {"run": run, "image": str(staging(self.root, id) / "image")}
        return self._queue(id, "predict", payload, lane="short")

    def _queue(
        self, id: str, kind: Kind, payload: dict[str, Any], lane: str, dataset: str = "", recipe: str = ""
    ) -> str:
        self._store.add_job(id=id, kind=kind, payload=payload, lane=lane, dataset=dataset, recipe=recipe)
        if self._lanes is not None:
            self._lanes.wake(lane)
        return id

    def drive(self, id: str, *, device: str = "cpu") -> Iterator[Event]:
        """Run a queued job in this process."""
        return drive(self._store, self.root, id, device=device)

    def stop(self, id: str) -> None:
        """Ask a job to stop. A queued one stops at once; a running one between two steps, or by force after 4 s."""
        self._store.request_stop(id)

    def job(self, id: str) -> Job:
        """Raises UnknownJob."""
        return self._store.job(id)

    def jobs(self, *, kind: Kind | None = None, active: bool = False) -> list[Job]:
        """Newest first."""
        return self._store.jobs(kind=kind, active=active)

    def events(self, job: str, after: int = 0) -> list[tuple[int, float, Event]]:
        """(seq, time, event) of every event above `after`, in order."""
        return self._store.events(job, after)

    # --- runs ---

    def run(self, id: str) -> Run:
        """Raises UnknownJob."""
        job = self._store.job(id)
        if job.kind != "train":
            raise UnknownJob(f"{id!r} is not a run.")
        return _run(job)

    def runs(self, dataset: str = "", *, active: bool = False) -> tuple[Run, ...]:
        """Newest first."""
        return tuple(_run(job) for job in self._store.jobs(kind="train", dataset=dataset, active=active))

    def delete_run(self, id: str) -> None:
        """Stop and hide a run; `restore_run` undoes it until Graft starts again."""
        self.stop(id)
        self._store.mark_job(id, deleted=time.time())

    def restore_run(self, id: str) -> None:
        self._store.mark_job(id, deleted=None)

    def predictions(self, run: str) -> Predictions:
        """Raises UnknownJob when the run has left none."""
        file = run_folder(self.root, run) / "predictions.npz"
        if not file.exists():
            raise UnknownJob(f"Run {run!r} has not finished, so it has no predictions to compare.")
        try:
            with np.load(file) as arrays:
                return Predictions(**{name: arrays[name] for name in Predictions.__dataclass_fields__})
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise UnknownJob(f"The predictions of run {run!r} cannot be read. Train it again.") from error

    def compare(self, runs: Sequence[str], *, worth: float = WORTH) -> Comparison:
        """Finished runs held against each other, from stored predictions; no model runs.

        `worth`: how much more accurate a run must be to be worth more time, as a fraction.
        Raises GraftError for runs that don't match, or were tested on no image.
        """
        found = [self.run(id) for id in dict.fromkeys(runs)]
        if not found:
            raise UnknownJob("Name at least one finished run to compare.")
        datasets = {run.recipe.dataset for run in found}
        if len(datasets) > 1:
            raise DatasetError("These runs are of different datasets, so their test images differ. Pick one dataset.")
        dataset = self._store.dataset(datasets.pop())
        predictions = {run.id: self.predictions(run.id) for run in found}
        if len({tuple(kept.test_samples) for kept in predictions.values()}) > 1:
            raise DatasetError(
                "These runs were tested on different images: folds of a cross-validation have test images of their own."
                " Pick runs that share them."
            )
        if not len(predictions[found[0].id].test_samples):
            raise DatasetError(f"'{dataset.name}' has no test images, so there is nothing to compare its runs on.")
        known = [run for run in self.runs(dataset.id) if run.status == "done"]
        ids = tuple(predictions)
        made = compared(
            found, predictions, dataset, self.titles(found), known=known, both=self._pairs.get(ids), worth=worth
        )
        if len(self._pairs) >= PAIRS_KEPT:
            self._pairs.pop(next(iter(self._pairs)), None)
        self._pairs[ids] = made.pairs
        return made

    def grade(self, comparison: Comparison) -> Grade:
        """What became of the strategy that Graft recommends for what was said and measured."""
        decision = self._decided(self._store.dataset(comparison.runs[0].recipe.dataset))
        return grade(table_of(comparison), decision.strategy, {known.name: known.title for known in STRATEGIES})

    def _decided(self, dataset: Dataset) -> Decision:
        """The decision on what was said last."""
        said = self.said(dataset)
        names = [known.name for known in self.backbones()]
        return self.decide(
            dataset,
            similarity=said.similarity,
            budget=said.budget,
            backbone_name=said.backbone if said.backbone in names else names[0],  # it may have been removed
            seconds=said.seconds,
        )

    def train_images(self, dataset: Dataset, run: Run) -> int | None:
        """How many images a run trains on; None with folds, which deal the images anew."""
        return None if run.recipe.folds else train_images(dataset, run)

    def best_runs(self, dataset: Dataset) -> tuple[Run, ...]:
        """The best finished run of each strategy by validation, the best first; of one, those with the most images."""
        return best_runs(self.runs(dataset.id), dataset)

    def report(self, dataset: Dataset, runs: Sequence[str] | None = None, *, worth: float = WORTH) -> Report:
        """A comparison for people who are elsewhere or come later: one HTML file and one JSON, with all that led there.

        `runs`: of this dataset; None: the best of each strategy. Raises GraftError as `compare` does.
        """
        chosen = [run.id for run in self.best_runs(dataset)] if runs is None else runs
        if not chosen:
            raise DatasetError(f"'{dataset.name}' has no finished run to report on. Train a strategy on it first.")
        comparison = self.compare(chosen, worth=worth)
        if comparison.runs[0].recipe.dataset != dataset.id:
            raise DatasetError(f"These runs are not of '{dataset.name}'. Name runs of it, or the dataset they are of.")
        ids = [run.id for run in comparison.runs]
        choice, rival = comparison.verdict.choice, comparison.rival
        differ = self.disagreement(rival, choice) if rival is not None else None
        groups = self.repeats(dataset.id)
        said = self.said(dataset)
        gathered = Gathered(
            dataset=dataset,
            profile=self.profile(dataset),
            said=said,
            measured=self.measured(dataset, said.backbone),
            decision=self._decided(dataset),
            comparison=comparison,
            grade=self.grade(comparison),
            strategies=STRATEGIES,
            backbones=self.backbones(),
            runs={run.id: run for run in self.runs(dataset.id)},
            events={id: [event for _, _, event in self.events(id)] for id in ids},
            model_bytes={id: self.model_bytes(id) for id in ids},
            repeats=list(zip(self.titles_of_repeats(groups), groups, strict=True)),
            resampled=self.resampled(dataset.id),
            mistakes=self.mistakes(choice, beside=ids),
            rival=rival,
            fixed=differ.fixed if differ is not None else (),
            broken=differ.broken if differ is not None else (),
            label_errors=self.label_errors(ids),
            image=partial(self.image, dataset),
            versions=versions(),
            created=time.time(),
        )
        return made(gathered)

    def disagreement(self, first: str, second: str) -> Disagreement:
        """Test images that the second run fixes and breaks against the first. Raises GraftError as `compare` does."""
        return mistakes.disagreement(first, second, self._tested((first, second)))

    def confused(self, run: str, label: int, predicted: int, *, beside: Sequence[str] = ()) -> tuple[Seen, ...]:
        """The test images of one cell of a run's confusion matrix, the surest first, and what other runs say."""
        return mistakes.confused(run, self._tested((run, *beside)), label, predicted)

    def mistakes(self, run: str, *, beside: Sequence[str] = ()) -> tuple[Seen, ...]:
        """The test images that a run has wrong, those first that it was surest of, and what other runs say."""
        return mistakes.mistakes(run, self._tested((run, *beside)))

    def label_errors(self, runs: Sequence[str]) -> tuple[Seen, ...]:
        """Images whose label is likely wrong, by the agreement of these runs; the likeliest first."""
        return mistakes.label_errors(self._tested(runs))

    def class_scores(self, score: Score) -> tuple[ClassScore, ...]:
        """A run's recall, precision and F1 on each class, in the dataset's order."""
        return class_scores(score.confusion)

    def _tested(self, runs: Sequence[str]) -> dict[str, Predictions]:
        found = {run: self.predictions(run) for run in dict.fromkeys(runs)}
        if len({tuple(kept.test_samples) for kept in found.values()}) > 1:
            raise DatasetError("These runs were tested on different images. Pick runs that share them.")
        return found

    def model_bytes(self, run: str) -> int | None:
        """Size of a run's model file; None where it left none."""
        file = run_folder(self.root, run) / "model.safetensors"
        return file.stat().st_size if file.exists() else None

    def resampled(self, dataset: str = "") -> tuple[Resampled, ...]:
        """Every two recipes that were cross-validated on the same folds, held against each other."""
        groups = [group for group in self.repeats(dataset) if group.runs[0].recipe.folds and group.done > 1]
        sizes = {}
        for group in groups:
            images = self._store.dataset(group.runs[0].recipe.dataset)
            for run in group.runs:
                if run.status == "done":
                    kept = self.predictions(run.id)
                    sizes[run.id] = train_images(images, run, kept), len(kept.test_samples)
        return resampled(groups, sizes)

    def repeats(self, dataset: str = "") -> tuple[Repeats, ...]:
        """Runs that repeat one recipe with other seeds or folds, with mean and spread; newest first."""
        return repeats(self.runs(dataset))

    def titles(self, runs: Sequence[Run]) -> dict[str, str]:
        """A name for each run that tells it from the others."""
        return titles({run.id: run.recipe for run in runs}, {known.name: known.title for known in STRATEGIES})

    def titles_of_repeats(self, groups: Sequence[Repeats]) -> tuple[str, ...]:
        """A name for each group that tells what it repeats from what the others do; not how often."""
        shared = [replace(group.runs[0].recipe, seed=0, folds=0, fold=0) for group in groups]
        names = titles({recipe.id: recipe for recipe in shared}, {known.name: known.title for known in STRATEGIES})
        return tuple(names[recipe.id] for recipe in shared)


def _run(job: Job) -> Run:
    return Run(
        id=job.id,
        recipe=Recipe(**job.payload["recipe"]),
        status=job.status,
        created=job.created,
        started=job.started,
        finished=job.finished,
        device=job.device or job.lane,
        error=job.error,
        log=job.log,
        tap=job.result.get("tap", ""),
        depth_curve=tuple((tap, accuracy) for tap, accuracy in job.result.get("depth_curve", ())),
        **{name: job.result.get(name) for name in RESULTS},
    )


RESULTS = ("seconds", "saved_seconds", "test_accuracy", "val_accuracy", "images_per_second", "peak_bytes")


def _augmented(dataset: Dataset, recipe: Recipe) -> str:
    """The file of a drawing, under the workspace."""
    return f"datasets/{dataset.id}/augmented-{digest([recipe.backbone, recipe.augment, recipe.flip])}.png"


def _new_id() -> str:
    return secrets.token_hex(4)


def _title(name: str) -> str:
    """A dataset's name from a file's: without folders and `.zip`, on one line, at most 80 characters."""
    base = name.replace("\\", "/").rstrip("/").split("/")[-1]
    base = base[:-4] if base.lower().endswith(".zip") else base
    return " ".join("".join(c if c.isprintable() else " " for c in base).split())[:80] or "images"


@lru_cache(maxsize=4_096)
def _thumbnail(file: Path, px: int) -> bytes:
    square = fit_square(open_rgb(file), resize_px=px, crop_px=px)
    return _png(Image.fromarray(square))


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
