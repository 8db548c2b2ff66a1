"""A user's own weights, checked and kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from transfer_core.jobs.tasks.task import SHORT, Place, Task
from transfer_core.types import Event, Progress, RunEnd


@dataclass(frozen=True, kw_only=True)
class AddBackbone(Task):
    kind: ClassVar[str] = "backbone"
    lane: ClassVar[str] = SHORT

    file: str  # path of the weights
    arch: str
    name: str

    def run(self, place: Place) -> Iterator[Event]:
        yield Progress(what="Checking the weights", done=0, of=1, unit="files")
        from transfer_core.backbones.local import add_local

        added = add_local(place.root, Path(self.file), arch=self.arch, name=self.name)
        yield RunEnd(status="done", result={"name": added.name})
