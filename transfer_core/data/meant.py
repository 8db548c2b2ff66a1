"""What was said of a source: how its images are to be read."""

from dataclasses import dataclass
from pathlib import Path

from transfer_core.types import NEWEST


@dataclass(frozen=True, kw_only=True)
class Meant:
    """How classes are told, as `--labels` takes it, and how names are written; '' finds out."""

    labels: str = ""  # folder, leaf, level:N, name:PATTERN, or a table
    encoding: str = ""  # of names in a zip that do not say theirs
    tables: tuple[Path, ...] = ()  # that lie beside the source
    bands: tuple[int, ...] = NEWEST.bands  # of files with more than three: which are red, green and blue, from 1
    without: Path | None = None  # a folder that is left out: the workspace


AS_FOUND = Meant()
