"""Finished runs' networks on new images: a photo or ten thousand, decoded elsewhere, a batch in memory at a time."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from transfer_core import awake
from transfer_core.backbones import available
from transfer_core.backbones.folding import folded
from transfer_core.backbones.taps import Network, extractor, pooled
from transfer_core.backbones.torchvision import load
from transfer_core.compare.calibration import calibrated, fitted_temperature
from transfer_core.compare.ensemble import doubt_of
from transfer_core.compare.predictions import PREDICTIONS, read_predictions
from transfer_core.compare.selective import ALL_STAND
from transfer_core.data.answers import MAPPED, Answers, Said
from transfer_core.data.archive import Member
from transfer_core.data.decoding import Look, Shape, decoders
from transfer_core.data.members import is_archive
from transfer_core.errors import ArchiveError, DatasetError, StopAsked, WeightsError
from transfer_core.training.checkpoint import CARD, WEIGHTS, load_network, rendering_of
from transfer_core.training.familiar import load_familiar
from transfer_core.training.features import BATCH_SIZES, precise
from transfer_core.training.heat import CLASSES, Evidence, covering, evidence
from transfer_core.training.images import Images
from transfer_core.training.meter import Meter
from transfer_core.training.setup import place
from transfer_core.training.solvers import softmax
from transfer_core.types import Backbone, Event, Floats, Ints, Notice, Progress, RunEnd, StageStart, Tap

FEW, LARGE_PX, SMALL_PX = 24, 480, 160  # so few images are shown large
KEPT = 8  # networks that stay loaded between predictions


def predict(
    runs: Mapping[str, Sequence[Path]],
    sources: Sequence[Path],
    out: Path,
    *,
    device: str,
    names: Sequence[str] = (),
    heat: bool = False,
    labels: Sequence[int] = (),
) -> Iterator[Event]:
    """Leaves what each run says of each image in `out`, with small pictures: `data.answers`.

    `runs`: by id, the folder of each; an ensemble has several, and says the mean. `sources`: image files, folders,
    zips; `names`: what the user calls them. The result has images, unreadable and of.
    `heat`: of up to MAPPED images, where each run finds its evidence for the likeliest classes too, and for `labels`,
    the class of each source.
    A StopAsked that is thrown in ends it with the images that were looked at. Raises DatasetError when a run left no
    network or the runs know different classes, ArchiveError for a source that cannot be listed, or holds nothing.
    """
    yield StageStart(stage="predict", title="Look at the images", number=1, stages=1, unit="image")
    yield Progress(what="Loading the network", done=0, of=1)
    where = torch.device(device)
    judges = [Judges([Judge(folder, where) for folder in folders]) for folders in runs.values()]
    if len({judge.classes for judge in judges}) > 1:
        raise DatasetError("These runs know different classes. Pick runs of one dataset.")
    yield from (Notice(text=each.lacks) for judge in judges for each in judge.members if each.lacks)
    yield Progress(what="Listing the images", done=0, of=1)
    members = list(_members(sources, names))
    if not members:
        raise ArchiveError("There is no file in what was given, so there is nothing to predict.")
    shapes = list(dict.fromkeys(shape for judge in judges for shape in judge.shapes))
    meter = Meter(where, forward=len(members))
    status: Literal["done", "stopped"] = "done"
    px = LARGE_PX if len(members) <= FEW else SMALL_PX
    mapped = heat and len(members) <= MAPPED
    doubts, seen = [judge.doubt for judge in judges], [judge.shapes[0] for judge in judges]
    with Answers(out, list(runs), judges[0].classes, doubts, seen) as answers:
        try:
            with closing(decoders().looks(members, shapes, thumbnail_px=px)) as looks:
                began = awake.seconds()
                while batch := list(islice(looks, BATCH_SIZES[where.type])):
                    known = _labels(labels, len(answers.names), len(batch)) if mapped else None
                    alone = len(members) == 1
                    answers.add(batch, [judge(batch, shapes, known, alone=alone) for judge in judges])
                    meter.passed("forward", len(batch), awake.seconds() - began)
                    began = awake.seconds()
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
        for member in decoders().members(source):
            alone = names and not source.is_dir() and not is_archive(source.name)
            yield source, replace(member, path=names[number]) if alone else member


def _labels(labels: Sequence[int], start: int, count: int) -> Ints:
    """Of the next images, (count,); -1 where none is known."""
    known = list(labels[start : start + count])
    return np.array(known + [-1] * (count - len(known)))


class Judges:
    """A run, or the members of an ensemble, whose mean is the answer."""

    def __init__(self, members: Sequence["Judge"]) -> None:
        self.members, self.classes = members, members[0].classes
        self.shapes = [judge.shape for judge in members]
        said = [judge.predictions for judge in members]
        known = {judge.run: kept for judge, kept in zip(members, said, strict=True) if kept is not None}
        self.doubt = doubt_of(known) if len(known) == len(members) else ALL_STAND

    def __call__(
        self, looks: Sequence[Look], shapes: Sequence[Shape], labels: Ints | None = None, *, alone: bool = False
    ) -> Said:
        """Calibrated probabilities, and what is unlike all of training: of an ensemble what most members that know
        think so of. `labels`: (n,) asks for maps too, -1 for none; an ensemble's are empty. `alone`: the map of an only
        image is tried besides.
        """
        if len(self.members) == 1:
            return self.members[0](looks, shapes, labels, alone=alone)
        found = [judge(looks, shapes, None, alone=False) for judge in self.members]
        know = [each.unlike for judge, each in zip(self.members, found, strict=True) if judge.known is not None]
        said = np.mean([each.probabilities for each in found], axis=0)
        heat = None
        if labels is not None:
            read = [row for row, look in enumerate(looks) if not look.error]
            likeliest = np.argsort(-said[read], axis=1, kind="stable")[:, :CLASSES]
            heat = likeliest, np.zeros((*likeliest.shape, 0, 0), np.float32), np.zeros((len(read), 0))
        unlike = np.mean(know, axis=0) > 0.5 if know else np.zeros(len(looks), bool)
        return Said(probabilities=said, unlike=unlike, heat=heat)


class Judge:
    """One run's network, and how its probabilities are read."""

    def __init__(self, run: Path, device: torch.device) -> None:
        changed = (run / WEIGHTS).stat().st_mtime_ns if (run / WEIGHTS).exists() else 0
        self.network, self.classes = _network(run, changed, str(device))
        known = self.network.backbone
        rendering = rendering_of(json.loads((run / CARD).read_text(encoding="utf-8")))
        self.shape = Shape(resize_px=known.resize_px, crop_px=known.input_px, fit=known.fit, rendering=rendering)
        self.device = device
        self.run, self.predictions = run.name, read_predictions(run) if (run / PREDICTIONS).exists() else None
        self.temperature = 1.0 if self.predictions is None else fitted_temperature(self.predictions)
        self.known, self.source, self.lacks = load_familiar(run), None, ""  # what it cannot warn of, in a sentence
        if self.known is not None and self.known.pretrained:
            try:
                if not available(known, run.parent.parent):
                    raise WeightsError("They are no longer on this machine.")
                self.source = _pretrained(known, self.network.taps, run.parent.parent, str(device))
            except WeightsError as error:
                self.known = None
                began = f"the pretrained weights of {known.title}, with which it would see that"
                self.lacks = f"Run {run.name} warns of nothing unlike its training: {began}, cannot be read. {error}"

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
            unlike[read] = self.known.unlike(codes if self.source is None else precise(self.source, x), logits)
        return Said(probabilities=found, unlike=unlike, heat=heat)

    def _tried(self, images: Images, where: Evidence) -> Floats:
        """(n, 3): `Heat.tried`; (n, 0) where there is no map."""
        if not where.maps.size:
            return np.zeros((len(where.maps), 0))
        said = covering(self.network, images, where, np.random.default_rng(0), self.temperature)
        return np.concatenate((said[:, :2], said[:, 2:].mean(1, keepdims=True)), 1)


@lru_cache(maxsize=KEPT)
def _pretrained(
    backbone: Backbone, taps: tuple[Tap, ...], workspace: Path, device: str
) -> Callable[[torch.Tensor], torch.Tensor]:
    """The codes of the network that a run began with."""
    module = load(backbone, root=workspace)
    place(module, torch.device(device))
    trunk = folded(extractor(module, backbone, taps))
    return lambda x: pooled(trunk(x), taps)


@lru_cache(maxsize=KEPT)
def _network(run: Path, changed: int, device: str) -> tuple[Network, tuple[str, ...]]:
    """`changed`: when, so that another network in the same place is loaded anew."""
    return load_network(run, torch.device(device))
