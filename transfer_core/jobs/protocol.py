"""The messages between a background thread and its worker: one JSON object a line.

To the worker, on its standard input:  {"job": id, "kind": ..., "payload": ..., "device": ...}  {"stop": job id}
                                       {"pause": job id}  {"drop": job id}: leave it at once and keep nothing
From it, on a descriptor of its own:   {"hello": [devices]}  {"job": id, "events": [...]}  {"job": id, "stopped": true}
                                       {"job": id, "paused": true}  {"job": id, "dropped": true}
                                       {"job": id, "error": sentence, "full": whether the disk is,
                                        "need": bytes that have to be free}; "trace" beside it is for the log, and
                                       "unforeseen": true where the sentence is an exception's own
Standard output belongs to libraries that print; it goes to the job's log.
"""

import json
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import IO, Any

from transfer_core.errors import PauseAsked, StopAsked
from transfer_core.types import Event, Notice, Progress, Resumed, RunEnd, StageStart, event_from_json, event_to_json

BATCH_SECONDS = 0.3


def send(stream: IO[str], message: dict[str, Any]) -> None:
    stream.write(json.dumps(message) + "\n")
    stream.flush()


def pack(events: Iterable[Event]) -> list[str]:
    return [event_to_json(event) for event in events]


def unpack(bodies: Iterable[str]) -> list[Event]:
    return [event_from_json(body) for body in bodies]


def batches(events: Iterable[Event]) -> Generator[list[Event], None, None]:
    """Events in the order they come, gathered for up to BATCH_SECONDS; [] where nothing is due yet.

    The first of a stage and the last are not held back. Events of type Progress that follow each other are merged.
    A StopAsked or PauseAsked that is thrown in goes on to where the events come from.
    """
    source = iter(events)
    held: list[Event] = []
    sent = 0.0
    asked: StopAsked | PauseAsked | None = None
    while True:
        try:
            event = next(source) if asked is None else _told(source, asked)
        except StopIteration:
            return
        asked = None
        if held and isinstance(event, Progress) and isinstance(held[-1], Progress):
            held[-1] = held[-1].merged(event)
        else:
            held.append(event)
        due: list[Event] = []
        if isinstance(event, StageStart | RunEnd | Notice | Resumed) or time.monotonic() - sent >= BATCH_SECONDS:
            due, held, sent = held, [], time.monotonic()
        try:
            yield due
        except (StopAsked, PauseAsked) as stop:
            asked = stop


def until_told(
    batches: Generator[list[Event], None, None], stops: Callable[[], int], pauses: Callable[[], bool] = lambda: False
) -> Iterator[list[Event]]:
    """Batches up to the one that ends the job. `stops`: how often it was told to stop; StopAsked goes in each time.

    `pauses`: whether it was told to pause; PauseAsked goes in. Raises either where the job does not end well by itself
    then.
    """
    followed, batch = 0, next(batches, None)
    while batch is not None:
        yield batch
        if batch and isinstance(batch[-1], RunEnd):
            return
        try:
            if pauses():
                batch = batches.throw(PauseAsked())
            elif stops() > followed:
                followed += 1
                batch = batches.throw(StopAsked())
            else:
                batch = next(batches)
        except StopIteration:
            return


def _told(events: Iterator[Event], asked: StopAsked | PauseAsked) -> Event:
    assert isinstance(events, Generator)  # those of every task are
    event: Event = events.throw(asked)
    return event
