"""What must survive: rows, events, states; and what must not be lost when readers and a writer meet."""

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from transfer_core.errors import DatasetError, UnknownJob
from transfer_core.store import Store
from transfer_core.store.jobs import CUT_OFF, PAUSED
from transfer_core.types import Dataset, EpochEnd, Notice, Problem, Progress, RunEnd, StageStart

N = 500


def dataset(id: str = "d1", name: str = "cats & dogs") -> Dataset:
    numbers = np.arange(N)
    return Dataset(
        id=id,
        name=name,
        classes=("a|b", "![x](http://y)"),
        paths=tuple(f"train/a/{i}’.jpg" for i in numbers),
        files=tuple(f"{i:06d}.jpg" for i in numbers),
        labels=numbers % 2,
        splits=numbers % 3,
        groups=numbers // 2,
        widths=numbers + 1,
        heights=numbers + 2,
        problems=(Problem(file="x.txt", reason="not an image", kind="skipped", files=3),),
        created=12.5,
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "graft.db", write=True)


def queue(store: Store, id: str, lane: str = "auto", recipe: str = "r", **payload: object) -> None:
    store.add_job(id=id, kind="train", payload={"n": 1, **payload}, lane=lane, dataset="d1", recipe=recipe)


def test_dataset_comes_back_as_it_went_in(store: Store) -> None:
    kept = dataset()
    store.add_dataset(kept)
    back = store.dataset("d1")
    for field in ("name", "classes", "paths", "files", "problems", "splits_from", "seed", "created"):
        assert getattr(back, field) == getattr(kept, field), field
    for field in ("labels", "splits", "groups", "widths", "heights"):
        np.testing.assert_array_equal(getattr(back, field), getattr(kept, field), err_msg=field)


def test_delete_hides_and_restore_brings_back_only_what_went_with_it(store: Store) -> None:
    store.add_dataset(dataset())
    queue(store, "old")
    queue(store, "new", recipe="other")
    store.mark_job("old", deleted=1.0)
    store.delete_dataset("d1")
    assert store.dataset_rows() == [] and store.jobs() == []
    with pytest.raises(DatasetError, match="d1"):
        store.dataset("d1")
    store.restore_dataset("d1")
    assert [job.id for job in store.jobs()] == ["new"]
    store.delete_dataset("d1")
    assert store.purge() == (["d1"], ["old", "new"])
    with pytest.raises(UnknownJob):
        store.job("new")


def test_jobs_run_in_order_within_their_lanes(store: Store) -> None:
    for id, lane in (("a", "auto"), ("b", "short"), ("c", "cpu")):
        queue(store, id, lane)
    claimed = [store.claim(["auto", "cpu"], "cpu") for _ in range(3)]
    assert [job.id if job else None for job in claimed] == ["a", "c", None]
    assert store.job("a").device == "cpu" and store.job("b").status == "queued"


def test_what_there_is_to_see_of_some_jobs_runs_or_is_next(store: Store) -> None:
    for id, seconds in (("long", 600.0), ("short", 2.0), ("other", 1.0)):
        store.add_job(id=id, kind="train", payload={"expected": seconds}, lane="auto", dataset="", recipe="")
    assert store.first_of(["long", "short"]) == "short", "it overtakes"
    store.start("long", "cpu")
    assert store.first_of(["long", "short"]) == "long"
    store.finish("long", "done")
    assert (store.first_of(["long", "short"]), store.first_of(["long"])) == ("short", "")


def test_a_timing_waits_for_everything_else(store: Store) -> None:
    own = {"by_itself": True}
    for id, kind, payload in (("timing", "speed", {}), ("own", "train", own), ("asked", "measure", {})):
        store.add_job(id=id, kind=kind, payload=payload, lane="auto", dataset="", recipe="")
    claimed = [store.claim(["auto"], "cpu") for _ in range(3)]
    assert [job.id if job else None for job in claimed] == ["asked", "own", "timing"]


