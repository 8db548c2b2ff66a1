"""Which run to take, whether pretraining helped, and how good the advice was: each in a sentence."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from transfer_core.compare.compared import Approach, Grade, Interval, Pair, Reached, Score, Transfer, Verdict
from transfer_core.compare.statistics import wilson
from transfer_core.compare.words import ahead, at_cost, dearer, lead_in_points, points
from transfer_core.strategies import strategy
from transfer_core.types import Run
from transfer_core.words import listed, percent, some

WORTH = 0.01  # accuracy that a lead must exceed to be worth more time
MUCH = 1.5  # times the time: below it a run is no cheaper, and the more accurate one is the better guess
SHIFT = 0.05  # accuracy that validation may promise beyond the test's interval before that is worth a word


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """What all sentences are made from: finished runs on the same test images."""

    runs: Sequence[Run]
    titles: Mapping[str, str]
    scores: Mapping[str, Score]
    pairs: Sequence[Pair]
    images: Mapping[str, int]  # that each run was trained on
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
        return pair.better == first and pair.accuracy.value > self.worth

    def most_accurate(self, runs: Iterable[str]) -> str:
        """Of equally accurate runs the cheapest."""
        return min(runs, key=lambda run: (-self.scores[run].accuracy, self.seconds(run)))

    def luck(self, pair: Pair) -> str:
        """Why a lead may be none: by itself, or because so many pairs are compared."""
        if not pair.sure_alone:
            return "which may be luck"
        return f"which is not proven with {len(self.pairs)} pairs compared at once"

    def quoted(self, run: str) -> str:
        return f"“{self.titles[run]}”"


# --- the verdict --------------------------------------------------------------------------------


def verdict(table: Table, known: Iterable[int] = ()) -> Verdict:
    """The cheapest run that no other one is surely, and by more than `worth`, ahead of; the most accurate of those that
    cost about as little.

    `known`: how many images other finished runs were trained on.
    """
    everyone = [run.id for run in table.runs]
    best = table.most_accurate(everyone)
    led = {run for run in everyone if any(table.leads(other, run) for other in everyone if other != run)}
    rivals = [run for run in everyone if run != best and run not in led]
    least = min(table.seconds(run) for run in (best, *rivals))
    choice = table.most_accurate(run for run in (best, *rivals) if table.seconds(run) <= MUCH * least)
    reason = _lead(table, best, rivals) if choice == best else _cheaper(table, choice, best)
    cautions = [*_sizes(table, known), *_shift(table, choice)]
    return Verdict(choice=choice, best=best, reason=reason, caution=" ".join(cautions), worth=table.worth)


def _lead(table: Table, best: str, rivals: Sequence[str]) -> str:
    """Why the most accurate run is the one to take."""
    score, name = table.scores[best], table.quoted(best)
    head = f"Take {name}: it has {percent(score.accuracy, gap=' ')} of {some(score.images, 'test image')} right"
    if len(table.runs) == 1:
        return f"{head}. It is the only run here; add another one to compare it with."
    if not rivals:
        second = table.most_accurate(run.id for run in table.runs if run.id != best)
        pair = table.pair(best, second)
        return f"{head}, {lead_in_points(pair.accuracy)} more than {table.quoted(second)}, which is more than chance."
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
    if round(100 * pair.accuracy.value, 1) == 0:
        return f"{head} has only {some(pair.wins - pair.losses, 'image')} of {images:,} more right, and {cost}."
    better = f"{head} is {lead_in_points(pair.accuracy)} better"
    if pair.better == best:
        return f"{better}, no more than the {points(table.worth)} that a lead must exceed, and {cost}."
    if not pair.sure_alone:
        return f"{better}, which is within chance on {some(images, 'image')}, and {cost}."
    many = f"with {len(table.pairs)} pairs compared at once (p = {pair.adjusted:.2f}; {pair.p:.2g} for this pair alone)"
    return f"{better}, which is not proven {many}, and {cost}."


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
    """The best pretrained run by validation against the best one from random weights, of one network and one number of
    training images; the most images that both were trained on. Another network only where its own was not tried.

    "useless" where the interval rules out that pretraining is worth anything: negative transfer, or none.
    """
    found = _contrasted(table, same_network=True) or _contrasted(table, same_network=False)
    if found is None:
        return None
    one, other = found
    pair = table.pair(one, other)
    named = f"{table.quoted(one)}, the best from pretrained weights, is {ahead(pair.accuracy)} {table.quoted(other)}"
    if pair.better == one:
        little = " a little" if pair.accuracy.value <= table.worth else ""
        said = f"Pretraining helps{little}: {named}."
        return Transfer(pretrained=one, scratch=other, finding="helps", reason=said, advice="")
    if pair.accuracy.high <= table.worth or pair.better == other:
        harms = " It harms." if pair.better == other and -pair.accuracy.value > table.worth else ""
        advice = (
            "What this backbone learned from its own images does not carry over to yours. Try features of an earlier"
            " layer, a backbone trained on images more like yours, or a longer training from scratch."
        )
        said = f"Pretraining does not help here: {named}.{harms}"
        return Transfer(pretrained=one, scratch=other, finding="useless", reason=said, advice=advice)
    luck = f", {table.luck(pair)}" if pair.accuracy.value else ""
    said = f"Whether pretraining helps stays open: {named}{luck}."
    advice = "More test images would tell. Until then the cheaper of the two is as good a choice."
    return Transfer(pretrained=one, scratch=other, finding="open", reason=said, advice=advice)


def _contrasted(table: Table, *, same_network: bool) -> tuple[str, str] | None:
    """A pretrained run and one from random weights, each the best of its kind by validation."""
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
    return max(pretrained, key=judged).id, max(scratch, key=judged).id


# --- the advice ---------------------------------------------------------------------------------


def grade(table: Table, recommended: str, titles: Mapping[str, str]) -> Grade:
    """What became of the strategy that was recommended, among runs on as many images. `titles`: of strategies."""
    own = [run for run in table.runs if run.strategy == recommended]
    said = f"Graft recommended “{titles[recommended]}”"
    if not own:
        reason = f"{said}, which has no run among those compared here."
        return Grade(recommended=recommended, run=None, won=None, reason=reason)
    run = max(own, key=lambda each: (table.images[each.id], judged(each))).id
    others = [
        each.id
        for each in table.runs
        if not each.members and each.strategy != recommended and table.images[each.id] == table.images[run]
    ]
    if not others:
        reason = f"{said}; no other strategy on as many images is compared here."
        return Grade(recommended=recommended, run=run, won=None, reason=reason)
    winners = [each for each in others if table.leads(each, run)]
    best = table.most_accurate(winners or others)
    pair, cost = table.pair(best, run), at_cost(table.seconds(best), table.seconds(run))
    if winners:
        reason = f"{said}; {table.quoted(best)} won by {lead_in_points(pair.accuracy)}{cost}."
        return Grade(recommended=recommended, run=run, won=best, reason=reason)
    if pair.accuracy.value > 0:
        luck = "too little to matter" if pair.better == best else table.luck(pair)
        reason = f"{said}; {table.quoted(best)} has {lead_in_points(pair.accuracy)} more, {luck},{cost or ' here'}."
    else:
        lead = f"{table.quoted(run)} is {ahead(-pair.accuracy)} {table.quoted(best)}"
        reason = f"{said}, and nothing compared here is better: {lead}."
    choice = verdict(table).choice
    if choice in others:
        less = at_cost(table.seconds(choice), table.seconds(run))
        reason += f" {table.quoted(choice)} is not surely worse{less}."
    return Grade(recommended=recommended, run=run, won=None, reason=reason)


# --- the two approaches -------------------------------------------------------------------------


def approaches(table: Table, known: Sequence[tuple[Run, int]]) -> tuple[Approach, Approach]:
    """Feature extraction and fine-tuning, each by its best run by validation. `known`: runs of the same test images,
    each with the number of images that it trained on."""
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
    here = [run for run, _ in known if run.id in compared]
    best_of: dict[int, Run] = {}
    for run, images in known:
        if images not in best_of or judged(run) > judged(best_of[images]):
            best_of[images] = run
    return Approach(
        name="feature extraction" if name == "feature extraction" else "fine-tuning",
        run=max(here, key=judged).id if here else None,
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
