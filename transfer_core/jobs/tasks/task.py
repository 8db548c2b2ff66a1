"""What a kind of job is, and where one works."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from transfer_core.store import Store
from transfer_core.types import GOING, JOINED, Dataset, Event, Status

SHORT, EXPORTS = "short", "exports"  # lanes of jobs that take no device; a photo does not wait for a bundle


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one job works."""

    root: Path  # of the workspace
    id: str  # of the job
    device: str = "cpu"

    @property
    def staging(self) -> Path:
        """For what is half done; cleared when the job ends."""
        return staging(self.root, self.id)

    @property
    def run(self) -> Path:
        return run_folder(self.root, self.id)

    @property
    def log(self) -> Path:
        """What the job prints, libraries' and crashes' words too."""
        return job_log(self.root, self.id)

    def dataset(self, id: str) -> Dataset:
        """Raises DatasetError when it is gone."""
        return Store(self.root / "graft.db", write=False).dataset(id)


def staging(root: Path, id: str) -> Path:
    return root / "staging" / id


def run_folder(root: Path, id: str) -> Path:
    return root / "runs" / id


def run_folders(root: Path, id: str) -> list[Path]:
    """A run's own folder; of an ensemble those of its members."""
    return [run_folder(root, each) for each in id.split(JOINED)]


def job_log(root: Path, id: str) -> Path:
    return root / "logs" / f"{id}.log"


@dataclass(frozen=True, kw_only=True)
class Task(ABC):
    """One kind of job. Its fields are the payload: plain JSON values, or frozen values of such.

    `run` writes only under the job's own folders and the caches, never to the database.
    """

    kind: ClassVar[str]
    lane: ClassVar[str] = ""  # of a job that takes no device
    reuse: ClassVar[Sequence[Status]] = GOING  # how an equal job may stand to be taken in place of a new one

    @property
    def about(self) -> str:
        """The id of the dataset that it works on; '' for none."""
        return str(getattr(self, "dataset", ""))

    def key(self, lane: str) -> str:
        """Equal for jobs of one kind and dataset that would do the same; '' where no two do."""
        return ""

    @abstractmethod
    def run(self, place: Place) -> Iterator[Event]:
        """Do it. The last event is RunEnd. Raises GraftError with a sentence for the user."""

    def commit(self, place: Place, store: Store, result: dict[str, Any]) -> dict[str, Any]:
        """Make what `run` left visible, in the process that writes. Returns the result as it is kept."""
        return result

    def payload(self) -> dict[str, Any]:
        return asdict(self)
