"""What a workspace takes on the disk, by kind, and the freeing of what can be made again."""

import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from transfer_core.backbones import BACKBONES, checkpoints
from transfer_core.errors import GraftError, disk_words
from transfer_core.jobs.tasks.correct import Correct
from transfer_core.jobs.tasks.export import BUNDLE, Export
from transfer_core.jobs.tasks.import_images import ImportImages
from transfer_core.journal import Journal
from transfer_core.kept import DAMAGED
from transfer_core.store import Store
from transfer_core.types import ACTIVE, CHECKPOINTS, JOINED
from transfer_core.words import duration, listed, size, some
from transfer_core.workspace.tidying import remove

UPLOAD_SECONDS = 600.0  # what was written to staging more recently may be an upload whose job is not queued yet
WEIGHTS, REMOVED = "weights", "removed"
OPEN_LOGS = ("graft.log", "worker-")
BRING_BACK = (ImportImages.kind, Correct.kind)  # jobs that may end with a dataset which was deleted


@dataclass(frozen=True)
class _Kind:
    title: str
    holds: str
    freed: str = ""  # what freeing it costs; '': Graft does not free it


KINDS = {
    "images": _Kind("Images", "The images of the datasets. They go with their dataset, on the Data page."),
    "decoded": _Kind(
        "Decoded images",
        "Images as networks see them, and pictures of their augmentation.",
        "The next training of a dataset decodes its images again",
    ),
    "features": _Kind(
        "Features",
        "What frozen backbones say of the images, and classifiers that were fitted on it.",
        "Trainings and measurements that need them compute them again",
    ),
    "checkpoints": _Kind(
        "Checkpoints",
        "Where runs stand that train or were interrupted. They go when a run has ended.",
        "Runs that were interrupted begin anew when they are resumed.",
    ),
    "models": _Kind("Models", "What runs have left: networks, predictions, recipes. It goes with its run."),
    "exports": _Kind(
        "Exports",
        "Models as zips that need no Graft, ready to be saved.",
        "A model that is asked for again is packed and checked again",
    ),
    "answers": _Kind("Answers", "What was said of new images. The newest 50 predictions are kept."),
    "backbones": _Kind("Own weights", "Backbones that you added, or that runs became."),
    REMOVED: _Kind(
        "Deleted",
        "Datasets and runs that were deleted, until Graft starts anew.",
        "They cannot be brought back by Undo any more.",
    ),
    "staging": _Kind(
        "Half done", "What uploads and jobs work on. It goes when they end.", "Nothing needs what is left."
    ),
    "logs": _Kind("Logs", "What jobs printed, and what went wrong.", "What went wrong before cannot be looked up."),
    "database": _Kind("Database", "The database, copies of it from before a newer Graft, and the settings."),
    WEIGHTS: _Kind(
        "Downloaded weights",
        "Backbones that were fetched. They lie outside of the workspace, and other programs may use them too.",
    ),
}
FREED_KINDS = tuple(kind for kind, known in KINDS.items() if known.freed)


@dataclass(frozen=True, kw_only=True)
class Usage:
    """The files of one kind."""

    kind: str
    title: str
    holds: str  # what they are, in a sentence
    inside: bool  # whether they lie in the workspace
    bytes: int
    files: int
    free_bytes: int  # of them, what `free` removes as things stand
    cost: str  # what freeing costs, in a sentence; '' where `free` does not take the kind
    stays: str  # why some of them stay while the rest is freed, in a sentence; '' where nothing has to


@dataclass(frozen=True, kw_only=True)
class Freed:
    """What `free` did."""

    kind: str
    bytes: int
    files: int
    stays: str  # why some files stayed, in a sentence; '' where none did


@dataclass(frozen=True)
class _File:
    place: Path
    bytes: int
    held: str = ""  # why it stays as things are, in words; '' where it need not
    files: int = 1  # of a folder, how many are in it


@dataclass(frozen=True, kw_only=True)
class _Now:
    """How things stand in the store."""

    names: Mapping[str, str]  # of datasets, by id
    images: Mapping[str, int]  # of datasets, by id
    busy: frozenset[str]  # datasets that a job works on or waits for
    jobs: frozenset[str]  # that wait or run
    exporting: frozenset[str]  # runs
    importing: bool  # an import may bring a deleted dataset back
    deleted: tuple[frozenset[str], ...]  # datasets, and jobs
    removable: tuple[frozenset[str], ...]  # of these, those that nothing works on
    ensembles: frozenset[str]

    def holds_deleted(self, removable: bool) -> str:
        """Why something that was deleted stays."""
        if self.importing:
            return "images come in, which may be the same"
        return "" if removable else "what was deleted is being stopped"


