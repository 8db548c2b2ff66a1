"""What came out of image files, held against what a user will think that is in them; and what gives a class away."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from transfer_core.data.storing import Seen
from transfer_core.types import Floats, Ints, Problem, Rendering
from transfer_core.words import some

FEW_LEVELS = 24  # of 256 greys, at most, that a deep image is left with where its scale does not suit it
LONG = 2.0  # the longer side over the shorter, from which a crop never sees half of a picture
SHOWN = 12  # files that a problem names
GIVEN_AWAY = 0.95  # of a class's files are of a kind,
ELSEWHERE = 0.05  # and at most so many of the others'
ENOUGH = 8  # files of a class, and of the others, before that is no chance
KINDS = {"": "8-bit", "integers": "deep grey", "floats": "floating-point", "colours": "deep colour"}


def looked_at(files: Sequence[Seen], paths: Sequence[str], rendering: Rendering) -> Iterator[Problem]:
    """One problem for each thing that a look at the pictures shows."""

    def found(rows: Sequence[int], text: str) -> Iterator[Problem]:
        if rows:
            shown = tuple(paths[row] for row in rows[:SHOWN])
            reason = f"{some(len(rows), 'image')}: {text}"
            yield Problem(file="", reason=reason, kind="look", files=len(rows), shown=shown)

    def rows(holds: Callable[[Seen], bool]) -> list[int]:
        return [row for row, seen in enumerate(files) if holds(seen)]

    hidden = rows(lambda seen: rendering.ground in seen.hidden)
    first = rows(lambda seen: seen.flat and seen.frames > 1)
    flat = rows(lambda seen: seen.flat and seen.frames == 1 and rendering.ground not in seen.hidden)
    few = rows(lambda seen: not seen.flat and seen.levels <= FEW_LEVELS)
    paged = rows(lambda seen: seen.frames > 1)
    banded = rows(lambda seen: seen.bands > 3)
    long = rows(lambda seen: max(seen.width, seen.height) > LONG * min(seen.width, seen.height))
    yield from found(flat, "one flat colour, with nothing to see in it.")
    yield from found(
        hidden,
        "nothing to see, since what is drawn is transparent, or as bright as the ground beneath it"
        f" ({_ground(rendering.ground)}). Save them on a ground of your own.",
    )
    yield from found(
        first,
        "the first frame is empty, and the first is the one that counts. Save the frame that shows what you want as a"
        " file of its own.",
    )
    yield from found(
        few,
        f"at most {FEW_LEVELS} greys are left on the scale that all of the dataset share"
        f" ({_scale(files, few, rendering)}).",
    )
    most = max((files[row].frames for row in paged), default=0)
    yield from found(
        paged,
        f"several pages or frames, up to {most:,}, of which only the first is read. Save the others as files of their"
        " own if the class shows there.",
    )
    counts = " or ".join(map(str, sorted({files[row].bands for row in banded})))
    yield from found(
        banded,
        f"{counts} bands, of which {', '.join(map(str, rendering.bands))} became red, green and blue. `graft import"
        " --bands` takes others.",
    )
    unseen = [1 - min(files[row].width, files[row].height) / max(files[row].width, files[row].height) for row in long]
    least, most_unseen = (f"{100 * each(unseen, default=0):.0f} %" for each in (min, max))
    yield from found(
        long,
        "more than twice as long as wide, so that a crop to the middle square never sees"
        f" {least if least == most_unseen else f'{least} to {most_unseen}'} of them. Pad or squeeze them when you"
        " train.",
    )


def shortcuts(files: Sequence[Seen], labels: Ints, classes: Sequence[str], paths: Sequence[str]) -> Iterator[Problem]:
    """A problem for each class whose files are of another kind than the others', which a network learns instead."""
    traits: tuple[Callable[[Seen], str], ...] = (
        lambda seen: f"{_format(seen)} files",
        lambda seen: "transparent somewhere" if seen.clear else "opaque",
        lambda seen: f"{KINDS[seen.depth]} files",
        lambda seen: "grey" if seen.grey else "in colour",
        lambda seen: f"{seen.width} x {seen.height} px",
    )
    sides = np.array([np.sqrt(seen.width * seen.height) for seen in files])
    tables = [_counted([trait(seen) for seen in files], labels, len(classes)) for trait in traits]
    for label, name in enumerate(classes):
        mine = np.flatnonzero(labels == label)
        others = np.flatnonzero(labels != label)
        if min(len(mine), len(others)) < ENOUGH:
            continue
        said = [text for names, counts in tables if (text := _all_are(names, counts, label))]
        said += _size(sides[mine], sides[others]) if not any(" px" in text for text in said) else []
        if said:
            shown = tuple(paths[row] for row in (*mine[: SHOWN // 3], *others[: SHOWN // 3]))
            reason = (
                f"Class '{name}' can be told by its files alone: {', '.join(said)}. A model may learn that in place"
                " of what the pictures show. Make the files alike before import, or ask where they come from."
            )
            yield Problem(file="", reason=reason, kind="shortcut", files=len(mine), shown=shown)


def _counted(traits: Sequence[str], labels: Ints, classes: int) -> tuple[list[str], Ints]:
    """The different traits, and how many files of each class have each: (C, T)."""
    names, which = np.unique(np.array(traits), return_inverse=True)
    counts = np.bincount(labels * len(names) + which, minlength=classes * len(names)).reshape(classes, len(names))
    return names.tolist(), counts


def _all_are(names: Sequence[str], counts: Ints, label: int) -> str:
    """What nearly all of a class are and nearly none of the others, in words; '' for nothing. `counts`: (C, T)."""
    trait = int(counts[label].argmax())
    count, mine = int(counts[label, trait]), int(counts[label].sum())
    elsewhere, others = int(counts[:, trait].sum()) - count, int(counts.sum()) - mine
    if count < GIVEN_AWAY * mine or elsewhere > ELSEWHERE * others:
        return ""
    return f"{count:,} of {mine:,} are {names[trait]} ({elsewhere:,} of the other {others:,})"


def _size(mine: Floats, others: Floats) -> list[str]:
    """Whether a class's images are larger, or smaller, than nearly all others."""
    for word, low, high in (("larger", mine, others), ("smaller", others, mine)):
        if np.percentile(low, 5) > 1.2 * np.percentile(high, 95):
            return [
                f"they are {word} than nearly all others, {np.median(mine):.0f} to {np.median(others):.0f} px a side"
            ]
    return []


def _format(seen: Seen) -> str:
    return "JPEG" if seen.format == "MPO" else seen.format


def _ground(level: int) -> str:
    return {255: "white", 0: "black"}.get(level, "grey")


def _scale(files: Sequence[Seen], rows: Sequence[int], rendering: Rendering) -> str:
    parts = []
    for depth in sorted({files[row].depth for row in rows}):
        if scale := getattr(rendering, depth, ()):
            parts.append(f"{scale[0]:,g} is black, {scale[1]:,g} white")
    return ", ".join(parts) or "each by its own bit depth"
