"""What else happens to a machine: it is suspended, told to end, its disk is full; an import is killed."""

import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.browser.conftest import Server
from tests.components.test_entrance import drawn
from tests.conftest import draw_photos
from tests.driving import drive
from tests.jobs.disks import mounted
from tests.jobs.served import EAGER, SERVER, children, ended, reached, wait
from transfer_core.data import intake, pixels
from transfer_core.errors import GraftError
from transfer_core.jobs import process
from transfer_core.store import Store
from transfer_core.training.checkpoints import Checkpoints
from transfer_core.types import CHECKPOINTS, EpochEnd, Progress, Resumed
from transfer_core.workspace import Workspace

# It kills a worker that was told to stop after a second, and takes half a second for a suspension.
HASTY = (
    "from transfer_core import awake\nfrom transfer_core.jobs import lane\nlane.KILL_SECONDS, awake.GAP = 1.0, 0.5\n"
)


def queued(root: Path, photos: Path, batch_size: int = 4) -> str:
    """A workspace with images and a long run that waits. Returns its id."""
    with Workspace(root) as workspace:
        if not workspace.datasets.list():
            drive(workspace, workspace.datasets.import_path(photos))
        dataset = workspace.datasets.get(workspace.datasets.list()[0].id)
        recipe = workspace.recipes.make(
            dataset, "from_scratch", "bundled", epochs=1_000, batch_size=batch_size, patience=0
        )
        return workspace.runs.submit([recipe])[0]


