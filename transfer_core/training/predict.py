"""Finished runs' networks on new images: a photo or ten thousand, decoded elsewhere, a batch in memory at a time."""

import atexit
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from transfer_core.backbones.taps import Network
from transfer_core.compare.calibration import calibrated, fitted_temperature
from transfer_core.compare.predictions import PREDICTIONS, read_predictions
from transfer_core.compare.selective import ALL_STAND, doubt
from transfer_core.data.answers import Answers, Said
from transfer_core.data.archive import Member
from transfer_core.data.decoding import Decoders, Look, Shape
from transfer_core.errors import ArchiveError, DatasetError, StopAsked
from transfer_core.training.checkpoint import WEIGHTS, load_network
from transfer_core.training.familiar import load_familiar
from transfer_core.training.features import BATCH_SIZES, precise
from transfer_core.training.heat import Evidence, covering, evidence
from transfer_core.training.images import Images
from transfer_core.training.meter import Meter
from transfer_core.training.solvers import softmax
from transfer_core.types import Doubt, Event, Floats, Ints, Progress, RunEnd, StageStart

FEW, LARGE_PX, SMALL_PX = 24, 480, 160  # so few images are shown large
MAPPED = 500  # images that get heat maps: each takes up to twice as long
KEPT = 4  # networks that stay loaded between predictions

_decoders = Decoders()
atexit.register(_decoders.close)


def predict(
    runs: Sequence[Path],
    sources: Sequence[Path],
    out: Path,
    *,
    device: str,
    names: Sequence[str] = (),
    heat: bool = False,
    labels: Sequence[int] = (),
) -> Iterator[Event]:
    """Leaves what each run says of each image in `out`, with small pictures: `data.answers`.

    `sources`: image files, folders, zips; `names`: what the user calls them. The result has images, unreadable and of.
    `heat`: of up to MAPPED images, where each run finds its evidence for the likeliest classes too, and for `labels`,
    the class of each source.
    A StopAsked that is thrown in ends it with the images that were looked at. Raises DatasetError when a run left no
    network or the runs know different classes, ArchiveError for a source that cannot be listed, or holds nothing.
    """
    yield StageStart(stage="predict", title="Look at the images", number=1, stages=1, unit="image")
    yield Progress(what="Loading the network", done=0, of=1)
    where = torch.device(device)
    judges = [_Judge(run, where) for run in runs]
    if len({judge.classes for judge in judges}) > 1:
        raise DatasetError("These runs know different classes. Pick runs of one dataset.")
    yield Progress(what="Listing the images", done=0, of=1)
    members = list(_members(sources, names))
    if not members:
        raise ArchiveError("There is no file in what was given, so there is nothing to predict.")
    shapes = list(dict.fromkeys(judge.shape for judge in judges))
    meter = Meter(where, forward=len(members), train=0)
    status: Literal["done", "stopped"] = "done"
    px = LARGE_PX if len(members) <= FEW else SMALL_PX
    mapped = heat and len(members) <= MAPPED
    doubts, seen = [judge.doubt for judge in judges], [judge.shape for judge in judges]
    with Answers(out, [run.name for run in runs], judges[0].classes, doubts, seen) as answers:
        try:
            with closing(_decoders.looks(members, shapes, thumbnail_px=px)) as looks:
                began = time.monotonic()
                while batch := list(islice(looks, BATCH_SIZES[where.type])):
                    known = _labels(labels, len(answers.names), len(batch)) if mapped else None
                    alone = len(members) == 1
                    answers.add(batch, [judge(batch, shapes, known, alone=alone) for judge in judges])
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


def _labels(labels: Sequence[int], start: int, count: int) -> Ints:
    """Of the next images, (count,); -1 where none is known."""
    known = list(labels[start : start + count])
    return np.array(known + [-1] * (count - len(known)))


class _Judge:
    """One run's network, and how its probabilities are read."""

    def __init__(self, run: Path, device: torch.device) -> None:
        changed = (run / WEIGHTS).stat().st_mtime_ns if (run / WEIGHTS).exists() else 0
        self.network, self.classes = _network(run, changed, str(device))
        known = self.network.backbone
        self.shape = Shape(resize_px=known.resize_px, crop_px=known.input_px, fit=known.fit)
        self.device = device
        self.temperature, self.doubt = _trust(run)
        self.known = load_familiar(run)

    def __call__(self, looks: Sequence[Look], shapes: Sequence[Shape], labels: Ints | None, *, alone: bool) -> Said:
        """Calibrated probabilities, and what is unlike all of training. `labels`: (n,) asks for maps too; -1: none.

        `alone`: the map of an only image is tried besides.
        """
        found, unlike = np.full((len(looks), len(self.classes)), np.nan), np.zeros(len(looks), bool)
        read = [row for row, look in enumerate(looks) if not look.error]
        if not read:
            return Said(probabilities=found, unlike=unlike)
        place = shapes.index(self.shape)
        squares = np.stack([looks[row].squares[place] for row in read])  # (n, H, W, 3)
        images = Images(squares, self.network.backbone, self.device)
        x, heat = images.batch(np.arange(len(read))), None
        if labels is None:
            both = precise(self.network.both, x)
            codes, logits = both[:, : -len(self.classes)], both[:, -len(self.classes) :]
        else:
            where = evidence(self.network, x, labels[read])
            codes, logits = where.codes, where.logits
            heat = where.classes, where.maps, self._tried(images, where) if alone else np.zeros((len(read), 0))
        found[read] = calibrated(softmax(logits), self.temperature)
        if self.known is not None:
            unlike[read] = self.known.unlike(codes, logits)
        return Said(probabilities=found, unlike=unlike, heat=heat)

    def _tried(self, images: Images, where: Evidence) -> Floats:
        """(n, 3): `Heat.tried`; (n, 0) where there is no map."""
        if not where.maps.size:
            return np.zeros((len(where.maps), 0))
        said = covering(self.network, images, where, np.random.default_rng(0), self.temperature)
        return np.concatenate((said[:, :2], said[:, 2:].mean(1, keepdims=True)), 1)


@lru_cache(maxsize=KEPT)
def _network(run: Path, changed: int, device: str) -> tuple[Network, tuple[str, ...]]:
    """`changed`: when, so that another network in the same place is loaded anew."""
    return load_network(run, torch.device(device))


def _trust(run: Path) -> tuple[float, Doubt]:
    """By which temperature a run's probabilities are calibrated, and from where on its answers stand.

    1 and every answer where it was not tested. Raises UnknownJob for damaged predictions.
    """
    if not (run / PREDICTIONS).exists():
        return 1.0, ALL_STAND
    kept = read_predictions(run)
    t = fitted_temperature(kept)
    said = calibrated(kept.val_probabilities, t)
    return t, doubt(said, said.argmax(1) == kept.val_labels)
