"""What a job says while it runs."""

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from transfer_core.types.plain import from_plain


@dataclass(frozen=True, kw_only=True)
class StageStart:
    stage: str  # Stage.name, or a job's own phase
    title: str
    number: int  # 1-based
    stages: int
    unit: str = "epoch"  # what EpochEnd counts: "epoch", "step of the solver", "strength tried"
    of: int = 0  # how many of them at most; 0: not known


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a phase stands. Those of one half second are merged: `steps` and `losses` joined, the rest the last's."""

    what: str  # "Reading images"
    done: int
    of: int
    unit: str = "images"
    seconds_left: float | None = None  # of the whole job
    share: float | None = None  # of the whole job that is done
    images_per_second: float | None = None
    memory_bytes: int | None = None
    steps: tuple[int, ...] = ()  # global step numbers of `losses`
    losses: tuple[float, ...] = ()  # training loss per step

    def merged(self, later: "Progress") -> "Progress":
        return replace(later, steps=self.steps + later.steps, losses=self.losses + later.losses)


@dataclass(frozen=True, kw_only=True)
class EpochEnd:
    stage: str
    epoch: int  # 1-based over the whole run
    step: int  # global step number, on the axis of Progress.steps
    train_loss: float | None
    train_accuracy: float | None
    val_loss: float | None
    val_accuracy: float | None
    best: bool  # the best so far by validation loss, at the temperature that suits it best
    seconds: float  # since the run began
    lr: float | None = None
    images_per_second: float | None = None
    val_refined: float | None = None  # validation loss at that temperature, by which gradient descent keeps a network


@dataclass(frozen=True, kw_only=True)
class Notice:
    text: str  # a sentence for the user


@dataclass(frozen=True, kw_only=True)
class Resumed:
    """A run goes on from where it was kept. What it told before is told again after this, and holds no more itself."""

    step: int  # global step number
    epoch: int  # how many have ended
    why: str = ""  # it was cut off, in a sentence


@dataclass(frozen=True, kw_only=True)
class RunEnd:
    status: Literal["done", "failed", "stopped", "interrupted"]
    error: str = ""  # a sentence for the user when failed
    result: dict[str, Any] = field(default_factory=dict)  # plain JSON, by kind of job


Event = StageStart | Progress | EpochEnd | Notice | Resumed | RunEnd
EVENTS: dict[str, type[Event]] = {t.__name__: t for t in (StageStart, Progress, EpochEnd, Notice, Resumed, RunEnd)}


def event_to_json(event: Event) -> str:
    return json.dumps({"type": type(event).__name__, **asdict(event)})


def event_from_json(text: str) -> Event:
    return _event(**json.loads(text))


def _event(type: str, **fields: Any) -> Event:
    return from_plain(EVENTS[type], fields)
