"""A finished run on one new image."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from transfer_core.jobs.tasks.task import Place, Task, run_folder
from transfer_core.types import Event


@dataclass(frozen=True, kw_only=True)
class Predict(Task):
    kind: ClassVar[str] = "predict"
    short: ClassVar[bool] = True

    of: str  # id of the run
    image: str  # path, in the job's staging

    def run(self, place: Place) -> Iterator[Event]:
        from transfer_core.training.predict import predict

        yield from predict(run_folder(place.root, self.of), Path(self.image), device=place.device)
