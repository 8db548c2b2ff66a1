"""How many images a second a backbone's features take on a device."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from transfer_core.backbones import backbone
from transfer_core.jobs.tasks.task import Place, Task
from transfer_core.types import Event


@dataclass(frozen=True, kw_only=True)
class Speed(Task):
    kind: ClassVar[str] = "speed"

    backbone: str

    def key(self, lane: str) -> str:
        return f"{self.backbone} on {lane}"

    def run(self, place: Place) -> Iterator[Event]:
        from transfer_core.studies.speed import measure_speed

        yield from measure_speed(backbone(self.backbone, place.root), device=place.device)
