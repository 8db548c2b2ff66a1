"""What learning curves promise, in words."""

from collections.abc import Sequence
from math import floor, isinf, log10

from transfer_core.compare.crossing import Crossing, Finding
from transfer_core.words import listed, some

SURE = 0.9  # share of resamples
OTHER_BACKBONES = (
    "This cannot be told: the best feature extraction and the best fine-tuning compared here have different backbones."
    " Compare two of one backbone."
)


def untrained(extraction: Sequence[int], tuning: Sequence[int], least: int) -> str:
    """`extraction`, `tuning`: the numbers of images that either was trained on."""
    return (
        f"This cannot be told yet: a learning curve needs {least} numbers of training images,"
        f" and feature extraction has {_sizes(extraction)}, fine-tuning {_sizes(tuning)}."
    )


def _sizes(images: Sequence[int]) -> str:
    return f"{len(images)} ({listed([f'{n:,}' for n in images])})"


def offer(per_class: Sequence[Sequence[int]], have: int) -> str:
    """What feature extraction and what fine-tuning was not trained on yet: "Train both on 10, 30 and 100 images of
    each class"; '' for nothing."""
    extraction, tuning = per_class
    sizes = sorted({*extraction, *tuning} - {0})
    if not extraction and not tuning:
        return ""
    who = "both" if extraction and tuning else "feature extraction" if extraction else "fine-tuning"
    every = f"all {have:,} images" if 0 in (*extraction, *tuning) else ""
    if not sizes:
        return f"Train {who} on {every}"
    few = f"{listed([str(n) for n in sizes])} images of each class"
    return f"Train {who} on {few}" + (f" and on {every}" if every else "")


def said(finding: Finding, found: Crossing, trained: int, have: int, horizon: int) -> str:
    """The finding, and no more than it."""
    times = f"{horizon / trained:.0f} times what {'you have' if trained == have else 'both were trained on'}"
    far, then = f"{horizon:,} training images ({times})", f"{horizon:,} ({times})"
    mine = f"you have {have:,}"
    if finding == "ahead":
        least = max(found.extraction.sizes[0].images, found.tuning.sizes[0].images)
        if found.high <= least:
            head = f"Fine-tuning is ahead with every number of training images tried, {least:,} to {trained:,}"
        elif found.low <= least:
            head = f"Fine-tuning is ahead already, from about {about(found.high)} training images on, perhaps fewer"
        else:
            head = f"Fine-tuning is ahead already, from about {_span(found)} training images on"
        if found.stays < SURE:
            return f"{head}. Whether it still is with {then} is open: in {_of_100(found.stays)} resamples."
        return f"{head}. It is still ahead with {then} in {_of_100(found.stays)} resamples."
    if finding == "never":
        return f"No crossing within {far}: feature extraction stays ahead in {_of_100(found.behind)} resamples."
    if finding == "crosses":
        return f"Fine-tuning passes feature extraction at about {_span(found)} training images: {mine}."
    if finding == "late":
        return (
            f"Fine-tuning does not pass feature extraction before about {about(found.low)} training images: {mine}."
            f" Whether it does within {far} is open: it does in {_of_100(found.crossed)} resamples."
        )
    now = f"fine-tuning is ahead with {trained:,} training images in {_of_100(found.ahead)} resamples"
    if isinf(found.high):
        return f"Can't tell from these runs: {now}, and with {then} in {_of_100(found.stays)}."
    return f"Fine-tuning may be ahead already: {now}, and in 9 of 10 by about {about(found.high)}; {mine}."


def _span(found: Crossing) -> str:
    """ "1,900 (1,300 to 4,100)" """
    return f"{about(found.about)} ({about(found.low)} to {about(found.high)})"


def about(images: float) -> str:
    """With two digits that count: a forecast is no surer."""
    if images < 100:
        return f"{images:.0f}"
    step = 10 ** (floor(log10(images)) - 1)
    return f"{round(images / step) * step:,}"


def _of_100(share: float) -> str:
    """All and none only where it is all and none."""
    of = 100 if share == 1 else 0 if share == 0 else min(99, max(1, round(100 * share)))
    return f"{of} of 100"


def method(draws: int, floors: Sequence[bool], *, repeated: bool) -> str:
    """How it was found, and what it leaves out."""
    three = "An error that no number of images removes is left out: three sizes cannot show it. " * (not all(floors))
    seeds = "" if repeated else " No size was trained with several seeds, so that scatter is a guess from few points."
    return (
        "Each curve is a power law of the training images, fitted to the test errors at the sizes that were measured."
        f" {three}Bands and intervals hold 80 % of {some(draws, 'resample')}: of the test images, and of how runs"
        f" scatter around the curves.{seeds} Beyond what was measured it is an extrapolation: it takes more images of"
        " the same kind, and the law to hold on."
    )
