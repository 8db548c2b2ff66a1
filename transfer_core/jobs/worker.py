"""The worker process: the only one that imports torch. Started as `python -m transfer_core.jobs.worker ROOT LANE`.

It stays warm between jobs, stops between two steps when asked, and leaves at end of file on its input, so that it
never outlives its server.
"""

import contextlib
import faulthandler
import importlib
import json
import os
import queue
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO, Any

from transfer_core.errors import GraftError, NoRoom, PauseAsked, StopAsked, disk_is_full, foreseen
from transfer_core.jobs.protocol import batches, pack, send, until_told
from transfer_core.jobs.tasks import EXPORTS, SHORT, Place, task_from
from transfer_core.types import RunEnd

SPOILT = "CUDA error"  # in what torch raises then


def listen(commands: "queue.Queue[dict[str, Any]]", stops: Counter[str], drops: set[str], pauses: set[str]) -> None:
    """Read commands until the server is gone, then leave at once, whatever the main thread is doing."""
    for line in sys.stdin:
        message = json.loads(line)
        if "stop" in message:
            stops[message["stop"]] += 1
        elif "drop" in message:
            drops.add(message["drop"])
        elif "pause" in message:
            pauses.add(message["pause"])
        else:
            commands.put(message)
    os._exit(0)


@contextlib.contextmanager
def logged_to(file: Path) -> Iterator[None]:
    """Send standard output and error, native libraries' and a crash's too, to one job's log; afterwards back."""
    kept = [os.dup(1), os.dup(2)]
    try:
        with contextlib.suppress(OSError):  # without a log of its own it says less, and works all the same
            file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            _direct(descriptor, descriptor)
            os.close(descriptor)
        yield
    finally:
        _direct(*kept)
        for descriptor in kept:
            os.close(descriptor)


def _direct(output: int, error: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # a full disk takes no last words
            stream.flush()
    os.dup2(output, 1)
    os.dup2(error, 2)


def run(
    command: dict[str, Any], root: Path, out: IO[str], stops: Counter[str], drops: set[str], pauses: set[str]
) -> None:
    """Do one job, sending its events; whatever happens ends in one last message."""
    place = Place(root=root, id=command["job"], device=command["device"])
    for told in (drops, pauses):
        told.discard(place.id)  # said when it had ended already; now it begins anew
    with logged_to(place.log):
        try:
            source = task_from(command["kind"], command["payload"]).run(place)
            for batch in until_told(batches(source), lambda: stops[place.id], lambda: place.id in pauses):
                if batch:
                    send(out, {"job": place.id, "events": pack(batch)})
                if place.id in drops and not (batch and isinstance(batch[-1], RunEnd)):
                    if isinstance(source, Generator):
                        source.close()
                    send(out, {"job": place.id, "dropped": True})
                    break
        except StopAsked:
            send(out, {"job": place.id, "stopped": True})
        except PauseAsked:
            send(out, {"job": place.id, "paused": True})
        except GraftError as error:
            need = error.need if isinstance(error, NoRoom) else 0
            send(out, {"job": place.id, "error": str(error), "full": bool(need) or disk_is_full(error), "need": need})
        except Exception as error:  # noqa: BLE001 - any failure becomes a state of the job
            if SPOILT in str(error):  # nothing that this process asks of the device will work any more
                print(error, file=sys.stderr, flush=True)
                os._exit(1)
            words, trace = foreseen(error), traceback.format_exc()
            answer: dict[str, Any] = {"error": words or str(error), "unforeseen": not words, "trace": trace}
            send(out, {"job": place.id, **answer, "full": disk_is_full(error)})


def main() -> None:
    root, lane = Path(sys.argv[1]), sys.argv[2]
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    faulthandler.enable()
    commands: queue.Queue[dict[str, Any]] = queue.Queue()
    stops: Counter[str] = Counter()
    drops: set[str] = set()
    pauses: set[str] = set()
    threading.Thread(target=listen, args=(commands, stops, drops, pauses), daemon=True).start()
    found: list[dict[str, str]] = []
    if lane not in (SHORT, EXPORTS):
        from transfer_core.training.devices import devices

        found = [{"name": device.name, "title": device.title} for device in devices()]
    send(out, {"hello": found})
    if lane not in (SHORT, EXPORTS):
        importlib.import_module("transfer_core.training.fit")  # so that the first run starts at once
    while True:
        run(commands.get(), root, out, stops, drops, pauses)


if __name__ == "__main__":
    main()
