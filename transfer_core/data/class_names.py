"""Class names that people would take for the same: they differ in case, blanks, dots, or an s at the end."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from transfer_core.types import TRAIN, Problem
from transfer_core.words import listed

UNSEEN = dict.fromkeys(map(ord, " ._-\u00a0\u200b\ufeff"))


def alike(name: str) -> str:
    """Equal for names that differ in case, width, blanks, dots, dashes and underscores alone."""
    folded = (name if name.isascii() else unicodedata.normalize("NFKC", name)).casefold()
    return folded.translate(UNSEEN) or folded


def singular(name: str) -> str:
    return alike(name).removesuffix("s")


def joined(by_split: Mapping[int, Iterable[str]]) -> dict[str, str]:
    """Names of validation and test classes that train spells another way, and how it does; none that is uncertain."""
    train = set(by_split.get(TRAIN, ()))
    rest = {name for split, names in by_split.items() if split != TRAIN for name in names} - train
    found: dict[str, str] = {}
    if not rest or not train:
        return found
    for key in (alike, singular):
        known: defaultdict[str, list[str]] = defaultdict(list)
        for name in train:
            known[key(name)].append(name)
        others = Counter(key(name) for name in rest)
        for name in rest - found.keys():
            if len(known[key(name)]) == 1 and others[key(name)] == 1:
                found[name] = known[key(name)][0]
    return found


def said(names: Iterable[str], merged: Mapping[str, str]) -> list[Problem]:
    """A note for each set of names that look the same and stay apart, and one for each that was joined."""
    notes = [
        Problem(file="", reason=f"Class '{name}' was taken for train's '{into}'; they became one class.", kind="note")
        for name, into in sorted(merged.items())
    ]
    sets: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        sets[alike(name)].append(name)
    for group in sets.values():
        if len(group) > 1:
            shown = listed([f"'{name}'" for name in sorted(group)])
            text = f"The classes {shown} differ in case, blanks or dots alone and were kept apart. Are they one?"
            notes.append(Problem(file="", reason=text, kind="note"))
    return notes
