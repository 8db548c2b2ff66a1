"""How a job's end becomes a state of the store: in the background thread and inline alike."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from transfer_core.errors import GraftError, StoreError, foreseen
from transfer_core.jobs.tasks import Place, task_of
from transfer_core.jobs.tasks.train import Train
from transfer_core.journal import Journal
from transfer_core.store import Store
from transfer_core.types import CHECKPOINTS, Event, Job, RunEnd

LATER = "Once that is mended, Resume goes on from where it was kept."
LOG_TAIL = 16_000  # characters kept of a job's log; the dump of all threads after a crash has 4,000 and more


def record(store: Store, job: Job, events: Sequence[Event]) -> None:
    """Keep events of a job that goes on."""
    if events:
        store.append(job.id, events)


def finish(
    store: Store, journal: Journal, root: Path, job: Job, end: RunEnd, *, log: str = "", last: Sequence[Event] = ()
) -> RunEnd:
    """Commit what the job made, write its last events and its state, clear its staging. Returns the end as it is kept.

    `log`: what is known where the job printed nothing. What cannot be committed makes it a failed job. Raises
    StoreError when its state cannot be written now; the store holds it then, and `write_kept` writes it later.
    """
    place = Place(root=root, id=job.id)
    if end.status == "done" or end.result:
        try:
            end = replace(end, result=task_of(job).commit(place, store, end.result))
        except Exception as error:  # noqa: BLE001 - it must not stay "running"
            shown = journal.caught(error, "its result could not be kept", job=job.id)
            words = foreseen(error) or f"Graft failed there (error {shown}; the log has the rest)."
            end = RunEnd(status="failed", error=f"What this made could not be kept. {words}")
    shutil.rmtree(place.staging, ignore_errors=True)
    tells = end.status == "failed" or end.error.endswith(LATER)
    kept = (printed(place.log) or log[-LOG_TAIL:]) if tells else ""
    with suppress(OSError):
        if not place.log.stat().st_size:
            place.log.unlink()
    journal.say(f"{job.kind} {end.status}" + f": {end.error}" * bool(end.error), job=job.id)
    store.finish(job.id, end.status, error=end.error, log=kept, result=end.result, events=last)
    if end.status != "interrupted":
        shutil.rmtree(place.run / CHECKPOINTS, ignore_errors=True)
    return end


def cut_off(job: Job, words: str) -> RunEnd:
    """How a job ends that the disk, its worker or another program did not let go on: a run may later."""
    if job.kind == Train.kind:
        return RunEnd(status="interrupted", error=f"{words} {LATER}")
    return RunEnd(status="failed", error=f"{words} Once that is mended, start it again.")


def wrong(job: Job, words: str, *, full: bool) -> RunEnd:
    """How a job ends that says what is wrong. `full`: it is the disk."""
    return cut_off(job, words) if full else RunEnd(status="failed", error=words)


def reason(error: GraftError) -> str:
    """Why a job whose events cannot be kept is ended."""
    why = error.why.removesuffix(".") if isinstance(error, StoreError) else str(error).removesuffix(".")
    return f"This was stopped because its progress could not be kept: {why}."


def printed(file: Path) -> str:
    """The last of what a job, or a worker, printed; '' for nothing."""
    with suppress(OSError):
        return file.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL:].strip()
    return ""
