"""What counts as one picture: groups found in real sets, and copies made of 200 images of each that are found again.

`recall`: of a set with copies of 200 of its images in it, how many copies share a group with their original. Pairs to
be judged by eye are drawn from the groups of the set alone and written as contact sheets.
"""

import argparse
import io
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from transfer_core.data.near_duplicates import Groups, near_duplicates
from transfer_core.data.pixels import decode, open_rgb
from transfer_core.data.storing import LOOK_PX
from transfer_core.data.thumbnails import Bytes, look

COPIED, JUDGED = 200, 60
SHEET, PX = 30, 190  # pairs on a sheet; a picture's side
QUARTERS = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270)
Change = Callable[[Image.Image, np.random.Generator], Image.Image]


def cropped(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """95 % of both sides, from anywhere."""
    wide, high = round(image.width * 0.95), round(image.height * 0.95)
    left, top = int(rng.integers(image.width - wide + 1)), int(rng.integers(image.height - high + 1))
    return image.crop((left, top, left + wide, top + high))


CHANGES: dict[str, tuple[Change, int]] = {  # and the quality of the JPEG that it is stored as
    "re-encoded": (lambda image, rng: image, 50),
    "half the size": (lambda image, rng: image.resize((image.width // 2, image.height // 2)), 90),
    "cropped by 5 %": (cropped, 90),
    "brighter by 25 %": (lambda image, rng: ImageEnhance.Brightness(image).enhance(1.25), 90),
    "mirrored": (lambda image, rng: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 90),
    "a quarter turned": (lambda image, rng: image.transpose(QUARTERS[rng.integers(2)]), 90),
}


def copied(image: Image.Image, change: Change, quality: int, rng: np.random.Generator) -> tuple[Bytes, int]:
    buffer = io.BytesIO()
    change(image, rng).save(buffer, "JPEG", quality=quality)
    return looked_at(buffer)


def looked_at(file: io.BytesIO) -> tuple[Bytes, int]:
    """What an image is compared by, and how many pixels it has."""
    image = decode(file, enough_px=LOOK_PX)
    return look(image.image), image.width * image.height


def found(images: Sequence[tuple[Bytes, int]]) -> tuple[Groups, float]:
    """What is found, and the seconds that it takes."""
    looks, pixels = [each[0] for each in images], np.array([each[1] for each in images])
    start = time.monotonic()
    steps = near_duplicates(looks, pixels, np.arange(len(looks)), np.zeros(len(looks), np.int64))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            groups: Groups = end.value
            return groups, time.monotonic() - start


def sheets(file: zipfile.ZipFile, names: list[str], groups: Groups, out: Path, rng: np.random.Generator) -> int:
    """Pairs of a group each, drawn at random, side by side; how many they are."""
    several = np.flatnonzero(np.bincount(groups.numbers) > 1)
    drawn = rng.permutation(several)[:JUDGED]
    for start in range(0, len(drawn), SHEET):
        part = drawn[start : start + SHEET]
        page = Image.new("RGB", (5 * (2 * PX + 10), -(-len(part) // 5) * (PX + 10)), "white")
        for place, group in enumerate(part):
            pair = rng.permutation(np.flatnonzero(groups.numbers == group))[:2]
            for side, row in enumerate(pair):
                picture = open_rgb(io.BytesIO(file.read(names[row]))).resize((PX, PX))
                page.paste(picture, (place % 5 * (2 * PX + 10) + side * PX, place // 5 * (PX + 10)))
        page.save(out / f"{Path(file.filename or '').stem}-{start // SHEET}.png")
    return len(drawn)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="for the contact sheets")
    parser.add_argument("--most", type=int, default=5000, help="images of a set, drawn at random")
    parser.add_argument("--no-copies", action="store_true")
    parser.add_argument("sets", nargs="+")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name in args.sets:
        rng = np.random.default_rng(7)
        with zipfile.ZipFile(args.data / f"{name}.zip") as file:
            names = sorted(each for each in file.namelist() if not each.endswith("/"))
            names = sorted(rng.permutation(names)[: args.most].tolist())
            images = [looked_at(io.BytesIO(file.read(each))) for each in names]
            groups, seconds = found(images)
            sizes = np.bincount(groups.numbers)
            pairs = sheets(file, names, groups, args.out, rng)
            print(
                f"{name}: {len(names)} images, {(sizes > 1).sum()} groups of {sizes[sizes > 1].sum()} images, the"
                f" largest {sizes.max()}, {groups.turned.sum()} turned, {seconds:.0f} s; {pairs} pairs to judge",
                flush=True,
            )
            if args.no_copies:
                continue
            rows = rng.choice(len(names), COPIED, replace=False)
            originals = [open_rgb(io.BytesIO(file.read(names[row]))) for row in rows]
        copies = [copied(each, *how, rng) for how in CHANGES.values() for each in originals]
        numbers = found([*images, *copies])[0].numbers
        again = (numbers[len(names) :].reshape(len(CHANGES), -1) == numbers[rows]).mean(1)
        print("   " + ", ".join(f"{how} {share:.1%}" for how, share in zip(CHANGES, again, strict=True)), flush=True)


if __name__ == "__main__":
    main()
