"""Which run to take, whether pretraining helped, and how good the advice was: each in a sentence."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from transfer_core.compare.compared import (
    Approach,
    Constant,
    Grade,
    Interval,
    Pair,
    Reached,
    Score,
    Transfer,
    Verdict,
)
from transfer_core.compare.statistics import wilson
from transfer_core.compare.words import ahead, at_cost, dearer, lead_in_points, points
from transfer_core.goals import ACCURACY, words
from transfer_core.strategies import strategy
from transfer_core.types import Goal, Run
from transfer_core.words import listed, percent, some

WORTH = 0.01  # of what counts, that a lead must exceed to be worth more time
MUCH = 1.5  # times the time: below it a run is no cheaper, and the more accurate one is the better guess
LEAST_TESTED = 30  # test images, below which a warning says that they are few
NAMED = 3  # classes that a warning names
SHIFT = 0.05  # accuracy that validation may promise beyond the test's interval before that is worth a word


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """What all sentences are made from: finished runs on the same test images."""

    runs: Sequence[Run]
    titles: Mapping[str, str]
    scores: Mapping[str, Score]
    pairs: Sequence[Pair]
    images: Mapping[str, int]  # that each run was trained on
    classes: Sequence[str]
    constant: Constant
    goal: Goal = ACCURACY
    worth: float = WORTH

    def run(self, id: str) -> Run:
        return next(each for each in self.runs if each.id == id)

    def seconds(self, run: str) -> float:
        """That it takes to train with nothing kept from before; without end where nobody took the time."""
        found = self.run(run).whole_seconds
        return math.inf if found is None else found

    def pair(self, first: str, second: str) -> Pair:
        return next(each.seen_from(first) for each in self.pairs if {each.first, each.second} == {first, second})

    def leads(self, first: str, second: str) -> bool:
        """Whether the first is surely better, and by more than is worth nothing."""
        pair = self.pair(first, second)
        return pair.better == first and pair.counts.value > self.worth

    def most_accurate(self, runs: Iterable[str]) -> str:
        """That which reaches most of what counts; of equal ones the cheapest."""
        return min(runs, key=lambda run: (-self.scores[run].counts.value, self.seconds(run)))

    def significance(self, pair: Pair) -> str:
        """Why a lead may be none: by itself, or because so many pairs are compared."""
        if not pair.sure_alone:
            return "which is not significant"
        return f"which is not significant with {len(self.pairs)} pairs compared at once"

    def quoted(self, run: str) -> str:
        return f"“{self.titles[run]}”"

    @property
    def compared(self) -> int:
        """Test images by which runs are told apart: all, or those of the class that is to be found."""
        of = self.constant.score.confusion.sum(1)
        return int(of[self.classes.index(self.goal.label)] if self.goal.kind == "recall" else of.sum())

    @property
    def tested_classes(self) -> list[int]:
        """Classes that have test images."""
        return np.flatnonzero(self.constant.score.confusion.sum(1)).tolist()

    def above_constant(self, run: str) -> bool:
        """Whether it is surely better than always naming the class that is commonest in training; test images of one
        class cannot tell."""
        return len(self.tested_classes) < 2 or self.constant.beaten_by(run)

    @property
    def always(self) -> str:
        """ "always answering “normal”, which has 99.0 % right" """
        value = self.constant.score.counts.value
        share, finds = percent(value, gap=" "), f"“{self.goal.label}”"
        reaches = {
            "accuracy": f"has {share} right",
            "macro_f1": f"has a macro-F1 of {share}",
            "recall": f"finds {share} of {finds}" if value else f"finds no {finds}",
        }
        return f"always answering “{self.classes[self.constant.label]}”, which {reaches[self.goal.kind]}"

    def reaches(self, run: str) -> str:
        """ "it has 90.3 % of 372 test images right" """
        score = self.scores[run]
        share = percent(score.counts.value, gap=" ")
        if self.goal.kind == "macro_f1":
            return f"its macro-F1 is {share} on {some(score.images, 'test image')}"
        if self.goal.kind == "recall":
            images = int(score.confusion.sum(1)[self.classes.index(self.goal.label)])
            return f"it finds {share} of {some(images, 'test image')} of “{self.goal.label}”"
        return f"it has {share} of {some(score.images, 'test image')} right"

    def named(self, classes: Sequence[int]) -> str:
        """ "“a” and “b”", "5 of 10 classes" """
        if len(classes) > NAMED:
            return f"{len(classes)} of {len(self.classes)} classes"
        return listed([f"“{self.classes[each]}”" for each in classes])


# --- the verdict --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Ruled:
    """What the rule makes of some runs."""

    choice: str
    best: str  # the most accurate
    rivals: tuple[str, ...]  # that no other one is surely, and by more than `worth`, ahead of; without the best
    left_out: tuple[str, ...]  # rivals that are not surely better than the constant answer, where others are


def ruled(table: Table, among: Iterable[str]) -> Ruled:
    """The cheapest run that no other one is surely, and by more than `worth`, ahead of, and that is surely better than
    the constant answer; the most accurate of those that cost about as little. Where none is better than that, the
    cheapest is sought among those that are, as measured, no more than `worth` behind."""
    everyone = list(among)
    best = table.most_accurate(everyone)
    led = {run for run in everyone if any(table.leads(other, run) for other in everyone if other != run)}
    rivals = [run for run in everyone if run != best and run not in led]
    able = [run for run in (best, *rivals) if table.above_constant(run)]
    near = [run for run in rivals if table.pair(best, run).counts.value <= table.worth]
    open_ = able or [best, *near]
    least = min(table.seconds(run) for run in open_)
    choice = table.most_accurate(run for run in open_ if table.seconds(run) <= MUCH * least)
    return Ruled(
        choice=choice,
        best=best,
        rivals=tuple(run for run in rivals if run in able),
        left_out=tuple(run for run in (best, *rivals) if able and run not in able),
    )


def taken(table: Table, among: Iterable[str]) -> str:
    """The run that stands for some of a table's: the verdict's choice where it is one of them, else by its rule."""
    some_of = list(among)
    choice = ruled(table, [run.id for run in table.runs]).choice
    return choice if choice in some_of else ruled(table, some_of).choice


def verdict(table: Table, known: Iterable[int] = ()) -> Verdict:
    """Which run the rule takes, why, and what stands against it.

    `known`: how many images other finished runs were trained on.
    """
    found = ruled(table, [run.id for run in table.runs])
    choice, best = found.choice, found.best
    lead = choice == best or best in found.left_out
    reason = _lead(table, choice, found) if lead else _cheaper(table, choice, best)
    if not table.above_constant(choice):
        whose = "This run is not" if len(table.runs) == 1 else "None of these runs is"
        most = reason if len(table.runs) == 1 else f"Take {table.quoted(choice)}, if any: {table.reaches(choice)}."
        reason = f"{whose} surely better than {table.always}. {most}"
    elif found.left_out:
        several = "is" if len(found.left_out) == 1 else "are"
        names = listed([table.quoted(run) for run in found.left_out])
        if len(found.left_out) > NAMED:
            names = f"{len(found.left_out)} others"
        reason += f" {names} {several} not surely better than {table.always}."
    if table.goal != ACCURACY:
        reason += f" What counts is {words(table.goal)}."
    cautions = [*_sizes(table, known), *_shift(table, choice)]
    kept = table.scores[choice].precision
    if table.goal.kind == "recall" and kept is not None and kept.value >= table.goal.precision:
        cautions.insert(0, _precision(table, kept))
    return Verdict(
        choice=choice,
        best=best,
        reason=reason,
        warning=" ".join((*_unkept(table, choice), *_unfound(table, choice), *_tested(table))),
        caution=" ".join(cautions),
        worth=table.worth,
    )


def _precision(table: Table, kept: Interval) -> str:
    """What became on test images of the precision that a threshold keeps on validation images."""
    share, low, high = (percent(each, gap=" ") for each in (kept.value, kept.low, kept.high))
    asked = percent(table.goal.precision, 0, gap=" ")
    return (
        f"Of the test images that it calls “{table.goal.label}” at the threshold set on validation images, {share} are"
        f" right ({low} to {high}); {asked} were asked for."
    )


def _unkept(table: Table, run: str) -> Iterable[str]:
    """A precision that was asked for and not kept."""
    kept = table.scores[run].precision
    if table.goal.kind != "recall" or (kept is not None and kept.value >= table.goal.precision):
        return
    yield (
        _precision(table, kept)
        if kept is not None
        else f"No threshold keeps {percent(table.goal.precision, 0, gap=' ')} precision on its validation images and"
        f" calls any test image “{table.goal.label}”."
    )


def _unfound(table: Table, run: str) -> Iterable[str]:
    """Classes with test images of which a run names none."""
    score = table.scores[run]
    if missed := score.unfound:
        images = int(score.confusion[list(missed)].sum())
        none = "is" if images == 1 else "are all"
        yield f"It never finds {table.named(missed)}: {some(images, 'test image')} {none} taken for other classes."


def _tested(table: Table) -> Iterable[str]:
    """What the test split cannot tell."""
    images, has = table.constant.score.images, table.tested_classes
    lacking = [each for each in range(len(table.classes)) if each not in has]
    if len(has) == 1 and len(table.classes) > 1:
        yield f"All test images are “{table.classes[has[0]]}”: they cannot tell whether other classes are found."
    elif lacking:
        yield f"There are no test images of {table.named(lacking)}: nothing here tells whether they are found."
    if images < LEAST_TESTED:
        yield f"{some(images, 'test image')} {'is' if images == 1 else 'are'} too few to tell much."


def _lead(table: Table, best: str, found: Ruled) -> str:
    """Why the most accurate run that may be taken is the one to take."""
    head = f"Take {table.quoted(best)}: {table.reaches(best)}"
    if len(table.runs) == 1:
        return f"{head}. It is the only run here; add another one to compare it with."
    rivals = [run for run in found.rivals if run != best]
    if not rivals and found.left_out:
        return f"{head}."
    if not rivals:
        second = table.most_accurate(run.id for run in table.runs if run.id != best)
        pair = table.pair(best, second)
        return f"{head}, {lead_in_points(pair.counts)} more than {table.quoted(second)}, which is significant."
    behind = [table.quoted(run) for run in rivals if table.pair(best, run).better == best]
    level = [table.quoted(run) for run in rivals if table.pair(best, run).better != best]
    parts = [f"{listed(level)} cannot be told apart from it on these images"] if level else []
    if behind:
        parts += [f"{listed(behind)} {'is' if len(behind) == 1 else 'are'} less than {points(table.worth)} behind"]
    timed = not math.isinf(table.seconds(best))
    return f"{head}. {', '.join(parts)}, and {'none took much less time' if timed else 'what they cost is not known'}."


def _cheaper(table: Table, choice: str, best: str) -> str:
    """Why a run is to be taken although another one has more images right."""
    pair, images = table.pair(best, choice), table.scores[best].images
    head = f"Take {table.quoted(choice)}: {table.quoted(best)}"
    cost = dearer(table.seconds(best), table.seconds(choice))
    if round(100 * pair.counts.value, 1) == 0 and table.goal == ACCURACY:
        return f"{head} has only {some(pair.wins - pair.losses, 'image')} of {images:,} more right, and {cost}."
    better = f"{head} is {lead_in_points(pair.counts)} better"
    if pair.better == best:
        return f"{better}, no more than the {points(table.worth)} that a lead must exceed, and {cost}."
    if not pair.sure_alone:
        return f"{better}, which is not significant on {some(table.compared, 'image')}, and {cost}."
    many = f"with {len(table.pairs)} pairs compared at once (p = {pair.adjusted:.2f}; {pair.p:.2g} for this pair alone)"
    return f"{better}, which is not significant {many}, and {cost}."


def _sizes(table: Table, known: Iterable[int]) -> Iterable[str]:
    """What is to be said of training images."""
    least, most = min(table.images.values()), max(table.images.values())
    if least < most:
        yield f"These runs learned from different numbers of images, {least:,} to {most:,}."
    more = max(known, default=0)
    if more > most:
        yield f"There are finished runs on {more:,} training images, more than any of these had."


def _shift(table: Table, choice: str) -> Iterable[str]:
    """Whether the validation images promised much more, or less, than the test images keep."""
    promised, (low, high) = table.run(choice).val_accuracy, table.scores[choice].interval
    if promised is not None and not low - SHIFT <= promised <= high + SHIFT:
        yield (
            f"On validation images {table.quoted(choice)} has {percent(promised, gap=' ')} right: the test images are"
            " of another kind, or validation images are nearly copies of training images. Believe the test images."
        )


# --- pretraining --------------------------------------------------------------------------------


def transfer(table: Table) -> Transfer | None:
    """A pretrained run against one from random weights, of one network and one number of training images, the most that
    both were trained on; another network only where its own was not tried. Of either kind the verdict's choice, or the
    most accurate where that is of the other.

    "useless" where the interval rules out that pretraining is worth anything: negative transfer, or none.
    """
    found = _contrasted(table, same_network=True) or _contrasted(table, same_network=False)
    if found is None:
        return None
    one, other = found
    pair = table.pair(one, other)
    named = f"{table.quoted(one)}, from pretrained weights, is {ahead(pair.counts, table.goal)} {table.quoted(other)}"
    low = "" if table.above_constant(one) else f" Yet it is not surely better than {table.always}."
    if pair.better == one:
        little = " a little" if pair.counts.value <= table.worth else ""
        said = f"Pretraining helps{little}: {named}.{low}"
        return Transfer(pretrained=one, scratch=other, finding="helps", reason=said, advice="")
    if (pair.counts.high <= table.worth and table.compared >= LEAST_TESTED) or pair.better == other:
        harms = " It harms." if pair.better == other and -pair.counts.value > table.worth else ""
        advice = (
            "What this backbone learned from its own images does not carry over to yours. Try features of an earlier"
            " layer, a backbone trained on images more like yours, or a longer training from scratch."
        )
        said = f"Pretraining does not help here: {named}.{harms}"
        return Transfer(pretrained=one, scratch=other, finding="useless", reason=said, advice=advice)
    luck = f", {table.significance(pair)}" if pair.counts.value else ""
    said = f"Whether pretraining helps stays open: {named}{luck}."
    advice = "More test images would tell. Until then the cheaper of the two is as good a choice."
    return Transfer(pretrained=one, scratch=other, finding="open", reason=said, advice=advice)


def _contrasted(table: Table, *, same_network: bool) -> tuple[str, str] | None:
    """A pretrained run and one from random weights."""
    kinds: dict[tuple[int, str], tuple[list[Run], list[Run]]] = {}
    for run in table.runs:
        if run.members:
            continue
        key = (table.images[run.id], run.recipe.backbone if same_network else "")
        kinds.setdefault(key, ([], []))[run.recipe.weights == "random"].append(run)
    both = {key: sides for key, sides in kinds.items() if all(sides)}
    if not both:
        return None
    pretrained, scratch = both[max(both, key=lambda key: (key[0], len(both[key][0])))]
    choice = ruled(table, [run.id for run in table.runs]).choice
    one, other = (
        choice if choice in each else table.most_accurate(each)
        for each in ([run.id for run in side] for side in (pretrained, scratch))
    )
    return one, other


# --- the advice ---------------------------------------------------------------------------------


def grade(table: Table, recommended: str, titles: Mapping[str, str]) -> Grade:
    """What became of the strategy that was recommended, among runs on as many images. `titles`: of strategies."""
    own = [run for run in table.runs if run.strategy == recommended]
    said = f"Graft recommended “{titles[recommended]}”"
    if not own:
        reason = f"{said}, which has no run among those compared here."
        return Grade(recommended=recommended, run=None, won=None, reason=reason)
    most = max(table.images[each.id] for each in own)
    run = taken(table, [each.id for each in own if table.images[each.id] == most])
    poor = "" if table.above_constant(run) else f" It is not surely better than {table.always}."
    poor += "".join(f" {words}" for words in _unfound(table, run))
    others = [
        each.id
        for each in table.runs
        if not each.members and each.strategy != recommended and table.images[each.id] == table.images[run]
    ]
    if not others:
        reason = f"{said}; no other strategy on as many images is compared here.{poor}"
        return Grade(recommended=recommended, run=run, won=None, reason=reason)
    winners = [each for each in others if table.leads(each, run)]
    best = taken(table, winners) if winners else table.most_accurate(others)
    pair, cost = table.pair(best, run), at_cost(table.seconds(best), table.seconds(run))
    if winners:
        reason = f"{said}; {table.quoted(best)} won by {lead_in_points(pair.counts)}{cost}."
        return Grade(recommended=recommended, run=run, won=best, reason=reason)
    if pair.counts.value > 0:
        luck = "too little to matter" if pair.better == best else table.significance(pair)
        reason = f"{said}; {table.quoted(best)} has {lead_in_points(pair.counts)} more, {luck},{cost or ' here'}."
    else:
        lead = f"{table.quoted(run)} is {ahead(-pair.counts, table.goal)} {table.quoted(best)}"
        reason = f"{said}, and nothing compared here is better: {lead}."
    choice = ruled(table, [each.id for each in table.runs]).choice
    if choice in others:
        less = at_cost(table.seconds(choice), table.seconds(run))
        reason += f" {table.quoted(choice)} is not surely worse{less}."
    return Grade(recommended=recommended, run=run, won=None, reason=reason + poor)


# --- the two approaches -------------------------------------------------------------------------


def approaches(table: Table, known: Sequence[tuple[Run, int]]) -> tuple[Approach, Approach]:
    """Feature extraction and fine-tuning, each by the run that `taken` has; of other sizes the best by validation.

    `known`: runs of the same test images, each with the number of images that it trained on.
    """
    return (
        _approach(
            "feature extraction", table, [(run, n) for run, n in known if approach_of(run) == "feature extraction"]
        ),
        _approach("fine-tuning", table, [(run, n) for run, n in known if approach_of(run) == "fine-tuning"]),
    )


def approach_of(run: Run) -> str | None:
    """Its strategy's: feature extraction leaves the pretrained backbone as it was; None for random weights, and for
    ensembles."""
    return None if run.members else strategy(run.recipe.strategy).approach


def _approach(name: str, table: Table, known: Sequence[tuple[Run, int]]) -> Approach:
    compared = {run.id for run in table.runs}
    here = [run.id for run, _ in known if run.id in compared]
    choice = taken(table, here) if here else None
    best_of: dict[int, Run] = {}
    for run, images in known:
        held = best_of.get(images)
        if held is None or run.id == choice or (held.id != choice and judged(run) > judged(held)):
            best_of[images] = run
    return Approach(
        name="feature extraction" if name == "feature extraction" else "fine-tuning",
        run=choice,
        by_images=tuple(_reached(n, run, table.scores) for n, run in sorted(best_of.items())),
    )


def _reached(images: int, run: Run, scores: Mapping[str, Score]) -> Reached:
    """`scores`: of runs on the same test images."""
    tested, share = next(iter(scores.values())).images, run.test_accuracy or 0.0
    low, high = wilson(round(share * tested), tested)
    return Reached(images=images, accuracy=Interval(value=share, low=low, high=high), run=run.id)


def judged(run: Run) -> float:
    """By what runs are chosen: validation, never the test split."""
    return run.val_accuracy or 0.0
