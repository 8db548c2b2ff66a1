"""The built-in examples: datasets that need no file and no download, drawn by Graft or out of an installed package."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from transfer_core import awake
from transfer_core.data.dataset import import_images
from transfer_core.data.parallel import paced
from transfer_core.data.wallpaper import GROUPS, draw
from transfer_core.errors import DatasetError
from transfer_core.types import Event, Floats, Progress, StageStart

IMAGES_A_CLASS = 60
DIGIT_PX, MARGIN_PX = 96, 16  # side of a digit, which is 8 x 8 px where it comes from, and the white around it
DIGITS = 1_797


@dataclass(frozen=True, kw_only=True)
class Example:
    """A dataset that can be had without a file."""

    name: str
    title: str
    description: str  # what it is good for, in a sentence or two
    source: str = ""  # where its images come from, a sentence that stays with the dataset; '' where Graft draws them
    drawing: str  # what the first stage of its import does
    images: int
    classes: int
    draw: Callable[[Path, int], Iterator[Progress]]  # (an empty folder, seed): fills it with class folders


def draw_wallpaper(folder: Path, seed: int, images_a_class: int = IMAGES_A_CLASS) -> Iterator[Progress]:
    """Draw PNGs of every wallpaper group into `folder`/<group>/. The same seed gives the same pixels."""
    start, of = awake.seconds(), len(GROUPS) * images_a_class
    for number, group in enumerate(GROUPS):
        (folder / group.name).mkdir()
        for index in range(images_a_class):
            drawing = draw(group, np.random.default_rng([seed, number, index]))
            file = folder / group.name / f"{group.name}-{index + 1:03d}.png"
            Image.fromarray(drawing.pixels).save(file, compress_level=1)
            done = number * images_a_class + index + 1
            yield paced("Drawing patterns", done, of, start)


def digit(ink: Floats) -> Image.Image:
    """A digit, dark on white, enlarged without blocks and with a margin, which crops leave: ink (8, 8) from 0 to 16."""
    grey = np.rint(255 - 255 * ink / 16).astype(np.uint8)
    large = Image.fromarray(grey).resize((DIGIT_PX, DIGIT_PX), Image.Resampling.BICUBIC)
    return ImageOps.expand(large, MARGIN_PX, fill=255).convert("RGB")


def draw_digits(folder: Path, seed: int) -> Iterator[Progress]:
    """Write scikit-learn's handwritten digits into `folder`/<digit>/, as PNGs. They are the same for every seed."""
    from sklearn.datasets import load_digits  # takes seconds, and a page never needs it

    start, known = awake.seconds(), load_digits()
    for label in range(10):
        (folder / str(label)).mkdir()
    for number, (ink, label) in enumerate(zip(known.images, known.target, strict=True), start=1):
        digit(ink).save(folder / str(label) / f"{label}-{number:04d}.png", compress_level=1)
        yield paced("Enlarging digits", number, DIGITS, start)


EXAMPLES: tuple[Example, ...] = (
    Example(
        name="wallpaper",
        title="The 17 wallpaper groups",
        description="Every repeating pattern has one of 17 symmetries. Graft draws motif, colours and scale at random,"
        " so only the symmetry tells the classes apart: a small dataset, and as unlike photos as images get.",
        drawing="Drawing patterns",
        images=len(GROUPS) * IMAGES_A_CLASS,
        classes=len(GROUPS),
        draw=draw_wallpaper,
    ),
    Example(
        name="digits",
        title="Handwritten digits",
        description="Real digits from 0 to 9 as 13 people wrote them, scanned and reduced to 8 × 8 pixels. The first"
        " model takes seconds and is right most of the time.",
        source="The images are scikit-learn's copy of the test set of UCI's Optical Recognition of Handwritten Digits"
        f" (E. Alpaydin and C. Kaynak, 1998), enlarged from 8 × 8 to {DIGIT_PX} × {DIGIT_PX} with a white margin.",
        drawing="Enlarging digits",
        images=DIGITS,
        classes=10,
        draw=draw_digits,
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
        yield StageStart(stage="draw", title=found.drawing, number=1, stages=3, unit="images", of=found.images)
        yield from found.draw(source, seed)
        for event in import_images(source, target, name=found.name, seed=seed, about=found.source):
            yield replace(event, number=event.number + 1, stages=3) if isinstance(event, StageStart) else event
