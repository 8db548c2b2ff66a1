"""A report as plain JSON: everything that somebody else needs to check a comparison and to repeat it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any

import numpy as np

from transfer_core.compare.classes import class_scores
from transfer_core.compare.compared import Comparison, Pair, Reached, Score, Seen
from transfer_core.compare.statistics import BINS, DRAWS
from transfer_core.data.checks import Profile
from transfer_core.presentation.figures.cost import front
from transfer_core.report.gathered import MOST_SHOWN, Gathered
from transfer_core.types import SPLITS, Dataset, EpochEnd, Notice, Repeats, Run, attributes

FORMAT = "graft-report 1"  # raise it when a field changes its meaning


def to_json(gathered: Gathered) -> str:
    """A line for each field of the whole, so that it can be looked through and stays small."""
    lines = [
        f"{json.dumps(name)}: {json.dumps(each, ensure_ascii=False, allow_nan=False)}"
        for name, each in contents(gathered).items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def contents(gathered: Gathered) -> dict[str, Any]:
    """The report's JSON. Accuracies are fractions, times seconds, sizes bytes; moments are UTC."""
    dataset, comparison = gathered.dataset, gathered.comparison
    titles = {known.name: known.title for known in gathered.strategies}
    values = {
        "format": FORMAT,
        "created": moment(gathered.created),
        "dataset": _dataset(dataset, gathered.profile),
        "answers": {"said": gathered.said, "measured": gathered.measured},
        "advice": {**_fields(gathered.decision), "titles": titles},
        "grade": gathered.grade,
        "verdict": {**_fields(comparison.verdict), "goal": comparison.goal, "test_images": comparison.images},
        "constant": {
            "class": dataset.classes[comparison.constant.label],
            "test": _score(comparison.constant.score, dataset.classes),
            "pairs": [_pair(each) for each in comparison.constant.pairs],
        },
        "transfer": comparison.transfer,
        "approaches": [
            {
                "name": approach.name,
                "run": approach.run,
                "by_images": [_reached(each, gathered.runs[each.run].recipe.strategy) for each in approach.by_images],
            }
            for approach in comparison.approaches
        ],
        "runs": [_run(run, gathered) for run in comparison.runs],
        "front": _front(comparison),
        "pairs": [_pair(each) for each in comparison.pairs],
        "repeats": [_repeats(title, group) for title, group in gathered.repeats],
        "resampled": gathered.resampled,
        "galleries": _galleries(gathered),
        "statistics": {"bootstrap_draws": DRAWS, "bootstrap_seed": 0, "reliability_bins": BINS, "level": 0.95},
        "strategies": [
            attributes(known, "name", "title", "version", "frozen", "trains", "source")
            for known in gathered.strategies
            if known.name in {run.recipe.strategy for run in comparison.runs}
        ],
        "backbones": gathered.involved,
        "versions": gathered.versions,
    }
    found: dict[str, Any] = plain(values)
    return found


def _dataset(dataset: Dataset, profile: Profile) -> dict[str, Any]:
    return {
        **attributes(dataset, "id", "name", "classes"),
        "splits": {split: dataset.count(number) for number, split in enumerate(SPLITS)},
        **attributes(dataset, "splits_from", "seed"),
        "imported": moment(dataset.created),
        "profile": profile,
        "problems": dataset.problems,
    }


