"""Whatever fails under the queue, a job ends in a state that is true, and the next one runs."""

import os
import random
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.served import ended, long_run, wait
from transfer_core.errors import GraftError, StoreError
from transfer_core.jobs import lane, process
from transfer_core.jobs.tasks.correct import Correct
from transfer_core.jobs.tasks.import_images import ImportImages
from transfer_core.store import Store
from transfer_core.types import GOING, Dataset, RunEnd
from transfer_core.workspace import Workspace

FINAL = ("done", "failed", "stopped", "interrupted")
DYING = """
import json, os, sys
from transfer_core.jobs import worker
left, cut, until = int(sys.argv.pop(1)), float(sys.argv.pop(1)), sys.argv.pop(1)
def send(stream, message):
    global left
    left -= 1
    raw = (json.dumps(message, ensure_ascii=False) + "\\n").encode()
    if left == 0 and not os.path.exists(until):
        open(until, "w").close()
        os.write(stream.fileno(), raw[: int(cut * len(raw))])
        os.kill(os.getpid(), 9)
    os.write(stream.fileno(), raw)
worker.send = send
worker.main()
"""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue that was held looks again soon."""
    monkeypatch.setattr(lane, "RETRY_SECONDS", 0.1)


class Faulty(sqlite3.Connection):
    """A store's connection. Of its commits that change something the one that `left` counts down to fails, as on a
    full disk.
    """

    left = 0  # none fails
    before = 0

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        if statement.startswith("BEGIN"):
            self.before = self.total_changes
        if statement == "COMMIT" and self.total_changes > self.before:
            self.left -= 1
            if self.left == 0:
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
        return super().execute(statement, *values)


@contextmanager
def faulty() -> Iterator[list[Faulty]]:
    """The connections that are made inside; the first that a store makes is the one that it writes by."""
    made: list[Faulty] = []
    connect = sqlite3.connect

    def connected(*where: Any, **how: Any) -> Faulty:
        made.append(connect(*where, **how, factory=Faulty))
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", connected)
        yield made


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workspace, Faulty]]:
    with faulty() as made:
        workspace = Workspace(tmp_path_factory.mktemp("served"))
    workspace.serve()
    yield workspace, made[0]
    workspace.close()


@pytest.fixture(scope="module")
def workspace(served: tuple[Workspace, Faulty]) -> Workspace:
    return served[0]


@pytest.fixture(scope="module")
def writer(served: tuple[Workspace, Faulty]) -> Faulty:
    """The connection that the workspace writes by."""
    return served[1]


def threads(workspace: Workspace) -> dict[str, lane.Lane]:
    """By their lanes' names."""
    lanes = [each for each in threading.enumerate() if isinstance(each, lane.Lane)]
    return {each.lane: each for each in lanes if each.root == workspace.root}


@pytest.mark.timeout(300)
def test_whichever_write_of_a_training_fails_it_ends_and_the_queue_goes_on(
    workspace: Workspace, writer: Faulty, dataset: Dataset, impatient: None
) -> None:
    recipe, states = workspace.recipes.make(dataset, "linear_probe", "bundled"), []
    kept = Store(workspace.root / "graft.db", write=False)
    writer.left = 1
    with pytest.raises(StoreError, match="disk is full"):
        workspace.runs.submit([recipe], again=True)
    for nth in range(2, 40):
        writer.left = nth
        (id,) = workspace.runs.submit([recipe], again=True)
        job = ended(workspace, id)
        wait(lambda id=id: kept.job(id).status in FINAL, 10, "the writing of its end")
        wait(lambda: not workspace.jobs.troubles(), 10, "the queue's going on")
        met = writer.left <= 0
        writer.left = 0
        assert kept.job(id).status == job.status in FINAL, "what could not be written is written later"
        assert isinstance(kept.events(id)[-1][2], RunEnd) and kept.damage() == ()
        states.append((job.status, job.error))
        if not met:
            break
    failed, done = [error for status, error in states if status == "interrupted"], states[-1]
    assert failed and all("disk is full" in error for error in failed)
    assert done == ("done", "") and len(states) >= 4, "the last one met no fault"
    assert ("done", "") in states[:-1], "a result is kept whose last write failed"


