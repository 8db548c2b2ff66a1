"""What measurements, pilots, range tests and runs found, in sentences. Results keep numbers alone; they are said when
shown, so that those of an earlier Graft are said as today's are."""

from collections.abc import Mapping

from transfer_core.compare.compared import LEVEL
from transfer_core.strategies import strategy
from transfer_core.types import Axis, Goal, Measured, Pilots, RateTest, Told
from transfer_core.words import percent, rate

LIKE = {"similar": "look like", "different": "look unlike", "in between": "look partly like"}
# What an axis' ends stand for, 0 and 1.
ENDS = {
    "depth": (
        "an earlier layer does far better, or depth adds nothing",
        "the last layer tells your classes apart best, and half of that came with depth",
    ),
    "statistics": (
        "activations as of your images with their pixels shuffled",
        "activations as of unseen photos of the source's kind",
    ),
    "semantics": (
        "it is unsure, or sees the same in every image",
        "it is as sure, and sees as many kinds of things, as in unseen photos of its own kind",
    ),
}
LACKING = {
    "depth": "There are too few training images to compare layers.",
    "statistics": "Not available: this backbone keeps no statistics of its source images.",
    "semantics": "Not available: the source classifier of these weights is not known.",
}


def likeness(measured: Measured) -> str:
    """How like the backbone's source the images are, together."""
    found, of = measured.similarity, measured.size.train_images
    if found.score is None or found.low is None or found.high is None:
        seen = any(axis.score is not None for axis in found.axes)
        few = f"Cannot be told from {found.images} images."
        return few if seen else "Nothing could be measured with this backbone."
    count = f"{found.images:,} training images"
    if found.images < of:
        count = f"{found.images:,} of your {of:,} training images"
    where = f"{found.score:.2f} on a scale from 0 to 1, 95 % interval {found.low:.2f} to {found.high:.2f}"
    if found.answer is None:
        return f"Cannot be told from {count}: {where}."
    whose, by = count, ""
    if found.images < of:
        whose, by = "Your training images", f"; {found.images:,} of {of:,} were looked at"
    return f"{whose} {LIKE[found.answer]} the photos that the backbone knows: {where}{by}."


def axis(found: Axis, measured: Measured, layers: Mapping[str, str]) -> str:
    """What one of the three views saw, or why it saw nothing. `layers`: the titles of the backbone's taps by name."""
    if found.score is None:
        if found.name == "depth" and measured.depth_curve:
            guess = f", which has {percent(found.facts['chance'])} right" if "chance" in found.facts else ""
            return f"No layer tells your classes apart better than guessing{guess}."
        return LACKING[found.name]
    if found.name == "depth":
        first, last = measured.depth_curve[0], measured.depth_curve[-1]
        best = max(measured.depth_curve, key=lambda point: point.accuracy)
        said = (
            f"A linear classifier has {percent(last.accuracy)} right on the last features,"
            f" {percent(first.accuracy)} on the first ({layers.get(first.tap, first.tap)})"
        )
        most = f", and most, {percent(best.accuracy)}, on {layers.get(best.tap, best.tap)}"
        return f"{said}{most if best.tap != last.tap else ''}."
    if not found.facts:
        far, near = ENDS[found.name]
        return f"{found.score:.2f}, where 0 stands for: {far}; and 1 for: {near}."
    if found.name == "statistics":
        return (
            f"Inside the network your images lie {found.facts['divergence']:.2g} from its source images; unseen photos"
            f" of that kind lie at {found.facts['near']:g}, your own images with their pixels shuffled at"
            f" {found.facts['far']:.2g}."
        )
    own = f" ({percent(found.facts['own'], 0)} on its own images)" if "own" in found.facts else ""
    return (
        f"The source classifier is {percent(found.facts['sure'], 0)} sure of what it sees{own}, and sees about"
        f" {found.facts['kinds']:.1f} kinds of things in your {len(measured.size.per_class)} classes."
    )


def head(told: Told) -> str:
    """How well a linear classifier does without any fine-tuning."""
    but = "already" if told.enough else "so far"
    return f"A linear classifier has {percent(told.accuracy, 0)} of held-out training images right {but}"


def race(pilots: Pilots) -> str:
    """Who leads the pilots, by how much, and what is lacking where that does not tell."""
    lead = _title(pilots.trials[0].strategy)
    if len(pilots.trials) < 2 or pilots.margin is None or pilots.low is None or pilots.high is None:
        return f"The pilots could not tell: there was time for {lead} alone."
    second = pilots.trials[1]
    by = f"{100 * pilots.margin:.1f} points ({100 * pilots.low:.1f} to {100 * pilots.high:.1f})"
    of = "" if pilots.goal == "accuracy" else " of what counts"
    led = f"{lead} leads {_title(second.strategy)} by {by}{of} on {pilots.val_images:,} validation images"
    if pilots.recommended is not None:
        return f"{led}."
    if len(pilots.tied) < 2:
        return f"The pilots could not tell: {led}, but there was no time to try fine-tuning."
    cut = next((each for each in pilots.trials[1:] if each.strategy in pilots.tied and each.steps), None)
    if pilots.low <= 0:
        why = "which is not significant"
    elif cut is None or (second.strategy in pilots.tied and pilots.p is not None and pilots.p >= LEVEL):
        why = "which too few images show" + (f" (exact test: p = {pilots.p:.2f})" if pilots.p is not None else "")
    else:
        why = f"but {_title(cut.strategy)} had only {percent(cut.part, 0)} of its training"
    return f"The pilots could not tell: {led}, {why}."


def _title(name: str) -> str:
    return f"“{strategy(name).title}”"


def learning_rates(test: RateTest) -> str:
    """Where the loss falls, where it is lowest, and from where on it rises."""
    begins = f"from {rate(test.diverges_from)} on" if test.diverges_from else ""
    rises = f"above its beginning {begins}" if begins else "at no rate above its beginning"
    if test.suggested is None:
        return f"The loss falls clearly at no rate, and is {rises}."
    return f"The loss is half-way down at {rate(test.suggested)}, lowest at {rate(test.lowest)} and {rises}."


def validated(goal: Goal, value: float) -> str:
    """What a model reaches on validation images, to follow its name: "has 86.2 % of the validation images right" """
    if goal.kind == "macro_f1":
        return f"has a macro-F1 of {percent(value)} on the validation images"
    if goal.kind == "recall":
        precision = percent(goal.precision, 0)
        return f"finds {percent(value)} of “{goal.label}” on the validation images, at {precision} precision"
    return f"has {percent(value)} of the validation images right"