def _run(run: Run, gathered: Gathered) -> dict[str, Any]:
    comparison, events = gathered.comparison, gathered.events[run.id]
    epochs = [event for event in events if isinstance(event, EpochEnd)]
    return {
        "id": run.id,
        "title": comparison.title(run.id),
        "strategy": run.strategy,
        "members": [{"id": member.id, "recipe": member.recipe} for member in run.members],  # of an ensemble
        "seed": run.recipe.seed,
        "recipe_id": run.recipe.id,
        **attributes(run, "recipe", "tap", "depth_curve"),
        "train_images": comparison.trained_on(run.id),
        "started": moment(run.started),
        "finished": moment(run.finished),
        **attributes(run, "device", "seconds", "whole_seconds", "images_per_second", "peak_bytes"),
        "model_bytes": gathered.model_bytes[run.id],
        "val_accuracy": run.val_accuracy,
        "test": _score(comparison.score(run.id), gathered.dataset.classes),
        "curves": {each.name: [getattr(epoch, each.name) for epoch in epochs] for each in fields(EpochEnd)},
        "notices": [event.text for event in events if isinstance(event, Notice)],
    }


def _score(score: Score, classes: Sequence[str]) -> dict[str, Any]:
    found = _fields(score)
    found["classes"] = [
        {"class": name, **_fields(each)} for name, each in zip(classes, class_scores(score.confusion), strict=True)
    ]
    return {name: found[name] for name in found if name != "run"}


def _pair(pair: Pair) -> dict[str, Any]:
    return {**_fields(pair), "sure": pair.sure, "better": pair.better}


def _front(comparison: Comparison) -> list[str]:
    """The runs that no other beats in accuracy without taking longer, the fastest first."""
    timed = [(run.id, run.whole_seconds) for run in comparison.runs if run.whole_seconds is not None]
    places = front([seconds for _, seconds in timed], [comparison.score(run).accuracy for run, _ in timed])
    return [timed[place][0] for place in places]


def _reached(each: Reached, strategy: str) -> dict[str, Any]:
    return {
        "train_images": each.images,
        "accuracy": each.accuracy.value,
        "interval": (each.accuracy.low, each.accuracy.high),
        "run": each.run,
        "strategy": strategy,
    }


def _repeats(title: str, group: Repeats) -> dict[str, Any]:
    recipe = group.runs[0].recipe
    return {
        "repeats": recipe.repeats,
        "title": title,
        "strategy": recipe.strategy,
        "folds": recipe.folds,
        "mean": group.mean,
        "spread": group.spread,
        "runs": [
            {"id": run.id, "seed": run.recipe.seed, "fold": run.recipe.fold if run.recipe.folds else None}
            | attributes(run, "status", "test_accuracy")
            for run in group.runs
        ],
    }


def _galleries(gathered: Gathered) -> dict[str, Any]:
    choice = gathered.comparison.verdict.choice
    return {
        "mistakes": {"of": choice, **_gallery(gathered.mistakes, gathered)},
        "fixed": {"of": choice, "against": gathered.rival, **_gallery(gathered.fixed, gathered)},
        "broken": {"of": choice, "against": gathered.rival, **_gallery(gathered.broken, gathered)},
        "label_errors": _gallery(gathered.label_errors, gathered),
    }


def _gallery(found: Sequence[Seen], gathered: Gathered) -> dict[str, Any]:
    dataset = gathered.dataset
    return {
        "images": len(found),
        "shown": [
            {
                "sample": seen.sample,
                "file": dataset.paths[seen.sample],
                "split": seen.split,
                "label": dataset.classes[seen.label],
                "calls": [{**asdict(call), "predicted": dataset.classes[call.predicted]} for call in seen.calls],
                "thumbnail": gathered.thumbnails[seen.sample],
            }
            for seen in found[:MOST_SHOWN]
        ],
    }


def moment(seconds: float | None) -> str | None:
    """Seconds since 1970 -> "2026-11-21T15:48:26Z" """
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _fields(value: Any) -> dict[str, Any]:
    """The fields of a frozen value, one level deep."""
    return attributes(value, *(each.name for each in fields(value)))


def plain(value: Any) -> Any:
    """Plain JSON: tuples and arrays become lists, frozen values mappings, what is not finite None."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(each) for name, each in _fields(value).items()}
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist() if value.dtype.kind in "iub" else plain(value.tolist())
    if isinstance(value, (list, tuple, Iterator)):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value
