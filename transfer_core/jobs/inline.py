"""Runs a job in the calling process, with no worker: for the command line and for tests."""

from collections.abc import Iterator
from pathlib import Path

from transfer_core.errors import GraftError
from transfer_core.jobs.protocol import batches
from transfer_core.jobs.record import finish, record
from transfer_core.jobs.work import work
from transfer_core.store import Store
from transfer_core.types import Event, RunEnd


def drive(store: Store, root: Path, id: str, *, device: str) -> Iterator[Event]:
    """Run the queued job, keep its events, yield them. Close the iterator to stop; a user's error ends the run failed.

    Any other exception is kept as the run's error and raised.
    """
    job = store.start(id, device)
    end = RunEnd(status="stopped")
    try:
        for batch in batches(work(id, job.kind, job.payload, root=root, device=device)):
            if batch:
                record(store, job, batch)
            for event in batch:
                if isinstance(event, RunEnd):
                    end = event
                else:
                    yield event
    except GraftError as error:
        end = RunEnd(status="failed", error=str(error))
    except Exception as error:
        end = RunEnd(status="failed", error=f"{type(error).__name__}: {error}")
        raise
    finally:
        end = finish(store, root, job, end)
    yield end
