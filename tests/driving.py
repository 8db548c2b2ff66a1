"""A job, worked on in this process."""

from transfer_core.types import RunEnd
from transfer_core.workspace import Workspace


def drive(workspace: Workspace, job: str) -> RunEnd:
    """How it ended, which has to be well."""
    *_, end = workspace.jobs.drive(job)
    assert isinstance(end, RunEnd) and end.status == "done", end
    return end