@contextmanager
def serving(root: Path, before: str = "") -> Iterator["subprocess.Popen[str]"]:
    server = subprocess.Popen([sys.executable, "-c", before + SERVER, str(root)], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None and server.stdout.readline() == "serves\n"
        yield server
    finally:
        for pid in (*children(server.pid), server.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        server.wait()
        assert server.stdout is not None
        server.stdout.close()


def suspended(server: "subprocess.Popen[str]", number: signal.Signals) -> None:
    for pid in (server.pid, *children(server.pid)):
        os.kill(pid, number)


def test_a_stop_that_a_suspension_cuts_in_two_kills_nothing(tmp_path: Path, photos: Path) -> None:
    id = queued(tmp_path, photos)
    reader, writer = Store(tmp_path / "graft.db", write=False), Store(tmp_path / "graft.db", write=True)
    with serving(tmp_path, HASTY) as server:
        wait(lambda: reached(reader, id) > 3, 60, "its steps")
        assert children(server.pid)
        for worker in children(server.pid):  # so that it has not stopped before the server is suspended
            os.kill(worker, signal.SIGSTOP)
        writer.request_stop(id)
        time.sleep(0.4)
        suspended(server, signal.SIGSTOP)
        time.sleep(2.5)
        suspended(server, signal.SIGCONT)
        wait(lambda: not reader.job(id).active, 20, "its end")
        assert reader.job(id).status == "stopped" and reader.job(id).result, "it was tested, not killed"
    reader.close()
    writer.close()


SUSPENDED = 120.0  # seconds


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_ten_suspensions_of_two_minutes(tmp_path: Path, photos: Path) -> None:
    ids = {place: queued(place, photos, batch_size=64) for place in (tmp_path / str(number) for number in range(10))}
    stores = {place: Store(place / "graft.db", write=False) for place in ids}
    with ExitStack() as stack:
        servers = {place: stack.enter_context(serving(place)) for place in ids}

        def ends(place: Path) -> list[tuple[float, float]]:
            """When each epoch ended, and how many seconds of the run there were by then."""
            told = stores[place].events(ids[place])
            return [(when, event.seconds) for _, when, event in told if isinstance(event, EpochEnd)]

        for place in ids:
            wait(lambda place=place: len(ends(place)) > 1, 240, "its epochs")
        for server in servers.values():
            suspended(server, signal.SIGSTOP)
        time.sleep(SUSPENDED)
        for server in servers.values():
            suspended(server, signal.SIGCONT)
        right = 0
        for place, id in ids.items():
            before = len(ends(place))
            wait(lambda place=place, before=before: len(ends(place)) > before + 1, 240, "its going on")
            told = [event for _, _, event in stores[place].events(id)]
            left = [event.seconds_left for event in told if isinstance(event, Progress) and event.seconds_left]
            apart = [(now - then, mine - its) for (then, its), (now, mine) in itertools.pairwise(ends(place))]
            slept, counted = max(apart)
            right += (
                stores[place].job(id).status == "running"
                and not any(isinstance(event, Resumed) for event in told)
                and slept > SUSPENDED - 5
                and counted < SUSPENDED / 3
                and left[-1] < 2 * max(left[: len(left) // 2])
            )
        assert right == 10


@pytest.mark.soak
@pytest.mark.timeout(1_200)
def test_twenty_signals_to_a_dashboard_that_trains(tmp_path: Path, photos: Path) -> None:
    id = queued(tmp_path / "workspace", photos)
    store = Store(tmp_path / "workspace" / "graft.db", write=False)
    server, right, took = Server(tmp_path / "workspace"), 0, []
    try:
        with Workspace(tmp_path / "workspace") as workspace:  # until a page is drawn the server leaves it alone
            workspace.settings.change(first_model=False, resume=True)
        for number in range(20):
            drawn(server)  # so that the workspace is open
            last = reached(store, id)
            wait(lambda last=last: reached(store, id) > last, 60, "a step")
            began = time.monotonic()
            server.process.send_signal((signal.SIGTERM, signal.SIGINT, signal.SIGHUP)[number % 3])
            code = server.process.wait(timeout=30)
            took.append(time.monotonic() - began)
            right += code == 0 and took[-1] < 5 and store.job(id).status == "interrupted"
            if number < 19:
                server.start()
    finally:
        server.process.kill()
        server.process.wait()
    print(f"{right} of 20, {min(took):.1f} to {max(took):.1f} s")
    assert right == 20


@pytest.mark.soak
@pytest.mark.timeout(1_200)
def test_an_import_that_is_killed_fifty_times_leaves_all_or_nothing(tmp_path: Path) -> None:
    images, rng = draw_photos(tmp_path / "many", per_class=500), random.Random(0)
    command = [sys.executable, "-m", "transfer_core", "import", str(images), "--workspace"]
    began = time.monotonic()
    subprocess.run([*command, str(tmp_path / "whole")], capture_output=True, check=True)
    undisturbed, whole = time.monotonic() - began, 0
    for number in range(50):
        root = tmp_path / str(number)
        killed = subprocess.Popen([*command, str(root)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.3, 1.0) * undisturbed)  # the moment is the test
        killed.kill()
        killed.wait()
        with Workspace(root) as workspace:
            found = workspace.datasets.list()
            assert workspace.damage() == () and not list((root / "staging").glob("*"))
            assert [each.images for each in found] in ([], [1_500])
            whole += bool(found)
            assert len(list((root / "datasets").glob("*"))) in (len(found), 1)
            job = drive(workspace, workspace.datasets.import_path(images))
            dataset = workspace.datasets.get(job.result["id"])
            samples = root / "datasets" / dataset.id / "samples"
            assert len(dataset) == 1_500 and all((samples / file).stat().st_size for file in dataset.files)
        shutil.rmtree(root)
    print(f"50 of 50, {whole} whole, {50 - whole} not there")


ROOM_MB = 340  # for the two checkpoints that stay, the one that is written, and images


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_a_disk_that_is_full_at_twenty_offsets(tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an import, then of a run that keeps where it stands every moment."""
    bold = "from transfer_core.data import intake, pixels\nintake.SPARE_BYTES = pixels.SPARE_BYTES = -(1 << 40)\n"
    monkeypatch.setattr(process, "PROGRAM", (sys.executable, "-c", bold + EAGER))
    monkeypatch.setattr(intake, "SPARE_BYTES", -(1 << 40))
    monkeypatch.setattr(pixels, "SPARE_BYTES", -(1 << 40))
    with mounted(ROOM_MB) as disk:
        if disk is None:
            pytest.skip("a disk of its own cannot be mounted here")
        root = disk.root / "workspace"
        with Workspace(root) as workspace:
            workspace.settings.change(first_model=False)
            for left_kb in range(0, 400, 20):
                disk.fill(left_kb)
                with suppress(GraftError):  # the queue itself may not take it
                    end = list(workspace.jobs.drive(workspace.datasets.import_path(photos)))[-1]
                    assert end.status == "done" or "disk" in end.error  # type: ignore[union-attr]
                disk.free()
                assert workspace.damage() == () and len(workspace.datasets.list()) <= 1
                for each in workspace.datasets.list():
                    workspace.datasets.delete(each.id)
            job = drive(workspace, workspace.datasets.import_path(photos))
            dataset = workspace.datasets.get(job.result["id"])
            workspace.serve()
            make, right, longest = workspace.recipes.make, 0, 0.0
            (id,) = workspace.runs.submit(
                [make(dataset, "from_scratch", "bundled", epochs=1_000, batch_size=4, patience=0)]
            )
            folder = workspace.runs.folder(workspace.runs.get(id)) / CHECKPOINTS
            wait(lambda: len(list(folder.glob("*.pt"))) > 1, 120, "its checkpoints")
            one = next(iter(folder.glob("*.pt"))).stat().st_size
            for offset in range(20):
                store = Store(root / "graft.db", write=False)
                last = reached(store, id)
                wait(lambda last=last, store=store: reached(store, id) > last, 60, "a step")
                began = time.monotonic()
                while workspace.jobs.get(id).active and time.monotonic() < began + 60:
                    disk.fill(one * offset // 20 >> 10)  # again, where an older checkpoint has made room
                job = workspace.jobs.get(id)
                took = time.monotonic() - began
                longest = max(longest, took)
                words = job.status == "interrupted" and "disk" in job.error
                kept = Checkpoints(folder).newest()
                disk.free()
                store.close()
                assert words, job.error
                right += kept is not None and took < 5
                wait(lambda: not workspace.jobs.troubles(), 20, "the end of the trouble")
                assert workspace.damage() == ()
                assert workspace.runs.resume([id]) == (id,)
            print(f"{right} of 20; a checkpoint is {one >> 20} MB, the longest end took {longest:.1f} s")
            wait(lambda: workspace.runs.get(id).status == "running", 60, "its going on")
            workspace.jobs.stop(id)
            assert ended(workspace, id).status == "stopped" and right == 20
