"""Short trainings that race."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from transfer_core.backbones import backbone
from transfer_core.jobs.tasks.measure import Measure
from transfer_core.jobs.tasks.task import Place
from transfer_core.types import Event


@dataclass(frozen=True, kw_only=True)
class Pilot(Measure):
    kind: ClassVar[str] = "pilot"

    seconds: float  # for the whole race
    goal: str = "accuracy"  # by what it is judged

    def key(self, lane: str) -> str:
        return self.weights if self.goal == "accuracy" else f"{self.weights} {self.goal}"

    def run(self, place: Place) -> Iterator[Event]:
        from transfer_core.studies.pilots import pilots

        dataset, network = place.dataset(self.dataset), backbone(self.backbone, place.root)
        yield from pilots(
            dataset, network, seconds=self.seconds, workspace=place.root, device=place.device, goal=self.goal
        )