def test_another_programs_lock_holds_the_queue_and_lets_it_go_on(
    workspace: Workspace, writer: Faulty, dataset: Dataset, impatient: None
) -> None:
    writer.execute("PRAGMA busy_timeout = 100")
    id = long_run(workspace, dataset, seed=90)
    waits = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe", "bundled", seed=91)])[0]
    other = sqlite3.connect(workspace.root / "graft.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        job = ended(workspace, id, 20)
        assert job.status == "interrupted" and "another program holds it" in job.error
        wait(lambda: any("another program" in words for words in workspace.jobs.troubles()), 5, "the trouble")
        assert workspace.jobs.get(waits).status == "queued"
        with pytest.raises(GraftError, match="another program holds it"):
            workspace.jobs.stop(waits)
    finally:
        other.close()
        writer.execute("PRAGMA busy_timeout = 10000")
    assert ended(workspace, waits).status == "done" and workspace.jobs.troubles() == ()
    assert Store(workspace.root / "graft.db", write=False).job(id).status == "interrupted"


def test_an_end_that_could_not_be_written_outlives_the_process(tmp_path: Path) -> None:
    with faulty() as made:
        store = Store(tmp_path / "graft.db", write=True)
    store.add_job(id="a", kind="train", payload={}, lane="auto", dataset="d", recipe="r")
    store.claim(["auto"], "cpu")
    made[0].left = 1
    with pytest.raises(StoreError):
        store.finish("a", "done", result={"x": 1})
    assert store.job("a").status == "done" and store.jobs(active=True) == []
    made[0].close()  # as a process that is killed
    again = Store(tmp_path / "graft.db", write=True)
    again.interrupt_all()
    assert (again.job("a").status, again.job("a").result) == ("done", {"x": 1})
    assert [path.name for path in tmp_path.glob("unwritten*")] == []
    again.close()


@pytest.mark.parametrize("cut", [0.0, 0.3, 0.5, 0.99])
@pytest.mark.parametrize("nth", [1, 2, 4])
def test_a_worker_that_dies_in_a_message_ends_its_job_within_a_second(
    nth: int, cut: float, tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`nth`: the message that it dies in: the first is its hello, the others are of its job."""
    died = tmp_path / "died"
    monkeypatch.setattr(process, "PROGRAM", (sys.executable, "-c", DYING, str(nth), str(cut), str(died)))
    monkeypatch.setattr(lane.Lane, "_warm_up", lambda self: None)  # this test needs the short lane alone
    workspace = Workspace(tmp_path / "workspace")
    workspace.serve()
    try:
        job = workspace.datasets.import_path(photos)
        wait(died.exists, 30, "the death")
        began = time.monotonic()
        found = ended(workspace, job, 5)
        assert time.monotonic() - began < 1.0
        assert found.status == "failed" and "killed" in found.error
        assert ended(workspace, workspace.datasets.import_path(photos)).status == "done", (
            "the next job gets a new worker"
        )
    finally:
        workspace.close()


def test_a_job_of_each_kind_has_its_own_log(
    workspace: Workspace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later job of another kind that crashes must not write into the log of the training before it."""
    (run,) = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe", "bundled", seed=92)])
    assert ended(workspace, run).status == "done"
    job = workspace.studies.measure(dataset)
    wait(lambda: bool(workspace.jobs.events(job)), 30, "the first event")
    os.kill(workspace.jobs.worker_pids()["auto"], signal.SIGSEGV)
    found = ended(workspace, job, 10)
    assert found.status == "failed" and "Segmentation fault" in found.log
    assert workspace.jobs.get(run).log == "" and not (workspace.root / "logs" / f"{run}.log").exists()
    assert "Segmentation fault" in (workspace.root / "logs" / f"{job}.log").read_text()


def test_an_orderly_end_interrupts_what_runs(tmp_path: Path, photos: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.serve()
    found = workspace.datasets.get(ended(workspace, workspace.datasets.import_path(photos)).result["id"])
    id = long_run(workspace, found, seed=1)
    workspace.close()
    reader = Workspace(tmp_path, write=False)
    assert (reader.runs.get(id).status, reader.runs.get(id).log) == ("interrupted", "")
    assert "ended while this was running" in reader.runs.get(id).error
    said = reader.log.read_text()
    assert f"job {id} train starts on cpu" in said and f"job {id} train interrupted" in said


def test_a_device_that_does_not_exist_fails_its_job_and_leaves_no_thread(
    workspace: Workspace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace.jobs, "devices", lambda: ())  # as before the first worker has said
    (id,) = workspace.runs.submit(
        [workspace.recipes.make(dataset, "linear_probe", "bundled", seed=93)], device="cuda:7"
    )
    thread = threads(workspace)["cuda:7"]
    job = ended(workspace, id)
    assert job.status == "failed" and "no device 'cuda:7'" in job.error and "cpu" in job.error
    wait(lambda: not thread.is_alive(), 10, "the thread's end")
    assert thread.worker is not None and thread.worker.process.poll() is not None


def test_a_worker_that_cannot_start_is_said_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "RESTART_SECONDS", 0.5)
    with monkeypatch.context() as broken:
        broken.setattr(process, "PROGRAM", (sys.executable, "-c", "import a_package_that_is_not_there"))
        workspace = Workspace(tmp_path)
        workspace.serve()
        try:
            wait(lambda: bool(workspace.jobs.troubles()), 10, "the trouble")
            (said,) = workspace.jobs.troubles()
            assert "cannot start" in said and "a_package_that_is_not_there" in said
            assert workspace.jobs.devices() == ()
            job = workspace.backbones.measure_speed("bundled")
            wait(lambda: workspace.log.read_text().count("cannot start") == 1, 5, "the word of it, once")
            assert workspace.jobs.get(job).status == "queued", "what waits is kept"
            broken.undo()
            wait(lambda: bool(workspace.jobs.devices()) and not workspace.jobs.troubles(), 60, "the worker's start")
            workspace.jobs.stop(job)
        finally:
            workspace.close()


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.3])
def test_closing_ends_a_worker_that_is_being_started(seconds: float, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.serve()
    time.sleep(seconds)  # before, while and after it starts
    lanes = threads(workspace)
    workspace.close()
    assert lanes and not any(each.is_alive() for each in lanes.values())
    workers = [each.worker for each in lanes.values() if each.worker is not None]
    assert all(worker.process.poll() is not None for worker in workers)


def test_an_error_that_is_no_unicode_is_an_end_as_any_other(workspace: Workspace, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"bad\xff")
    odd.mkdir()
    job = ended(workspace, workspace.datasets.import_path(odd), 10)
    assert job.status == "failed" and "bad\\udcff" in job.error


@pytest.mark.parametrize("kept", ["[]", "null", "{", '{"x": 1}', '{"a": {"status": "done"}}'])
def test_a_file_of_kept_ends_that_is_none_keeps_nobody_out(kept: str, tmp_path: Path) -> None:
    (tmp_path / "unwritten.json").write_text(kept)
    Workspace(tmp_path).close()
    Workspace(tmp_path).close()


def test_a_worker_that_does_not_read_is_killed_when_its_job_is_stopped(workspace: Workspace, dataset: Dataset) -> None:
    """Also when what it is sent is longer than the pipe."""
    os.kill(workspace.jobs.worker_pids()["short"], signal.SIGSTOP)
    job = workspace.jobs.add(Correct(dataset=dataset.id, name="n" * 300_000, marks=()))
    wait(lambda: workspace.jobs.get(job).status == "running", 5, "the start")
    workspace.jobs.stop(job)
    assert ended(workspace, job, 10).status == "stopped"


def test_stopping_is_not_going_on(workspace: Workspace, dataset: Dataset) -> None:
    recipe = workspace.recipes.make(dataset, "from_scratch", "bundled", epochs=1_000, patience=0, seed=94)
    (id,) = workspace.runs.submit([recipe])
    wait(lambda: workspace.runs.get(id).status == "running", 30, "the start")
    workspace.jobs.stop(id)
    (again,) = workspace.runs.submit([recipe])
    assert again != id, "pressed anew, it is trained anew"
    workspace.jobs.stop(again)
    ended(workspace, id)


def test_two_tabs_that_launch_a_recipe_at_once_launch_one_run(workspace: Workspace, dataset: Dataset) -> None:
    recipes = [workspace.recipes.make(dataset, "linear_probe", "bundled", seed=seed) for seed in range(200, 206)]
    ids: list[tuple[str, ...]] = []
    tabs = [threading.Thread(target=lambda: ids.append(workspace.runs.submit(recipes))) for _ in range(8)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert len(ids) == 8 and len(set(ids)) == 1 and len(set(ids[0])) == len(recipes)
    for id in ids[0]:
        workspace.jobs.stop(id)


def test_a_lane_outlives_what_nobody_foresaw(
    workspace: Workspace, photos: Path, monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("nobody foresaw this")

    with monkeypatch.context() as broken:
        broken.setattr(ImportImages, "commit", fails)
        job = ended(workspace, workspace.datasets.import_path(photos))
    assert job.status == "failed" and "nobody foresaw" not in job.error
    log = workspace.log.read_text()
    assert "RuntimeError: nobody foresaw this" in log and job.error.partition("(error ")[2][:6] in log
    assert ended(workspace, workspace.datasets.import_path(photos)).status == "done"


@pytest.mark.soak
@pytest.mark.timeout(1_200)
def test_kill_9_at_twenty_moments_always_puts_the_run_back_within_a_second(
    workspace: Workspace, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifteen while it trains, waits or starts, five while it writes a message."""
    rng, right = random.Random(0), 0
    for moment in range(20):
        killed = tmp_path / f"died-{moment}"
        if moment % 4 == 3:  # the next worker dies in one of its messages
            dying = (sys.executable, "-c", DYING, str(rng.randint(2, 12)), str(rng.random()), str(killed))
            monkeypatch.setattr(process, "PROGRAM", dying)
            idle = threads(workspace)["auto"].worker
            assert idle is not None
            idle.end()
        recipe = workspace.recipes.make(
            dataset, "from_scratch", "bundled", epochs=1_000, patience=0, seed=1_000 + moment
        )
        (id,) = workspace.runs.submit([recipe])
        if moment % 4 == 3:
            wait(killed.exists, 120, "the death")
            monkeypatch.undo()
        else:
            wait(lambda id=id: workspace.runs.get(id).status == "running", 60, "the start")
            time.sleep(rng.uniform(0, 3))  # the moment is the test
            os.kill(workspace.jobs.worker_pids()["auto"], signal.SIGKILL)
        began = time.monotonic()
        wait(lambda id=id: workspace.jobs.get(id).payload.get("deaths") == 1, 10, "its way back")
        right += workspace.jobs.get(id).status in GOING and time.monotonic() - began < 1.0
        workspace.jobs.stop(id)
        assert ended(workspace, id).status == "stopped"
        (after,) = workspace.runs.submit(
            [workspace.recipes.make(dataset, "linear_probe", "bundled", seed=2_000 + moment)]
        )
        assert ended(workspace, after, 120).status == "done"
    assert right == 20