class Disk:
    """How much room there is, what takes it, and `free`, which leaves what is in use."""

    def __init__(self, store: Store, journal: Journal, root: Path) -> None:
        self._store, self._journal, self._root = store, journal, root
        self._known: dict[Path, tuple[int, int]] = {}  # bytes and files of folders of images

    def room(self) -> tuple[int, int]:
        """Bytes that are free on the workspace's disk, and all that it has."""
        found = shutil.disk_usage(self._root)
        return found.free, found.total

    def usage(self) -> tuple[Usage, ...]:
        """What takes room, by kind; kinds without a file are left out. Reads no image."""
        found = self._files(now := self._now())
        return tuple(self._usage(kind, files, now) for kind, files in found.items() if files)

    def free(self, kind: str) -> Freed:
        """Remove the files of a kind that can be made again or was deleted, save what is in use. There is no undo.

        Raises GraftError for a kind that is not freed, or where the disk does not let go of a file; StoreError in a
        workspace that is open for reading alone.
        """
        if kind not in FREED_KINDS:
            raise GraftError(f"'{kind}' cannot be freed. What can be: {', '.join(FREED_KINDS)}.")
        with self._store.write():  # no job begins meanwhile
            files = self._files(self._now())[kind]
            going = [file for file in files if not file.held]
            lost = None if kind == REMOVED else _unlinked(going)
        if kind == REMOVED and going:
            remove(self._root, *self._store.purge(ACTIVE), ensembles=self._store.ensembles())
        freed = sum(file.bytes for file in going)
        self._journal.say(f"{some(len(going), 'file')} of {kind} freed, {freed} bytes")
        if lost is not None:
            raise GraftError(f"Some files could not be removed. {disk_words(lost)}")
        return Freed(kind=kind, bytes=freed, files=len(going), stays=_stays(files))

    # --- what there is ---

    def _now(self) -> _Now:
        jobs = self._store.jobs(active=True)
        rows = self._store.dataset_rows()
        return _Now(
            names={id: name for id, name, *_ in rows},
            images={id: images for id, _, _, images, _ in rows},
            busy=frozenset(job.dataset for job in jobs),
            jobs=frozenset(job.id for job in jobs),
            exporting=frozenset(job.payload["from_run"] for job in jobs if job.kind == Export.kind),
            importing=any(not job.dataset and job.kind in BRING_BACK for job in jobs),
            deleted=tuple(map(frozenset, self._store.deleted())),
            removable=tuple(map(frozenset, self._store.deleted(ACTIVE))),
            ensembles=frozenset(self._store.ensembles()),
        )

    def _files(self, now: _Now) -> dict[str, list[_File]]:
        """All files, by kind. A folder of images counts as one."""
        found: dict[str, list[_File]] = {kind: [] for kind in KINDS}
        for folder, folders, names in os.walk(self._root):
            place = Path(folder)
            inside = place.relative_to(self._root).parts
            if inside[:1] == ("datasets",) and "samples" in folders:
                folders.remove("samples")
                kind, held = _placed((*inside, "samples"), now)
                found[kind].append(self._images(place / "samples", held))
            for name in names:
                file = _sized(place / name)
                if file is not None:
                    kind, held = _placed((*inside, name), now)
                    found[kind].append(replace(file, held=held or _written_now(kind, file.place, name)))
        kept = (checkpoints() / known.file for known in BACKBONES if known.file)
        found[WEIGHTS] += [file for file in map(_sized, dict.fromkeys(kept)) if file is not None]
        return found

    def _images(self, folder: Path, held: str) -> _File:
        """A folder of images, which never change, as one."""
        if folder not in self._known:
            with os.scandir(folder) as entries:
                sizes = [entry.stat().st_size for entry in entries if entry.is_file()]
            self._known[folder] = (sum(sizes), len(sizes))
        size, count = self._known[folder]
        return _File(folder, size, held=held, files=count)

    def _usage(self, kind: str, files: list[_File], now: _Now) -> Usage:
        known = KINDS[kind]
        return Usage(
            kind=kind,
            title=known.title,
            holds=known.holds,
            inside=kind != WEIGHTS,
            bytes=sum(file.bytes for file in files),
            files=sum(file.files for file in files),
            free_bytes=sum(file.bytes for file in files if known.freed and not file.held),
            cost=self._cost(kind, files, now) if known.freed else "",
            stays=_stays(files) if known.freed else "",
        )

    def _cost(self, kind: str, files: Sequence[_File], now: _Now) -> str:
        """What freeing a kind costs, with how much it took to make where that is known."""
        places = [file.place for file in files if not file.held]
        took = ""
        if kind == "decoded":
            took = some(sum(now.images.get(file.parent.name, 0) for file in places if file.suffix == ".npy"), "image")
        elif kind in ("features", "exports") and places:
            seconds = _seconds_of_features(places) if kind == "features" else self._seconds_of_exports(places)
            took = f"about {duration(seconds)}" if seconds else ""
        freed = KINDS[kind].freed
        return freed if freed.endswith(".") else f"{freed}: {took} in all." if took else f"{freed}."

    def _seconds_of_exports(self, bundles: Sequence[Path]) -> float:
        runs = {file.parent.name for file in bundles}
        took = {
            job.payload["from_run"]: job.finished - job.started
            for job in reversed(self._store.jobs(kind=Export.kind))  # the newest last
            if job.status == "done" and job.started is not None and job.finished is not None
        }
        return sum(seconds for run, seconds in took.items() if run in runs)


