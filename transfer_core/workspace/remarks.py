"""Notes and tags of runs and datasets, and names of runs, as people write them."""

from collections.abc import Iterable
from dataclasses import replace

from transfer_core.errors import GraftError
from transfer_core.store import Store
from transfer_core.types import Remark

MOST_NAME, MOST_NOTE, MOST_TAG, MOST_TAGS = 80, 4_000, 40, 20  # characters; and how many tags


class Remarks:
    """By the id of a run or a dataset."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, id: str) -> Remark:
        """Empty where nobody wrote anything."""
        return self._store.remark(id)

    def note(self, id: str, text: str) -> None:
        """Write a note in place of the last; '' takes it away. Raises GraftError for one that is too long."""
        note = text.strip()
        if len(note) > MOST_NOTE:
            raise GraftError(f"A note has at most {MOST_NOTE:,} characters; this one has {len(note):,}.")
        self._store.write_remark(id, replace(self.get(id), note=note))

    def tag(self, id: str, tags: Iterable[str]) -> tuple[str, ...]:
        """Give it these tags in place of those it had, each once. Returns them.

        Raises GraftError for too many, or one that is too long or holds a comma.
        """
        kept = tuple(dict.fromkeys(tag for each in tags if (tag := " ".join(each.split()).lstrip("#"))))
        if len(kept) > MOST_TAGS:
            raise GraftError(f"A run or dataset has at most {MOST_TAGS} tags; these are {len(kept)}.")
        for tag in kept:
            if len(tag) > MOST_TAG or "," in tag:
                raise GraftError(f"The tag '{tag[:MOST_TAG]}' is too long or holds a comma: {MOST_TAG} characters do.")
        self._store.write_remark(id, replace(self.get(id), tags=kept))
        return kept


def named(name: str, taken: Iterable[str]) -> str:
    """A name for a run, with the first number that is free where another run of its dataset has it.

    Raises GraftError for one that is too long.
    """
    wanted, others = " ".join(name.split()), set(taken)
    if len(wanted) > MOST_NAME:
        raise GraftError(f"A name has at most {MOST_NAME} characters; this one has {len(wanted)}.")
    if not wanted or wanted not in others:
        return wanted
    return next(n for i in range(2, len(others) + 3) if (n := f"{wanted} {i}") not in others)


def holds(words: str, name: str, remark: Remark) -> bool:
    """Whether each of these words stands in the name, the tags or the note, whatever its case."""
    said = " ".join((name, remark.name, remark.note, *remark.tags)).casefold()
    return all(word.lstrip("#") in said for word in words.casefold().split())