def test_stop_ends_a_queued_job_at_once_and_marks_a_running_one(store: Store) -> None:
    queue(store, "a")
    queue(store, "b")
    store.claim(["auto"], "cpu")
    for id in "ab":
        store.request_stop(id)
    assert (store.job("a").status, store.job("b").status) == ("stopping", "stopped")
    store.finish("a", "done", result={"x": 1})
    store.request_stop("a")
    assert store.job("a").status == "done"


@pytest.mark.parametrize(("by_itself", "status"), [(False, "interrupted"), (True, "stopped")])
def test_a_run_that_waits_to_go_on_keeps_what_it_has_learned(store: Store, by_itself: bool, status: str) -> None:
    queue(store, "a", by_itself=by_itself)
    store.claim(["auto"], "cpu")
    store.requeue("a", "Its worker died.", died=True)
    store.request_stop("a")
    assert (store.job("a").status, bool(store.job("a").error)) == (status, not by_itself)
    if not by_itself:
        assert store.requeue("a", "", of=("interrupted",)) and store.job("a").payload["deaths"] == 0


def test_a_restart_interrupts_what_ran_and_keeps_what_waited(store: Store, tmp_path: Path) -> None:
    for id in ("paused", "cut off", "waits"):
        queue(store, id)
    store.claim(["auto"], "cpu")
    store.request_pause("paused")
    store.claim(["auto"], "cpu")
    store.close()
    again = Store(tmp_path / "graft.db", write=True)
    again.interrupt_all()
    found = {id: (again.job(id).status, again.job(id).error) for id in ("paused", "cut off", "waits")}
    assert found == {"paused": ("interrupted", PAUSED), "cut off": ("interrupted", CUT_OFF), "waits": ("queued", "")}


def test_a_workspace_of_an_earlier_graft_keeps_its_timings(store: Store, tmp_path: Path) -> None:
    store.add_job(id="a", kind="measure", payload={}, lane="auto", dataset="", recipe="")
    with store.write() as db:
        db.execute("DELETE FROM migrations WHERE name LIKE 'timings%'")
    store.close()
    assert Store(tmp_path / "graft.db", write=True).job("a").kind == "speed"


def test_events_keep_order_and_values(store: Store) -> None:
    step = Progress(what="Training", done=1, of=9, steps=(1,), losses=(0.5,))
    end = EpochEnd(
        stage="all",
        epoch=1,
        step=3,
        train_loss=0.1,
        train_accuracy=None,
        val_loss=None,
        val_accuracy=0.5,
        best=True,
        seconds=1.0,
    )
    start = StageStart(stage="s", title="t", number=1, stages=2)
    store.append("j", [start, step, end])
    store.append("j", [Notice(text="hello"), RunEnd(status="done", result={"a": 1})])
    events = store.events("j")
    assert [seq for seq, _, _ in events] == [1, 2, 3, 4, 5]
    assert events[1][2] == step
    assert events[2][2] == end and store.events("j", after=4)[0][2] == RunEnd(status="done", result={"a": 1})


def test_readers_see_whole_transactions_while_a_thread_writes(store: Store) -> None:
    notes = [Notice(text=str(i)) for i in range(5)]
    writer = threading.Thread(target=lambda: [store.append("j", notes) for _ in range(60)])
    writer.start()
    reader = Store(store.file, write=False)
    while writer.is_alive():
        assert len(reader.events("j")) % 5 == 0
    writer.join()
    assert len(reader.events("j")) == 300


def test_writes_are_durable_and_a_failed_one_leaves_nothing(store: Store) -> None:
    assert store._writer is not None
    assert store._writer.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    queue(store, "a")
    with pytest.raises(sqlite3.IntegrityError):
        queue(store, "a")
    broken = replace(dataset(), paths=("only one",))
    with pytest.raises(ValueError, match="zip"):
        store.add_dataset(broken)
    assert store.dataset_rows() == [] and len(store.jobs()) == 1


def test_reading_a_workspace_that_does_not_exist_yet_is_empty(tmp_path: Path) -> None:
    assert Store(tmp_path / "none.db", write=False).dataset_rows() == []
