"""Which files are images: by their ending, and by their first bytes where the ending says nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from transfer_core.data.members import SUFFIXES, Archive, Member, suffix
from transfer_core.data.pictures import begins_as, may_be_image
from transfer_core.errors import ArchiveError

LOOKED_AT = 20  # files of one unknown ending; where all are images, so are the rest
MOST_ENDINGS = 50


def images(archive: Archive) -> tuple[list[Member], list[Member]]:
    """Members that are images, so far as names and first bytes tell, and those that are not; refused ones by name."""
    found: list[Member] = []
    rest: list[Member] = []
    unknown: defaultdict[str, list[Member]] = defaultdict(list)
    kinds: dict[str, str] = {}
    for member in archive.members:
        ending = suffix(member.path)
        kind = kinds.get(ending)
        if kind is None:
            known = "image" if ending in SUFFIXES else "unknown" if may_be_image(f"file{ending}") else "other"
            kind = kinds[ending] = known
        if kind == "unknown" and not member.refusal:
            unknown[ending].append(member)
        (found if kind == "image" else rest).append(member)
    odd = Counter({ending: len(group) for ending, group in unknown.items()})
    for ending, _ in odd.most_common(MOST_ENDINGS):
        group = unknown[ending]
        sampled = group[:: -(-len(group) // LOOKED_AT)]
        if len(group) <= LOOKED_AT:
            found += [member for member in group if _begins_as_image(archive, [member])]
        elif _begins_as_image(archive, sampled):
            found += group
    taken = {member.index for member in found}
    return found, [member for member in rest if member.index not in taken]


def _begins_as_image(archive: Archive, members: Iterable[Member]) -> bool:
    for member in members:
        try:
            start = archive.head(member)
        except ArchiveError:
            return False
        if not begins_as(start):
            return False
    return True
