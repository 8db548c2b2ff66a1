"""What is looked at before a run: the flowchart's answers said, measured and piloted, and learning rates tried."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Literal, TypeVar

from transfer_core.decision import LEAST_SECONDS, MOST_SECONDS, decide
from transfer_core.errors import RecipeError
from transfer_core.expected import expected
from transfer_core.goals import goal_of, written
from transfer_core.jobs.tasks import task_of
from transfer_core.jobs.tasks.find_rate import FindRate
from transfer_core.jobs.tasks.measure import Measure
from transfer_core.jobs.tasks.pilot import Pilot
from transfer_core.store import Store
from transfer_core.strategies import OWN_NETWORKS, until_descent
from transfer_core.strategies.pictures import fit_reason
from transfer_core.types import (
    TRAIN,
    Answers,
    Dataset,
    Decision,
    Estimate,
    Goal,
    Job,
    Measured,
    Pilots,
    RateTest,
    Recipe,
    Said,
    from_plain,
)
from transfer_core.workspace.backbones import Backbones
from transfer_core.workspace.goals import kept_goal
from transfer_core.workspace.jobs import Jobs

T = TypeVar("T")


class Studies:
    """Advice, and the jobs that look before it is given. Where a backbone is named, '' is the default one."""

    def __init__(self, store: Store, jobs: Jobs, backbones: Backbones) -> None:
        self._store, self._jobs, self._backbones = store, jobs, backbones

    def say(self, dataset: Dataset, said: Said) -> None:
        """Keep what a user said of a dataset, for later visits and for the report."""
        if said != self.said(dataset):
            self._store.say(dataset.id, asdict(said))

    def said(self, dataset: Dataset) -> Said:
        """What was said last of a dataset; the defaults while nothing was."""
        return Said(**self._store.said(dataset.id))

    def goal(self, dataset: Dataset) -> Goal:
        """What counts for a dataset: accuracy until something else was said."""
        return kept_goal(self._store, dataset)

    def count(self, dataset: Dataset, goal: str) -> Goal:
        """From now on this counts: "accuracy", "macro-f1", "recall:CLASS@PRECISION"; kept with what was said.

        Verdicts, pilots and the epochs that are kept follow it. Raises RecipeError.
        """
        found = goal_of(goal, dataset.classes)
        self.say(dataset, replace(self.said(dataset), goal=written(found)))
        return found

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
        estimates = () if measured is not None else self.estimates(dataset, backbone_name)
        decision = decide(said, measured, pilots, seconds, estimates, goal=self.goal(dataset))
        shape = fit_reason(dataset)
        return decision if shape is None else replace(decision, because=(*decision.because, shape))

    def decided(self, dataset: Dataset) -> Decision:
        """The decision on what was said last."""
        said = self.said(dataset)
        names = [known.name for known in self._backbones.list()]  # the default first
        return self.decide(
            dataset,
            similarity=said.similarity,
            budget=said.budget,
            domain=said.domain,
            backbone_name=said.backbone if said.backbone in names else names[0],  # it may have been removed
            seconds=said.seconds,
        )

    def measure(self, dataset: Dataset, backbone_name: str = "", *, device: str = "auto") -> str:
        """Queue the measuring of the flowchart's questions. Returns the job's id, one's that is active already too.

        Raises RecipeError for a backbone that Graft does not know or a device that this machine does not have.
        """
        network = self._backbones.get(backbone_name)
        task = Measure(dataset=dataset.id, backbone=network.name, weights=network.weights)
        return self._jobs.add(task, device=device)

    def pilot(self, dataset: Dataset, backbone_name: str = "", *, seconds: float = 120.0, device: str = "auto") -> str:
        """Queue a race of short trainings. Returns the job's id, one's that is active already too.

        Raises RecipeError for a budget of less than LEAST_SECONDS, and as `measure` does.
        """
        if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
            raise RecipeError(
                f"A budget of {seconds:g} seconds is not possible; give pilots {LEAST_SECONDS:g} to"
                f" {MOST_SECONDS:g} seconds."
            )
        network = self._backbones.get(backbone_name)
        goal = written(self.goal(dataset))
        task = Pilot(dataset=dataset.id, backbone=network.name, weights=network.weights, seconds=seconds, goal=goal)
        return self._jobs.add(task, device=device)

    def job(self, kind: Literal["measure", "pilot"], dataset: Dataset, backbone_name: str = "") -> Job | None:
        """The newest job of that kind, however it stands; None when none was asked for."""
        return next(iter(self._asked(kind, dataset, backbone_name)), None)

    def measured(self, dataset: Dataset, backbone_name: str = "") -> Measured | None:
        """What measuring found last; None until it has ended."""
        return _found(Measured, self._asked("measure", dataset, backbone_name))

    def pilots(self, dataset: Dataset, backbone_name: str = "") -> Pilots | None:
        """What the last race of pilots showed; None until one has ended."""
        return _found(Pilots, self._asked("pilot", dataset, backbone_name))

    def _asked(self, kind: Literal["measure", "pilot"], dataset: Dataset, name: str) -> list[Job]:
        """Newest first, with the weights that the backbone has now."""
        weights = self._backbones.get(name).weights
        found = [(job, task_of(job)) for job in self._store.jobs(kind=kind, dataset=dataset.id)]
        goal = written(self.goal(dataset))  # a race by something else says nothing of it
        return [
            job
            for job, task in found
            if isinstance(task, Measure) and task.weights == weights and getattr(task, "goal", goal) == goal
        ]

    def estimates(self, dataset: Dataset, backbone_name: str = "", device: str = "auto") -> tuple[Estimate, ...]:
        """What each strategy will take, before anything is measured; empty until the backbone has been timed here.

        A strategy whose own network was not timed is left out.
        """
        network = self._backbones.get(backbone_name)
        pace = self._backbones.pace(network, device)
        if pace is None:
            return ()
        own = [self._backbones.get(name) for name in OWN_NETWORKS]
        timed = {each.name: (each, known) for each in own if (known := self._backbones.pace(each, device)) is not None}
        return expected(dataset, network, pace, timed)

    def find_rate(self, dataset: Dataset, recipe: Recipe, device: str = "auto") -> str:
        """Queue a learning-rate range test. Returns the job's id, one's that is active or has ended well too.

        Recipes that differ in their rates alone, the head's to the backbone's alike, or in schedule have the same test.
        Raises RecipeError for a strategy that is solved, or a device that this machine does not have.
        """
        until_descent(recipe, self._backbones.get(recipe.backbone))
        return self._jobs.add(FindRate(recipe=recipe), device=device)

    def rate_job(self, dataset: Dataset, recipe: Recipe) -> Job | None:
        """The newest range test of such a recipe, however it stands; None when none was asked for."""
        return next(iter(self._rate_tests(dataset, recipe)), None)

    def rate_test(self, dataset: Dataset, recipe: Recipe) -> RateTest | None:
        """What the range test of such a recipe showed; None until it has ended."""
        test = _found(RateTest, self._rate_tests(dataset, recipe))
        return replace(test, own=recipe.lr) if test is not None else None

    def _rate_tests(self, dataset: Dataset, recipe: Recipe) -> list[Job]:
        return self._store.jobs(kind="rates", dataset=dataset.id, recipe=FindRate(recipe=recipe).key(""))


def _found(kind: type[T], jobs: Sequence[Job]) -> T | None:
    """What the first of them found that has ended well."""
    return next((from_plain(kind, job.result, earlier=True) for job in jobs if job.status == "done"), None)
