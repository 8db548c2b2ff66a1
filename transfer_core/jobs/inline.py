"""Runs a job in the calling process, with no worker: for the command line and for tests."""

from collections.abc import Callable, Generator
from pathlib import Path

from transfer_core.errors import GraftError, StopAsked, disk_is_full, foreseen, unforeseen
from transfer_core.jobs.protocol import batches, until_told
from transfer_core.jobs.record import finish, record, wrong
from transfer_core.jobs.tasks import Place, task_of
from transfer_core.journal import Journal
from transfer_core.store import Store
from transfer_core.types import Event, RunEnd


def drive(
    store: Store, journal: Journal, root: Path, id: str, *, device: str, stops: Callable[[], int] = lambda: 0
) -> Generator[Event, None, None]:
    """Run the queued job, keep its events, yield them. A user's error ends the run failed,
    a full disk a training interrupted.

    `stops`: how often it was told to stop. Closing the iterator ends it at once, and keeps nothing of it.
    Any other exception is kept as the run's error and raised.
    """
    job = store.start(id, device)
    journal.say(f"{job.kind} starts on {device}, in this process", job=id)
    end = RunEnd(status="stopped")
    try:
        events = batches(task_of(job).run(Place(root=root, id=id, device=device)))
        for batch in until_told(events, stops):
            record(store, job, [event for event in batch if not isinstance(event, RunEnd)])
            for event in batch:
                if isinstance(event, RunEnd):
                    end = event
                else:
                    yield event
    except StopAsked:
        pass
    except GraftError as error:
        end = wrong(job, str(error), full=disk_is_full(error))
    except Exception as error:
        shown, words = journal.caught(error, f"{job.kind} failed", job=id), foreseen(error)
        end = wrong(job, words or unforeseen(str(error), shown), full=disk_is_full(error))
        if not words:
            raise
    finally:
        end = finish(store, journal, root, job, end)
    yield end
