"""What tests of served workspaces share."""

import time
from collections.abc import Callable
from pathlib import Path

from transfer_core.store import Store
from transfer_core.types import Dataset, EpochEnd, Job, Progress
from transfer_core.workspace import Workspace

# A worker that keeps where a run stands every moment.
EAGER = """
from transfer_core.jobs import worker
from transfer_core.training import checkpoints
checkpoints.PAYS, checkpoints.MINUTES = 1, 0.005
worker.main()
"""
# A process that serves a workspace, and goes on with what was interrupted.
SERVER = f"""
import sys, time
from pathlib import Path
from transfer_core.jobs import process
from transfer_core.workspace import Workspace
process.PROGRAM = (sys.executable, "-c", {EAGER!r})  # it keeps where runs stand every moment
workspace = Workspace(Path(sys.argv[1]))
workspace.serve()
workspace.runs.resume([run.id for run in workspace.runs.list() if run.status == "interrupted"])
print("serves", flush=True)
time.sleep(600)
"""


def wait(true: Callable[[], bool], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        time.sleep(0.05)


def ended(workspace: Workspace, id: str, seconds: float = 60) -> Job:
    wait(lambda: not workspace.jobs.get(id).active, seconds, f"the end of {id}")
    return workspace.jobs.get(id)


def long_run(workspace: Workspace, dataset: Dataset, seed: int) -> str:
    recipe = workspace.recipes.make(dataset, "from_scratch", "bundled", epochs=1_000, patience=0, seed=seed)
    (id,) = workspace.runs.submit([recipe])
    wait(lambda: any(isinstance(e, EpochEnd) for _, _, e in workspace.jobs.events(id)), 60, "the first epoch")
    return id


def reached(store: Store, id: str) -> int:
    """The last step that its row tells of; 0 for none."""
    return max(
        (step for _, _, event in store.events(id) if isinstance(event, Progress) for step in event.steps), default=0
    )


def children(pid: int) -> list[int]:
    """Ids of the processes that any of its threads started and that live."""
    return [int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()]
