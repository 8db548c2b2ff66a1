"""Finished runs' networks on new images: a photo or ten thousand, decoded elsewhere, a batch in memory at a time."""

import atexit
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from transfer_core.backbones.taps import Network
from transfer_core.compare.calibration import calibrated, fitted_temperature
from transfer_core.compare.ensemble import doubt_of
from transfer_core.compare.predictions import PREDICTIONS, read_predictions
from transfer_core.compare.selective import ALL_STAND
from transfer_core.data.answers import Answers
from transfer_core.data.archive import Member
from transfer_core.data.decoding import Decoders, Look, Shape
from transfer_core.errors import ArchiveError, DatasetError, StopAsked
from transfer_core.training.checkpoint import WEIGHTS, load_network
from transfer_core.training.familiar import load_familiar
from transfer_core.training.features import BATCH_SIZES, precise
from transfer_core.training.images import Images
from transfer_core.training.meter import Meter
from transfer_core.training.solvers import softmax
from transfer_core.types import Event, Floats, Progress, RunEnd, StageStart

FEW, LARGE_PX, SMALL_PX = 24, 480, 160  # so few images are shown large
KEPT = 8  # networks that stay loaded between predictions

_decoders = Decoders()
atexit.register(_decoders.close)


def predict(
    runs: Mapping[str, Sequence[Path]], sources: Sequence[Path], out: Path, *, device: str, names: Sequence[str] = ()
) -> Iterator[Event]:
    """Leaves what each run says of each image in `out`, with small pictures: `data.answers`.

    `runs`: by id, the folder of each; an ensemble has several, and says the mean. `sources`: image files, folders,
    zips; `names`: what the user calls them. The result has images, unreadable and of.
    A StopAsked that is thrown in ends it with the images that were looked at. Raises DatasetError when a run left no
    network or the runs know different classes, ArchiveError for a source that cannot be listed, or holds nothing.
    """
    yield StageStart(stage="predict", title="Look at the images", number=1, stages=1, unit="image")
    yield Progress(what="Loading the network", done=0, of=1)
    where = torch.device(device)
    judges = [Judges([Judge(folder, where) for folder in folders]) for folders in runs.values()]
    if len({judge.classes for judge in judges}) > 1:
        raise DatasetError("These runs know different classes. Pick runs of one dataset.")
    yield Progress(what="Listing the images", done=0, of=1)
    members = list(_members(sources, names))
    if not members:
        raise ArchiveError("There is no file in what was given, so there is nothing to predict.")
    shapes = list(dict.fromkeys(shape for judge in judges for shape in judge.shapes))
    meter = Meter(where, forward=len(members), train=0)
    status: Literal["done", "stopped"] = "done"
    px = LARGE_PX if len(members) <= FEW else SMALL_PX
    with Answers(out, list(runs), judges[0].classes, [judge.doubt for judge in judges]) as answers:
        try:
            with closing(_decoders.looks(members, shapes, thumbnail_px=px)) as looks:
                began = time.monotonic()
                while batch := list(islice(looks, BATCH_SIZES[where.type])):
                    answers.add(batch, [judge(batch, shapes) for judge in judges])
                    meter.passed("forward", len(batch), time.monotonic() - began)
                    began = time.monotonic()
                    yield meter.progress("Looking at images", len(answers.names), len(members), kind="forward")
        except StopAsked:
            if not answers.names:
                raise
            status = "stopped"
        answers.save(len(members))
    result = {"images": len(answers.names), "unreadable": sum(map(bool, answers.errors)), "of": len(members)}
    yield RunEnd(status=status, result=result)


def _members(sources: Sequence[Path], names: Sequence[str]) -> Iterator[tuple[Path, Member]]:
    """All images of all sources; an image file by the name that the user has for it."""
    for number, source in enumerate(sources):
        for member in _decoders.members(source):
            alone = names and not source.is_dir() and source.suffix.lower() != ".zip"
            yield source, replace(member, path=names[number]) if alone else member


class Judges:
    """A run, or the members of an ensemble, whose mean is the answer."""

    def __init__(self, members: Sequence["Judge"]) -> None:
        self.members, self.classes = members, members[0].classes
        self.shapes = [judge.shape for judge in members]
        said = [judge.predictions for judge in members]
        self.doubt = ALL_STAND
        with suppress(DatasetError):  # folds: no image shows what they say together
            if None not in said:
                self.doubt = doubt_of({judge.run: kept for judge, kept in zip(members, said, strict=True) if kept})

    def __call__(self, looks: Sequence[Look], shapes: Sequence[Shape]) -> tuple[Floats, NDArray[np.bool_]]:
        """(n, K) calibrated probabilities, nan for what could not be read; (n,) what is unlike all of training: most
        members that know think so."""
        found = [judge(looks, shapes) for judge in self.members]
        know = [unlike for judge, (_, unlike) in zip(self.members, found, strict=True) if judge.known is not None]
        said = np.mean([each for each, _ in found], axis=0)
        return said, np.mean(know, axis=0) > 0.5 if know else np.zeros(len(looks), bool)


class Judge:
    """One run's network, and how its probabilities are read."""

    def __init__(self, run: Path, device: torch.device) -> None:
        changed = (run / WEIGHTS).stat().st_mtime_ns if (run / WEIGHTS).exists() else 0
        self.network, self.classes = _network(run, changed, str(device))
        known = self.network.backbone
        self.shape = Shape(resize_px=known.resize_px, crop_px=known.input_px, fit=known.fit)
        self.device = device
        self.run, self.predictions = run.name, read_predictions(run) if (run / PREDICTIONS).exists() else None
        self.temperature = 1.0 if self.predictions is None else fitted_temperature(self.predictions)
        self.known = load_familiar(run)

    def __call__(self, looks: Sequence[Look], shapes: Sequence[Shape]) -> tuple[Floats, NDArray[np.bool_]]:
        """(n, K) calibrated probabilities, nan for what could not be read; (n,) what is unlike all of training."""
        found, unlike = np.full((len(looks), len(self.classes)), np.nan), np.zeros(len(looks), bool)
        read = [row for row, look in enumerate(looks) if not look.error]
        if read:
            place = shapes.index(self.shape)
            squares = np.stack([looks[row].squares[place] for row in read])  # (n, H, W, 3)
            x = Images(squares, self.network.backbone, self.device).batch(np.arange(len(read)))
            both = precise(self.network.both, x)
            codes, logits = both[:, : -len(self.classes)], both[:, -len(self.classes) :]
            found[read] = calibrated(softmax(logits), self.temperature)
            if self.known is not None:
                unlike[read] = self.known.unlike(codes, logits)
        return found, unlike


@lru_cache(maxsize=KEPT)
def _network(run: Path, changed: int, device: str) -> tuple[Network, tuple[str, ...]]:
    """`changed`: when, so that another network in the same place is loaded anew."""
    return load_network(run, torch.device(device))
