"""Labels in file names: Abyssinian_1.jpg, 12_kitchen.jpg, cat.0.jpg."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from transfer_core.errors import ArchiveError

LABEL = "{label}"
GROUP = "(.+?)"
NUMBERED = (  # the number tells one image of a class from the next; tried in this order
    *("{label}_#", "{label}-#", "{label}.#", "{label} (#)", "{label} #", "{label}#"),
    *("#_{label}", "#-{label}", "#.{label}", "# {label}"),
)
LOOSE = ("{label}_*", "{label}-*", "{label}.*", "{label} *", "*_{label}", "*-{label}")
CAMERAS = {  # what cameras, phones and browsers call any picture
    *("img", "dsc", "dscn", "dscf", "pxl", "p", "image", "images", "photo", "pic", "picture", "frame", "scan", "file"),
    *("screenshot", "whatsapp image", "untitled", "download", "unnamed", "index", "capture", "vid", "video", "mvimg"),
    *("imag", "sam", "gopr", "dji", "cam", "camera", "sample", "snapshot", "test", "train", "val", "valid", "page"),
}
LOOKED_AT = 4_000  # names, to see which patterns fit
ENOUGH = 0.95  # of the names, that a pattern has to fit


def compiled(pattern: str) -> re.Pattern[str]:
    """`{label}` is the class, `#` a number, `*` anything; a pattern with a bracket is a regular expression whose first
    group is the class. Raises ArchiveError for one that names no class."""
    if pattern in LOOSE and pattern.startswith("*"):  # after the last sign, not the first
        sign = re.escape(pattern[1])
        return re.compile(f".*{sign}([^{sign}]+)$")
    if LABEL in pattern:
        parts = re.split(r"(\{label\}|#|\*)", pattern)
        meant = {LABEL: GROUP, "#": r"\d+", "*": ".*"}
        return re.compile("".join(meant.get(part, re.escape(part)) for part in parts) + "$")
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise ArchiveError(f"'{pattern}' is no regular expression ({error}).") from error
    if not found.groups or len(pattern) > 200:
        raise ArchiveError(
            f"'{pattern}' names no class. Write name:{{label}}_# for cat_12.jpg, name:#_{{label}} for 12_cat.jpg (# is "
            "a number, * anything), or a regular expression with one group."
        )
    return found


def label_of(pattern: re.Pattern[str], name: str) -> str:
    """The class that a file's name gives; '' where the pattern does not fit it. `name`: without folders and ending."""
    found = pattern.match(name)
    return (found[1] or "").strip() if found else ""


def words(pattern: str) -> str:
    """A pattern for people: "file name before the last _ and a number"."""
    if pattern in NUMBERED:
        sign = pattern.replace(LABEL, "").replace("#", "").strip("()")
        sign = sign.strip() or ("" if pattern == "{label}#" else "blank")
        side = "before" if pattern.startswith(LABEL) else "after"
        between = f"{sign} and a number" if side == "before" else f"a number and {sign}"
        return f"file name {side} {between}" if sign else "file name before its number"
    if pattern in LOOSE:
        sign = pattern.replace(LABEL, "").replace("*", "")
        sign = "blank" if sign == " " else sign
        return f"file name before the first {sign}" if pattern.startswith(LABEL) else f"file name after the last {sign}"
    return f"file name by {pattern}"


class Fit:
    """How a pattern's classes look."""

    def __init__(self, pattern: str, labels: Sequence[str]) -> None:
        self.pattern = pattern
        self.counts = Counter(label for label in labels if label)
        self.fitted = self.counts.total() / max(1, len(labels))
        self._partition = tuple(labels)

    @property
    def fits(self) -> bool:
        """Whether it makes classes at all: several, most of them with more than one image."""
        several = sum(count > 1 for count in self.counts.values())
        return self.fitted >= ENOUGH and len(self.counts) > 1 and 2 * several >= len(self.counts)

    @property
    def sure(self) -> bool:
        """Whether its classes are hardly anything else: words, numbered, no camera's."""
        worded = sum(any(char.isalpha() for char in label) for label in self.counts)
        camera = any(label.casefold().strip(" _-(") in CAMERAS for label in self.counts)
        often = sorted(self.counts.values())[len(self.counts) // 2] >= 3
        return self.pattern in NUMBERED and not camera and often and worded == len(self.counts)

    def same(self, other: "Fit") -> bool:
        """Whether both put the same images together."""
        pairs = set(zip(self._partition, other._partition, strict=True))
        return len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def fitting(names: Iterable[str]) -> list[Fit]:
    """Patterns that make different classes of names, the likeliest first. `names`: without folders and endings."""
    every = list(names)
    sample = every[:: -(-len(every) // LOOKED_AT)] if every else []
    return list(_different(fit for fit in _fits(sample) if fit.fits and not _cameras_alone(fit)))


def _fits(names: Sequence[str]) -> Iterator[Fit]:
    for pattern in (*NUMBERED, *LOOSE):
        by = compiled(pattern)
        yield Fit(pattern, [label_of(by, name) for name in names])


def _cameras_alone(fit: Fit) -> bool:
    return all(label.casefold().strip(" _-(") in CAMERAS for label in fit.counts)


def _different(fits: Iterable[Fit]) -> Iterator[Fit]:
    known: list[Fit] = []
    for fit in fits:
        if not any(fit.same(each) for each in known):
            known.append(fit)
            yield fit