def _placed(path: tuple[str, ...], now: _Now) -> tuple[str, str]:
    """Of a file's path in the workspace: its kind, and what holds it there; '' for nothing that the store knows."""
    top, name = path[0], path[-1]
    if top == "features" or (top == "datasets" and len(path) > 2):
        dataset = name.partition("-")[0] if top == "features" else path[1]
        if dataset in now.deleted[0]:
            return REMOVED, now.holds_deleted(dataset in now.removable[0])
        made = top == "features" or name.startswith(("pixels-", ".pixels-", "augmented-"))
        kind = "features" if top == "features" else "decoded" if made else "images"
        return kind, f"a job is at work on {now.names.get(dataset, dataset)}" if dataset in now.busy else ""
    if top == "runs" and len(path) > 2:
        run = path[1]
        if run in now.deleted[1] or (JOINED in run and run not in now.ensembles):
            return REMOVED, now.holds_deleted(run in now.removable[1] or JOINED in run)
        if path[2] == CHECKPOINTS:
            return "checkpoints", "a run goes on from it" if run in now.jobs else ""
        return ("exports" if name == BUNDLE else "models"), "a bundle is being made" if run in now.exporting else ""
    if top == "staging" and len(path) > 1:
        return "staging", "a job works on it" if path[1] in now.jobs else ""
    if top == "logs":
        return "logs", "a job prints to its log" if name.removesuffix(".log") in now.jobs else ""
    return {"predictions": "answers", "backbones": "backbones"}.get(top, "database"), ""


def _written_now(kind: str, file: Path, name: str) -> str:
    """What holds a file that the store does not know of."""
    if kind == "logs":
        return "Graft writes to the newest log" if name.startswith(OPEN_LOGS) and not name[-1].isdigit() else ""
    if kind == "staging":  # perhaps an upload whose job is not queued yet
        with suppress(OSError):
            return "something was written a moment ago" if time.time() - file.stat().st_mtime < UPLOAD_SECONDS else ""
    return ""


def _unlinked(files: Sequence[_File]) -> OSError | None:
    """Remove files, and the folders that are empty then. Returns the last error where the disk kept some."""
    lost = None
    for file in files:
        try:
            file.place.unlink(missing_ok=True)
            with suppress(OSError):  # it holds something still
                file.place.parent.rmdir()
        except OSError as error:
            lost = error
    return lost


def _sized(place: Path) -> _File | None:
    """None for a file that went meanwhile."""
    try:
        return _File(place, place.stat().st_size)
    except OSError:
        return None


def _stays(files: Sequence[_File]) -> str:
    held = list(dict.fromkeys(file.held for file in files if file.held))
    if not held:
        return ""
    size_of = sum(file.bytes for file in files if file.held)
    return f"{size(size_of)} stay: {listed(held)}."


def _seconds_of_features(files: Sequence[Path]) -> float:
    """What it took to compute features and heads, as their files say; what one pass gave counts once."""
    passes: dict[tuple[str, float], float] = {}
    heads = 0.0
    for file in files:
        with suppress(OSError, *DAMAGED), np.load(file) as found:
            if "facts" in found:
                heads += float(json.loads(str(found["facts"])).get("seconds", 0.0))
            elif "pace" in found:
                pace = float(found["pace"])
                key = file.name.partition("-")[0], pace
                passes[key] = max(passes.get(key, 0.0), pace * len(found["rows"]))
    return heads + sum(passes.values())
