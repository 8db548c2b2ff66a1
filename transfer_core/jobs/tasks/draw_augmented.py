"""What a recipe's augmentation makes of training images, as a picture."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from transfer_core.backbones import backbone
from transfer_core.jobs.tasks.task import Place, Task
from transfer_core.types import Event


@dataclass(frozen=True, kw_only=True)
class DrawAugmented(Task):
    kind: ClassVar[str] = "augment"
    short: ClassVar[bool] = True

    dataset: str
    backbone: str
    preset: str
    flip: bool
    file: str  # of the picture, under the workspace

    def key(self, lane: str) -> str:
        return self.file

    def run(self, place: Place) -> Iterator[Event]:
        from transfer_core.studies.augmented import draw_augmented

        dataset, network = place.dataset(self.dataset), backbone(self.backbone, place.root)
        out = place.root / self.file
        yield from draw_augmented(dataset, network, preset=self.preset, flip=self.flip, workspace=place.root, out=out)
