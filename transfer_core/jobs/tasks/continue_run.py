"""A finished run's network, kept as a backbone to train from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from transfer_core.jobs.tasks.task import SHORT, Place, Task, run_folder
from transfer_core.types import Event, Progress, RunEnd


@dataclass(frozen=True, kw_only=True)
class ContinueRun(Task):
    kind: ClassVar[str] = "continue"
    lane: ClassVar[str] = SHORT

    from_run: str  # its id
    name: str  # of the backbone
    title: str

    def run(self, place: Place) -> Iterator[Event]:
        yield Progress(what="Reading the network", done=0, of=1, unit="files")
        from transfer_core.training.continued import continue_run

        added = continue_run(place.root, run_folder(place.root, self.from_run), name=self.name, title=self.title)
        yield RunEnd(status="done", result={"name": added.name})
