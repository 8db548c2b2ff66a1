"""A workspace that is open: its folder, its lock, its database, and a class for each thing in it."""

from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from transfer_core.errors import GraftError, WorkspaceBusy
from transfer_core.jobs.queue import Lanes
from transfer_core.journal import Journal
from transfer_core.store import Store
from transfer_core.workspace.backbones import Backbones
from transfer_core.workspace.backups import Backups
from transfer_core.workspace.comparisons import Comparisons
from transfer_core.workspace.corrections import Corrections
from transfer_core.workspace.datasets import Datasets
from transfer_core.workspace.disk import Disk
from transfer_core.workspace.ensembles import Ensembles
from transfer_core.workspace.exports import Exports
from transfer_core.workspace.first_models import FirstModels
from transfer_core.workspace.jobs import Jobs
from transfer_core.workspace.paces import Paces
from transfer_core.workspace.predictions import Predictions
from transfer_core.workspace.recipes import Recipes
from transfer_core.workspace.remarks import Remarks
from transfer_core.workspace.runs import Runs
from transfer_core.workspace.settings import KeptSettings
from transfer_core.workspace.strategies import Strategies
from transfer_core.workspace.studies import Studies
from transfer_core.workspace.tidying import tidy


class Workspace:
    """A folder of datasets, features and runs, with its database.

    `root` is the folder, which is made when it is not there. Reading always works. With `write` it takes the folder's
    lock and puts the folder in order; it raises WorkspaceBusy when another process has the lock, GraftError when the
    folder cannot be written, StoreError, WorkspaceDamaged or WorkspaceTooNew when its database cannot be opened.

    Long work is a job: methods that queue one return its id. After `serve()` jobs run in the background; without it
    `jobs.drive(id)` runs one in this process. `close()`, or the end of a `with`, frees the lock.

    The same verbs mean the same everywhere: `list` all that there are, newest first; `get` one by its id, exactly;
    `find` one by what a user typed; `make` a value now, in this process; `submit` a job; `job` the newest job that was
    asked for, however it stands; `delete`, which `restore` undoes until the workspace is opened anew.
    """

    strategies = Strategies()  # the same in every workspace

    def __init__(self, root: Path, *, write: bool = True) -> None:
        self.root = root
        self._lock: FileLock | None = None
        self._journal = Journal(root)
        if write:
            self._take(root)
        try:
            self._store = store = Store(root / "graft.db", write=write)
            if write:
                tidy(root, store, self._journal)
        except BaseException:
            self._leave()
            raise
        self.jobs = Jobs(store, self._journal, root)
        self.datasets = Datasets(store, self.jobs, root)
        self.corrections = Corrections(store, self.jobs, self.datasets)
        self.ensembles = Ensembles(store, root)
        self.remarks = Remarks(store)
        paces = Paces(store, self.jobs)
        self.runs = Runs(store, self.jobs, paces, self.ensembles, root)
        self.settings = KeptSettings(store, root)
        self.backbones = Backbones(store, self.jobs, self.runs, paces, self.settings, root)
        self.recipes = Recipes(store, self.jobs, self.backbones, root)
        self.studies = Studies(store, self.jobs, self.backbones)
        self.comparisons = Comparisons(self.jobs, self.datasets, self.runs, self.backbones, self.studies)
        self.predictions = Predictions(self.jobs, self.datasets, self.ensembles, self.runs, root)
        self.exports = Exports(store, self.jobs, self.runs, root)
        self.disk = Disk(store, self._journal, root)
        self.backups = Backups(store, self.disk, root)

    def _take(self, root: Path) -> None:
        try:
            root.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(root / "lock", timeout=0)
            self._lock.acquire()
        except Timeout as error:
            raise WorkspaceBusy(
                f"The workspace {root} is open in another Graft, perhaps the dashboard. Close that one first, "
                "or name another folder with --workspace or GRAFT_WORKSPACE."
            ) from error
        except OSError as error:
            raise GraftError(
                f"Graft cannot write to its workspace {root} ({error.strerror}). Check who owns it, or name another "
                "folder with --workspace or GRAFT_WORKSPACE."
            ) from error

    def serve(self, *, by_itself: bool = False) -> None:
        """Start the background threads and warm the first worker.

        `by_itself`: also what nobody asked for: a first model of images that a page took in, and where the settings say
        so, runs that the end of an earlier Graft cut off.
        """
        if self.jobs.lanes is None:
            first = FirstModels(self._store, self.jobs, self.runs, self.backbones, self.recipes, self.settings)
            ended = first.look if by_itself else lambda: None
            self.jobs.lanes = Lanes(self._store, self._journal, self.root, ended=ended)
            if by_itself and self.settings.get().resume:
                self.runs.resume_cut_off()

    def close(self) -> None:
        """End the threads and what runs; what could not be written is tried once more."""
        if self.jobs.lanes is not None:
            self.jobs.lanes.close()
        try:
            if self._lock is not None:
                self._store.write_kept()
        except Exception as error:  # noqa: BLE001 - it is kept beside the database, and the lock has to go
            self._journal.caught(error, "how jobs ended could not be written")
        finally:
            self._store.close()
            self._leave()

    def _leave(self) -> None:
        if self._lock is not None:
            self._lock.release()
        self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def damage(self) -> tuple[str, ...]:
        """What the database's whole check finds, a line each; empty when all is well. Reads all of it."""
        return self._store.damage()

    @property
    def log(self) -> Path:
        """The file that says what happened here."""
        return self._journal.file

    def caught(self, error: BaseException, what: str = "a page failed") -> str:
        """Log an exception that nobody foresaw. Returns the short id under which the log has it."""
        return self._journal.caught(error, what)
