"""What is looked at before a run: the flowchart's answers said, measured and piloted, and learning rates tried."""

from dataclasses import asdict, replace
from typing import Literal

from transfer_core import advice as rules
from transfer_core.decision import LEAST_SECONDS, MOST_SECONDS, decide
from transfer_core.errors import RecipeError
from transfer_core.expected import expected
from transfer_core.jobs.tasks import task_of
from transfer_core.jobs.tasks.find_rate import FindRate
from transfer_core.jobs.tasks.measure import Measure
from transfer_core.jobs.tasks.pilot import Pilot
from transfer_core.strategies import OWN_NETWORKS, until_descent
from transfer_core.strategies.pictures import fit_reason
from transfer_core.types import (
    TRAIN,
    Advice,
    Answers,
    Dataset,
    Decision,
    Estimate,
    Job,
    Measured,
    Pilots,
    RateTest,
    Reason,
    Recipe,
    Said,
    from_plain,
)
from transfer_core.workspace.catalogue import Catalogue


class Studies(Catalogue):
    """Advice, and the jobs that look before it is given."""

    def advise(
        self,
        dataset: Dataset,
        *,
        similarity: Literal["similar", "different"] | None = None,
        budget: Literal["limited", "ample"] | None = None,
        domain: Literal["yes", "no"] | None = None,
    ) -> Advice:
        return rules.advise(Answers(images=dataset.count(TRAIN), similarity=similarity, budget=budget, domain=domain))

    def decide(
        self,
        dataset: Dataset,
        *,
        similarity: Literal["similar", "different"] | None = None,
        budget: Literal["limited", "ample"] | None = None,
        domain: Literal["yes", "no"] | None = None,
        backbone_name: str = "",
        seconds: float | None = None,
    ) -> Decision:
        """What was said beside what was measured and piloted, held against `seconds` of time (None: any).

        Raises RecipeError for a time that is not above zero.
        """
        if seconds is not None and not 0 < seconds < float("inf"):
            raise RecipeError(f"A time of {seconds:g} seconds is not possible; give more than 0.")
        said = Answers(images=dataset.count(TRAIN), similarity=similarity, budget=budget, domain=domain)
        measured, pilots = self.measured(dataset, backbone_name), self.pilots(dataset, backbone_name)
        expected = () if measured is not None else self.expected(dataset, backbone_name)
        decision, shape = decide(said, measured, pilots, seconds, expected), fit_reason(dataset)
        return decision if shape is None else replace(decision, because=(*decision.because, shape))

    def shape(self, dataset: Dataset) -> Reason | None:
        """How pictures become the network's square by rule, and why; None where they are squares, or nearly."""
        return fit_reason(dataset)

    def _decided(self, dataset: Dataset) -> Decision:
        """The decision on what was said last."""
        said = self.said(dataset)
        names = [known.name for known in self.backbones()]  # the default first
        return self.decide(
            dataset,
            similarity=said.similarity,
            budget=said.budget,
            domain=said.domain,
            backbone_name=said.backbone if said.backbone in names else names[0],  # it may have been removed
            seconds=said.seconds,
        )

    def say(self, dataset: Dataset, said: Said) -> None:
        """Keep what a user said of a dataset, for later visits and for the report."""
        if said != self.said(dataset):
            self._store.say(dataset.id, asdict(said))

    def said(self, dataset: Dataset) -> Said:
        """What was said last of a dataset; the defaults while nothing was."""
        return Said(**self._store.said(dataset.id))

    def measure(self, dataset: Dataset, backbone_name: str = "", *, device: str = "auto") -> str:
        """Queue the measuring of the flowchart's questions. Returns the job's id, one's that is active already too."""
        self._check_device(device)
        network = self.backbone(backbone_name)
        task = Measure(dataset=dataset.id, backbone=network.name, weights=network.weights)
        return self._queue(task, device=device)

    def pilot(self, dataset: Dataset, backbone_name: str = "", *, seconds: float = 120.0, device: str = "auto") -> str:
        """Queue a race of short trainings. Returns the job's id, one's that is active already too.

        Raises RecipeError for a budget of less than LEAST_SECONDS.
        """
        if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
            raise RecipeError(
                f"A budget of {seconds:g} seconds is not possible; give pilots {LEAST_SECONDS:g} to"
                f" {MOST_SECONDS:g} seconds."
            )
        self._check_device(device)
        network = self.backbone(backbone_name)
        task = Pilot(dataset=dataset.id, backbone=network.name, weights=network.weights, seconds=seconds)
        return self._queue(task, device=device)

    def studying(self, kind: Literal["measure", "pilot"], dataset: Dataset, backbone_name: str = "") -> Job | None:
        """The newest job of that kind, however it stands; None when none was asked for."""
        return next(iter(self._studies(kind, dataset, backbone_name)), None)

    def measured(self, dataset: Dataset, backbone_name: str = "") -> Measured | None:
        """What measuring found last; None until it has ended."""
        done = [job for job in self._studies("measure", dataset, backbone_name) if job.status == "done"]
        return from_plain(Measured, done[0].result) if done else None

    def pilots(self, dataset: Dataset, backbone_name: str = "") -> Pilots | None:
        """What the last race of pilots showed; None until one has ended."""
        done = [job for job in self._studies("pilot", dataset, backbone_name) if job.status == "done"]
        return from_plain(Pilots, done[0].result) if done else None

    def _studies(self, kind: Literal["measure", "pilot"], dataset: Dataset, name: str) -> list[Job]:
        """Newest first, with the weights that the backbone has now."""
        weights = self.backbone(name).weights
        found = [(job, task_of(job)) for job in self._store.jobs(kind=kind, dataset=dataset.id)]
        return [job for job, task in found if isinstance(task, Measure | Pilot) and task.weights == weights]

    def expected(self, dataset: Dataset, backbone_name: str = "", device: str = "auto") -> tuple[Estimate, ...]:
        """What each strategy will take, before anything is measured; empty until the backbone has been timed here.

        A strategy whose own network was not timed is left out.
        """
        network = self.backbone(backbone_name)
        pace = self.pace(network, device)
        if pace is None:
            return ()
        own = {each.name: (each, self.pace(each, device)) for each in map(self.backbone, OWN_NETWORKS)}
        known = {name: (each, timed) for name, (each, timed) in own.items() if timed is not None}
        return expected(dataset, network, pace, known)

    def time_networks(self, backbone_name: str = "", device: str = "auto") -> tuple[str, ...]:
        """Queue the timing of a backbone, and of the networks that strategies bring along, unless they were timed.

        Returns the jobs' ids; none where a timing waits, runs or has failed. One that made way for a run is asked
        again.
        """
        self._check_device(device)
        wanted = [self.backbone(name) for name in (backbone_name, *OWN_NETWORKS)]
        lacking = [each for each in wanted if self.pace(each, device) is None]
        asked = [self.measurement(each.name, device) for each in lacking]
        return tuple(
            self.measure_speed(each.name, device)
            for each, job in zip(lacking, asked, strict=True)
            if job is None
            or job.status in ("stopped", "interrupted")
            or (job.status == "done" and "trained_per_second" not in job.result)
        )

    def find_rate(self, dataset: Dataset, recipe: Recipe, device: str = "auto") -> str:
        """Queue a learning-rate range test. Returns the job's id, one's that is active or has ended well too.

        Recipes that differ in their rates alone, the head's to the backbone's alike, or in schedule have the same test.
        Raises RecipeError for a strategy that is solved, or a device that this machine does not have.
        """
        self._check_device(device)
        until_descent(recipe, self.backbone(recipe.backbone))
        return self._queue(FindRate(recipe=recipe), device=device)

    def finding_rate(self, dataset: Dataset, recipe: Recipe) -> Job | None:
        """The newest range test of such a recipe, however it stands; None when none was asked for."""
        return next(iter(self._rate_tests(dataset, recipe)), None)

    def rate_test(self, dataset: Dataset, recipe: Recipe) -> RateTest | None:
        """What the range test of such a recipe showed; None until it has ended."""
        done = [job for job in self._rate_tests(dataset, recipe) if job.status == "done"]
        return replace(from_plain(RateTest, done[0].result), own=recipe.lr) if done else None

    def _rate_tests(self, dataset: Dataset, recipe: Recipe) -> list[Job]:
        return self._store.jobs(kind="rates", dataset=dataset.id, recipe=FindRate(recipe=recipe).key(""))
