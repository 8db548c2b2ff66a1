"""What tests of served workspaces share."""

import time
from collections.abc import Callable

from transfer_core.types import Dataset, EpochEnd, Job
from transfer_core.workspace import Workspace


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
