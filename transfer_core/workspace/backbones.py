"""Backbones: what there is to train from, the user's own too, and how fast each is here."""

from pathlib import Path
from typing import IO

from transfer_core.backbones import available, backbone, backbone_titles, backbones, damaged, default_backbone
from transfer_core.errors import UnknownJob
from transfer_core.jobs.tasks import task_of
from transfer_core.jobs.tasks.add_backbone import AddBackbone
from transfer_core.jobs.tasks.continue_run import ContinueRun
from transfer_core.jobs.tasks.speed import Speed
from transfer_core.store import Store
from transfer_core.strategies import OWN_NETWORKS, strategy
from transfer_core.types import Backbone, Job, Pace, Run
from transfer_core.workspace.jobs import Jobs
from transfer_core.workspace.naming import title
from transfer_core.workspace.paces import Paces
from transfer_core.workspace.runs import Runs
from transfer_core.workspace.settings import KeptSettings
from transfer_core.workspace.uploads import keep_upload, new_id


class Backbones:
    """The catalogue and the user's own."""

    def __init__(self, store: Store, jobs: Jobs, runs: Runs, paces: Paces, settings: KeptSettings, root: Path) -> None:
        self._store, self._jobs, self._runs, self._paces = store, jobs, runs, paces
        self._settings, self._root = settings, root

    def list(self) -> tuple[Backbone, ...]:
        """The default first, then the catalogue and the user's own."""
        return backbones(self._root, self._default())

    def get(self, name: str = "") -> Backbone:
        """The one of that name; without a name the default. Raises RecipeError."""
        return backbone(name or self._default(), self._root)

    def own_choice(self) -> Backbone:
        """The one that is the default where none is set."""
        return backbone(default_backbone(), self._root)

    def _default(self) -> str:
        """The name of the one that is set as the default, else Graft's own choice."""
        return self._settings.get().backbone or default_backbone()

    def titled(self, run: Run) -> str:
        """The title of a run's backbone, of an ensemble's each once; the name of one that is no longer there."""
        known = backbone_titles(self._root)
        return " + ".join(known.get(name, name) for name in run.backbone.split(" + "))

    def available(self, backbone: Backbone) -> bool:
        """Whether its weights are on this machine; others are fetched when they are first used."""
        return available(backbone, self._root)

    def damaged(self) -> tuple[str, ...]:
        """A sentence for each of the user's own that cannot be read."""
        return damaged(self._root)

    def add(self, file: Path, *, arch: str, name: str) -> Backbone:
        """Check a user's own weights and keep them, in this process, which loads torch.

        `file`: .pth or .safetensors. `arch`: its architecture, by a name of the catalogue. `name`: what to call it.
        Raises WeightsError for weights that do not fit, RecipeError for a name that is taken or not allowed.
        """
        from transfer_core.backbones.local import add_local

        return add_local(self._root, file, arch=arch, name=name)

    def add_upload(self, file: IO[bytes], file_name: str, *, arch: str, name: str) -> str:
        """Copy a user's own weights to staging and queue what `add` does. Returns the job's id; its result holds
        "name".
        """
        id = new_id()
        stem, _, ending = file_name.rpartition(".")
        source = keep_upload(self._root, id, file, f"{title(stem)}.{title(ending.lower())}")
        return self._jobs.add(AddBackbone(file=str(source), arch=arch, name=name), id=id)

    def add_run(self, run: str, *, name: str) -> str:
        """Queue keeping a run's network as a backbone, to go on from. Returns the job's id; its result holds "name".

        Raises UnknownJob for a run that left no network, or left the backbone as it was.
        """
        found = self._runs.get(run)
        if found.members or not found.usable:
            raise UnknownJob(f"Run {run!r} left no network of its own to go on from. Pick a finished training.")
        known = strategy(found.recipe.strategy)
        if known.weights == "kept":
            raise UnknownJob(
                f"Run {run!r} left its backbone as it was, so going on from it is starting from"
                f" '{found.recipe.backbone}'. Choose that backbone."
            )
        dataset = self._store.dataset(found.recipe.dataset)
        return self._jobs.add(ContinueRun(from_run=run, name=name, title=f"{known.title} of {dataset.name}"))

    def measure_speed(self, name: str, device: str = "auto") -> str:
        """Queue the timing of a backbone behind what its device has to do. Returns the job's id, a waiting one's too.

        Raises RecipeError for a backbone that Graft does not know or a device that this machine does not have.
        """
        return self._jobs.add(Speed(backbone=self.get(name).name), device=device)

    def measure_missing_speeds(self, name: str = "", device: str = "auto", *, own: bool = True) -> tuple[str, ...]:
        """Queue the timing of a backbone, with `own` of the networks that strategies bring along too, unless they were.

        Returns the jobs' ids; none where a timing waits, runs or has failed. One that made way for a run is asked
        again. Raises RecipeError as `measure_speed` does.
        """
        wanted = [self.get(each) for each in (name, *(OWN_NETWORKS if own else ()))]
        lacking = [each for each in wanted if self.pace(each, device) is None]
        asked = [self.speed_job(each.name, device) for each in lacking]
        return tuple(
            self.measure_speed(each.name, device)
            for each, job in zip(lacking, asked, strict=True)
            if job is None
            or job.status in ("stopped", "interrupted")
            or (job.status == "done" and "trained_per_second" not in job.result)
        )

    def speed_job(self, name: str, device: str = "auto") -> Job | None:
        """The newest timing of a backbone on a device, however it stands; None when none was asked for."""
        lane = self._jobs.lane(device)
        asked = [job for job in self._store.jobs(kind="speed") if job.lane == lane]
        return next((job for job in asked if task_of(job) == Speed(backbone=name)), None)

    def speed(self, backbone: Backbone, device: str = "auto") -> float | None:
        """Images per second of a backbone's features on a device, as measured once; None until then."""
        return self.speeds(device).get((backbone.arch, backbone.input_px))

    def speeds(self, device: str = "auto") -> dict[tuple[str, int], float]:
        """Images per second measured on a device, by architecture and input side in px.

        Empty for a device that is not here, and until the first worker has said which are.
        """
        return {key: result["images_per_second"] for key, result in self._paces.timed(device).items()}

    def pace(self, backbone: Backbone, device: str = "auto") -> Pace | None:
        """How fast a backbone computes features and learns on a device, as timed once; None until then."""
        return self._paces.of(backbone, device)
