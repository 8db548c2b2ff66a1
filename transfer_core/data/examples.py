"""The built-in examples: datasets that Graft draws itself, so that a first run needs no download and no images."""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from transfer_core.data.dataset import import_images
from transfer_core.data.parallel import paced
from transfer_core.data.wallpaper import GROUPS, draw
from transfer_core.errors import DatasetError
from transfer_core.types import Event, Progress, StageStart

IMAGES_A_CLASS = 60


@dataclass(frozen=True, kw_only=True)
class Example:
    """A dataset that can be had without a file."""

    name: str
    title: str
    description: str  # what it is good for, in a sentence or two
    images: int
    classes: int
    draw: Callable[[Path, int], Iterator[Progress]]  # (an empty folder, seed): fills it with class folders


def draw_wallpaper(folder: Path, seed: int, images_a_class: int = IMAGES_A_CLASS) -> Iterator[Progress]:
    """Draw PNGs of every wallpaper group into `folder`/<group>/. The same seed gives the same pixels."""
    start, of = time.monotonic(), len(GROUPS) * images_a_class
    for number, group in enumerate(GROUPS):
        (folder / group.name).mkdir()
        for index in range(images_a_class):
            drawing = draw(group, np.random.default_rng([seed, number, index]))
            file = folder / group.name / f"{group.name}-{index + 1:03d}.png"
            Image.fromarray(drawing.pixels).save(file, compress_level=1)
            done = number * images_a_class + index + 1
            yield paced("Drawing patterns", done, of, start)


EXAMPLES: tuple[Example, ...] = (
    Example(
        name="wallpaper",
        title="The 17 wallpaper groups",
        description="Every repeating pattern has one of 17 symmetries. Motif, colours and scale are random, so only the"
        " symmetry tells the classes apart: a small dataset, and as unlike photos as images get.",
        images=len(GROUPS) * IMAGES_A_CLASS,
        classes=len(GROUPS),
        draw=draw_wallpaper,
    ),
)


def example(name: str) -> Example:
    """The example of that name. Raises DatasetError when there is none."""
    known = {each.name: each for each in EXAMPLES}
    if name not in known:
        raise DatasetError(f"There is no example {name!r}. Graft has: {', '.join(known)}.")
    return known[name]


def draw_example(name: str, target: Path, *, seed: int = 0) -> Iterator[Event]:
    """Draw an example and import it into `target`, an empty folder; events and result are those of `import_images`.

    Raises DatasetError when there is no example of that name.
    """
    found = example(name)
    with tempfile.TemporaryDirectory(prefix="drawing-", dir=target.parent) as folder:
        source = Path(folder) / found.name
        source.mkdir()
        yield StageStart(stage="draw", title="Drawing patterns", number=1, stages=3, unit="images", of=found.images)
        yield from found.draw(source, seed)
        for event in import_images(source, target, name=found.name, seed=seed):
            yield replace(event, number=event.number + 1, stages=3) if isinstance(event, StageStart) else event
