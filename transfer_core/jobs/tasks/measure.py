"""The flowchart's questions, answered by looking at the images."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from transfer_core.backbones import backbone
from transfer_core.jobs.tasks.task import Place, Task
from transfer_core.types import Event


@dataclass(frozen=True, kw_only=True)
class Measure(Task):
    kind: ClassVar[str] = "measure"

    dataset: str
    backbone: str
    weights: str  # that the backbone had when this was asked for

    def key(self, lane: str) -> str:
        return self.weights

    def run(self, place: Place) -> Iterator[Event]:
        from transfer_core.studies.measure import measure

        network = backbone(self.backbone, place.root)
        yield from measure(place.dataset(self.dataset), network, workspace=place.root, device=place.device)
