"""The messages between a background thread and its worker: one JSON object a line.

To the worker, on its standard input:  {"job": id, "kind": ..., "payload": ..., "device": ...}  {"stop": job id}
From it, on a descriptor of its own:   {"hello": [devices]}  {"job": id, "events": [...]}  {"job": id, "stopped": true}
                                       {"job": id, "error": sentence, "trace": ..., "full": whether the disk is,
                                        "need": bytes that have to be free}
Standard output belongs to libraries that print; it goes to the job's log.
"""

import json
import time
from collections.abc import Iterable, Iterator
from typing import IO, Any

from transfer_core.types import Event, Notice, Progress, RunEnd, StageStart, event_from_json, event_to_json

BATCH_SECONDS = 0.3


def send(stream: IO[str], message: dict[str, Any]) -> None:
    stream.write(json.dumps(message) + "\n")
    stream.flush()


def pack(events: Iterable[Event]) -> list[str]:
    return [event_to_json(event) for event in events]


def unpack(bodies: Iterable[str]) -> list[Event]:
    return [event_from_json(body) for body in bodies]


def batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Events in the order they come, gathered for up to BATCH_SECONDS; [] where nothing is due yet.

    The first of a stage and the last are not held back. Events of type Progress that follow each other are merged.
    """
    held: list[Event] = []
    sent = 0.0
    for event in events:
        if held and isinstance(event, Progress) and isinstance(held[-1], Progress):
            held[-1] = held[-1].merged(event)
        else:
            held.append(event)
        at_once = isinstance(event, StageStart | RunEnd | Notice)
        if at_once or time.monotonic() - sent >= BATCH_SECONDS:
            yield held
            held, sent = [], time.monotonic()
        else:
            yield []
