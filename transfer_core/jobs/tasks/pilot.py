"""Short trainings that race."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from transfer_core.backbones import backbone
from transfer_core.jobs.tasks.task import Place, Task
from transfer_core.types import Event


@dataclass(frozen=True, kw_only=True)
class Pilot(Task):
    kind: ClassVar[str] = "pilot"

    dataset: str
    backbone: str
    weights: str  # that the backbone had when this was asked for
    seconds: float  # for the whole race

    @property
    def about(self) -> str:
        return self.dataset

    def key(self, lane: str) -> str:
        return self.weights

    def run(self, place: Place) -> Iterator[Event]:
        from transfer_core.studies.pilots import pilots

        dataset, network = place.dataset(self.dataset), backbone(self.backbone, place.root)
        yield from pilots(dataset, network, seconds=self.seconds, workspace=place.root, device=place.device)
