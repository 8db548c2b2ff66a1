"""Which run to take, whether pretraining helped, and how good the advice was: each in a sentence."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from transfer_core.types import HEAD, LEVEL, Approach, Grade, Interval, Pair, Run, Score, Transfer, Verdict

WORTH = 0.01  # accuracy that a lead must exceed to be worth more time


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """What all sentences are made from: finished runs on the same test images."""

    runs: Sequence[Run]
    titles: Mapping[str, str]
    scores: Mapping[str, Score]
    pairs: Sequence[Pair]
    worth: float = WORTH

    def seconds(self, run: str) -> float:
        """That it took to train; without end where nobody took the time."""
        found = next(each.seconds for each in self.runs if each.id == run)
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

    def quoted(self, run: str) -> str:
        return f"“{self.titles[run]}”"


def verdict(table: Table) -> Verdict:
    """The cheapest run that the most accurate one is not surely, and by more than `worth`, ahead of."""
    everyone = [run.id for run in table.runs]
    best = table.most_accurate(everyone)
    rivals = [run for run in everyone if run != best and not table.leads(best, run)]
    choice = min((best, *rivals), key=lambda run: (table.seconds(run), -table.scores[run].accuracy))
    reason = _lead(table, best, rivals) if choice == best else _cheaper(table, choice, best)
    return Verdict(choice=choice, best=best, reason=reason, worth=table.worth)


def _lead(table: Table, best: str, rivals: Sequence[str]) -> str:
    """Why the most accurate run is the one to take."""
    score = table.scores[best]
    head = f"Take {table.quoted(best)}: it has {percent(score.accuracy)} of {score.images:,} test images right"
    if len(table.runs) == 1:
        return f"{head}. It is the only run here; add another one to compare it with."
    if not rivals:
        second = table.most_accurate(run.id for run in table.runs if run.id != best)
        pair = table.pair(best, second)
        return f"{head}, {lead_in_points(pair.accuracy)} more than {table.quoted(second)}, which is more than chance."
    names = listed([table.quoted(run) for run in rivals])
    if math.isinf(table.seconds(best)):
        return f"{head}. These images cannot tell it apart from {names}, and what they cost is not known."
    return f"{head}, and of those that these images cannot tell apart, {names} among them, it took the least time."


def _cheaper(table: Table, choice: str, best: str) -> str:
    """Why a run is to be taken although another one has more images right."""
    pair = table.pair(best, choice)
    lead = pair.accuracy
    head = f"Take {table.quoted(choice)}: {table.quoted(best)}"
    cost = f"costs {times(table.seconds(best), table.seconds(choice)) or 'more of'} the time"
    if pair.better == best:
        worth = f"no more than the {points(table.worth)} that a lead must exceed"
        return f"{head} is {lead_in_points(lead)} better, {worth}, and {cost}."
    return f"{head} is {lead_in_points(lead)} better, which is {_luck(table, pair)}, and {cost}."


def _luck(table: Table, pair: Pair) -> str:
    """Why a lead may be none."""
    within = f"within chance on {table.scores[pair.first].images:,} images"
    if pair.accuracy.low <= 0 <= pair.accuracy.high or pair.p >= LEVEL:
        return within
    return f"{within} when {len(table.pairs)} pairs are compared at once, though not between these two alone"


def transfer(table: Table) -> Transfer | None:
    """The most accurate pretrained run against the most accurate one from random weights.

    "useless" where the interval rules out that pretraining is worth anything: negative transfer, or none.
    """
    scratch = [run.id for run in table.runs if run.recipe.weights == "random"]
    pretrained = [run.id for run in table.runs if run.recipe.weights != "random"]
    if not scratch or not pretrained:
        return None
    one, other = table.most_accurate(pretrained), table.most_accurate(scratch)
    pair = table.pair(one, other)
    named = f"{table.quoted(one)}, the best from pretrained weights, is {_ahead(pair.accuracy)} {table.quoted(other)}"
    if pair.better == one:
        said = f"Pretraining helps: {named}."
        return Transfer(pretrained=one, scratch=other, finding="helps", reason=said, advice="")
    if pair.accuracy.high <= table.worth or pair.better == other:
        said = f"Pretraining does not help here: {named}. {'It harms.' if pair.better == other else ''}".rstrip()
        advice = (
            "What this backbone learned from its own images does not carry over to yours. Try features of an earlier"
            " layer, a backbone trained on images more like yours, or a longer training from scratch."
        )
        return Transfer(pretrained=one, scratch=other, finding="useless", reason=said, advice=advice)
    said = f"Whether pretraining helps stays open: {named}, which may be luck."
    advice = "More test images would tell. Until then the cheaper of the two is as good a choice."
    return Transfer(pretrained=one, scratch=other, finding="open", reason=said, advice=advice)


def grade(table: Table, recommended: str, titles: Mapping[str, str]) -> Grade:
    """What became of the strategy that was recommended. `titles`: of strategies."""
    own = [run for run in table.runs if run.recipe.strategy == recommended]
    said = f"Graft recommended “{titles[recommended]}”"
    if not own:
        reason = f"{said}, which has no finished run among these."
        return Grade(recommended=recommended, run=None, won=None, reason=reason)
    run = max(own, key=lambda each: each.val_accuracy or 0.0).id
    others = [each.id for each in table.runs if each.recipe.strategy != recommended]
    if not others:
        return Grade(recommended=recommended, run=run, won=None, reason=f"{said}; nothing else was trained yet.")
    best = table.most_accurate(others)
    pair = table.pair(best, run)
    cost = f"at {times(table.seconds(best), table.seconds(run)) or 'an unknown part of'} the cost"
    won = best if table.leads(best, run) else None
    if won:
        reason = f"{said}; {table.quoted(best)} won by {lead_in_points(pair.accuracy)} {cost}."
    elif pair.accuracy.value > 0:
        luck = "too little to matter" if pair.better == best else "which may be luck"
        reason = f"{said}; {table.quoted(best)} has {lead_in_points(pair.accuracy)} more, {luck}, {cost}."
    else:
        own_lead = f"{table.quoted(run)} is {_ahead(-pair.accuracy)} {table.quoted(best)}"
        reason = f"{said}, and nothing that was trained is better: {own_lead}."
    return Grade(recommended=recommended, run=run, won=won, reason=reason)


def approaches(table: Table, known: Sequence[tuple[Run, int]]) -> tuple[Approach, Approach]:
    """Feature extraction and fine-tuning, each by its best run by validation. `known`: runs of the same test images,
    each with the number of images that it trained on."""
    return (
        _approach("feature extraction", table, [(run, n) for run, n in known if extracts(run)]),
        _approach("fine-tuning", table, [(run, n) for run, n in known if fine_tunes(run)]),
    )


def extracts(run: Run) -> bool:
    """Whether it leaves the pretrained backbone as it was."""
    return run.recipe.weights != "random" and run.recipe.train_from in (None, HEAD)


def fine_tunes(run: Run) -> bool:
    return run.recipe.weights != "random" and not extracts(run)


def _approach(name: str, table: Table, known: Sequence[tuple[Run, int]]) -> Approach:
    compared = {run.id for run in table.runs}
    here = [run for run, _ in known if run.id in compared]
    best_of: dict[int, Run] = {}
    for run, images in known:
        if images not in best_of or _judged(run) > _judged(best_of[images]):
            best_of[images] = run
    return Approach(
        name="feature extraction" if name == "feature extraction" else "fine-tuning",
        run=max(here, key=_judged).id if here else None,
        by_images=tuple((n, run.test_accuracy or 0.0, run.id) for n, run in sorted(best_of.items())),
    )


def _judged(run: Run) -> float:
    return run.val_accuracy or 0.0


# --- words --------------------------------------------------------------------------------------


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def points(share: float) -> str:
    """ "1 point", "0.8 points" """
    value = f"{100 * share:.1f}".removesuffix(".0")
    return f"{value} point" + ("" if value == "1" else "s")


def lead_in_points(lead: Interval) -> str:
    """ "0.8 points (−1.1 to +2.6)" """
    return f"{100 * lead.value:.1f} points ({signed(lead.low)} to {signed(lead.high)})"


def signed(share: float) -> str:
    """Points with their sign, a true minus."""
    value = round(100 * share, 1)
    return f"{'−' if value < 0 else '+' if value > 0 else ''}{abs(value):.1f}"


def _ahead(lead: Interval) -> str:
    """ "3.1 points (+1.0 to +5.2) ahead of" """
    if lead.value < 0:
        return f"{lead_in_points(-lead)} behind"
    return f"{lead_in_points(lead)} ahead of" if lead.value else "as accurate as"


def times(one: float, other: float) -> str:
    """How many times as long: "41 times", "1.4 times"; '' where a time is not known."""
    if math.isinf(one) or math.isinf(other):
        return ""
    ratio = one / max(other, 0.1)
    return f"{ratio:,.0f} times" if ratio >= 9.95 else f"{ratio:.1f} times"


def listed(words: Sequence[str]) -> str:
    """ "a, b and c" """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
