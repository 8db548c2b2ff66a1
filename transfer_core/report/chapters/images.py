"""Images that runs have wrong, and labels that are likely wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from transfer_core.compare.compared import Seen
from transfer_core.report.gathered import MOST_SHOWN, Gathered
from transfer_core.words import count, percent, some

Captions = Callable[[Seen, Sequence[str]], tuple[str, ...]]  # of an image, given the names of classes
TOLD = "All compared runs name one other class, as surely as they name images that carry it (confident learning)"


@dataclass(frozen=True, kw_only=True)
class Tile:
    captions: tuple[str, ...]
    file: str  # the user's own name
    picture: str  # an address; '' where the file is gone


@dataclass(frozen=True, kw_only=True)
class Gallery:
    title: str
    told: str
    tiles: tuple[Tile, ...]


def images(gathered: Gathered) -> tuple[Gallery, ...]:
    comparison = gathered.comparison
    choice = f"“{gathered.chosen.title}”"
    wrong = f"{choice} has {some(len(gathered.mistakes), 'image')} wrong"
    found = [_gallery(gathered, "The surest mistakes", wrong, gathered.mistakes, _wrong)]
    if gathered.rival is not None:
        rival = f"“{comparison.title(gathered.rival)}”"
        for one, other, seen in ((choice, rival, gathered.fixed), (rival, choice, gathered.broken)):
            told = f"{some(len(seen), 'image')} that {other} has wrong"
            found.append(_gallery(gathered, f"Right by {one} alone", told, seen, _alone))
    if len(comparison.runs) > 1:
        told = f"{TOLD}: {some(len(gathered.label_errors), 'image')}"
        found.append(_gallery(gathered, "Likely label errors", told, gathered.label_errors, _doubted))
    return tuple(found)


def _gallery(gathered: Gathered, title: str, told: str, found: Sequence[Seen], captions: Captions) -> Gallery:
    more = f"; {MOST_SHOWN} are shown" if len(found) > MOST_SHOWN else ""
    dataset = gathered.dataset
    return Gallery(
        title=title,
        told=f"{told}{more}.",
        tiles=tuple(
            Tile(
                captions=captions(seen, dataset.classes),
                file=dataset.paths[seen.sample],
                picture=gathered.thumbnails[seen.sample],
            )
            for seen in found[:MOST_SHOWN]
        ),
    )


def _wrong(seen: Seen, classes: Sequence[str]) -> tuple[str, ...]:
    """The first call is the run's own; how many of the others agree tells a hard image from a bad label."""
    own, *others = seen.calls
    right = sum(call.predicted == seen.label for call in others)
    said = (classes[seen.label], f"said {classes[own.predicted]}, {percent(own.confidence)}")
    return (*said, f"right in {count(right)} of {count(len(others))} other runs") if others else said


def _alone(seen: Seen, classes: Sequence[str]) -> tuple[str, ...]:
    """Of two runs, what the wrong one says."""
    wrong = next(call for call in seen.calls if call.predicted != seen.label)
    return classes[seen.label], f"not {classes[wrong.predicted]}, {percent(wrong.confidence)}"


def _doubted(seen: Seen, classes: Sequence[str]) -> tuple[str, ...]:
    mean = sum(call.confidence for call in seen.calls) / len(seen.calls)
    split = "validation" if seen.split == "val" else "test"
    said = f"all say {classes[seen.calls[0].predicted]}, {percent(mean)}"
    return f"labelled {classes[seen.label]}", said, f"in {split}"
