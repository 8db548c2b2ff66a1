"""The messages between a background thread and its worker: one JSON object a line.

To the worker, on its standard input:  {"run": job id, "kind": ..., "payload": ..., "device": ...}  {"stop": job id}
From it, on a descriptor of its own:   {"hello": [devices]}  {"job": id, "events": [...]}  {"job": id, "error": ...}
Standard output belongs to libraries that print; it goes to the job's log.
"""

import json
import time
from collections.abc import Iterable, Iterator
from typing import IO, Any

from transfer_core.types import Event, Progress, event_from_json, event_to_json

BATCH_SECONDS = 0.3


def send(stream: IO[str], message: dict[str, Any]) -> None:
    stream.write(json.dumps(message) + "\n")
    stream.flush()


def pack(events: Iterable[Event]) -> list[str]:
    return [event_to_json(event) for event in events]


def unpack(bodies: Iterable[str]) -> list[Event]:
    return [event_from_json(body) for body in bodies]


def batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Events as they come, those of type Progress held back and merged for up to BATCH_SECONDS."""
    pending: Progress | None = None
    sent = 0.0
    for event in events:
        if isinstance(event, Progress):
            pending = event if pending is None else pending.merged(event)
            if time.monotonic() - sent < BATCH_SECONDS and pending.done < pending.of:
                yield []
                continue
            event, pending = pending, None
            batch: list[Event] = [event]
        else:
            batch = [event] if pending is None else [pending, event]
            pending = None
        sent = time.monotonic()
        yield batch
