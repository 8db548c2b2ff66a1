"""The worker process: the only one that imports torch. Started as `python -m transfer_core.jobs.worker ROOT LANE`.

It stays warm between jobs, stops between two steps when asked, and leaves at end of file on its input, so that it
never outlives its server.
"""

import faulthandler
import importlib
import json
import os
import queue
import sys
import threading
import traceback
from pathlib import Path
from typing import IO, Any

from transfer_core.errors import GraftError
from transfer_core.jobs.protocol import batches, pack, send
from transfer_core.jobs.work import run_folder, work


def listen(commands: "queue.Queue[dict[str, Any]]", stops: set[str]) -> None:
    """Read commands until the server is gone, then leave at once, whatever the main thread is doing."""
    for line in sys.stdin:
        message = json.loads(line)
        if "stop" in message:
            stops.add(message["stop"])
        else:
            commands.put(message)
    os._exit(0)


def log_to(file: Path) -> None:
    """Send standard output and error, native libraries' too, to the job's log."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def run(command: dict[str, Any], root: Path, out: IO[str], stops: set[str]) -> None:
    id = command["run"]
    if command["kind"] == "train":
        log_to(run_folder(root, id) / "worker.log")
    try:
        events = work(id, command["kind"], command["payload"], root=root, device=command["device"])
        for batch in batches(events):
            if id in stops:
                events.close()  # type: ignore[attr-defined]
                send(out, {"job": id, "stopped": True})
                return
            if batch:
                send(out, {"job": id, "events": pack(batch)})
    except GraftError as error:
        send(out, {"job": id, "error": str(error)})
    except Exception as error:  # noqa: BLE001 - any failure becomes a state of the run
        traceback.print_exc()
        send(out, {"job": id, "error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()})


def main() -> None:
    root, lane = Path(sys.argv[1]), sys.argv[2]
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    faulthandler.enable()
    commands: queue.Queue[dict[str, Any]] = queue.Queue()
    stops: set[str] = set()
    threading.Thread(target=listen, args=(commands, stops), daemon=True).start()
    found: list[dict[str, str]] = []
    if lane != "short":
        from transfer_core.training.devices import devices

        found = [{"name": device.name, "title": device.title} for device in devices()]
    send(out, {"hello": found})
    if lane != "short":
        importlib.import_module("transfer_core.training.fit")  # so that the first run starts at once
    while True:
        run(commands.get(), root, out, stops)


if __name__ == "__main__":
    main()
