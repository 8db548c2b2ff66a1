"""What report.js draws, taken from a report's content: numbers ready for an axis, words ready for Plotly."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from transfer_core.report.look import DARK, LIGHT, marks
from transfer_core.words import between, count, duration, in_figure, percent, short, signed

CURVE_POINTS = 300
LEAST_IN_BIN = 5  # images of a point of the reliability curve that is drawn
Values = dict[str, Any]
T = TypeVar("T")


def drawn(content: Values) -> Values:
    """Shares in percent, times in seconds."""
    choice = content["verdict"]["choice"]
    looks = marks([run["strategy"] for run in content["runs"]])
    return {
        "looks": {"light": asdict(LIGHT), "dark": asdict(DARK)},
        "chance": 100 / len(content["dataset"]["classes"]),
        "worth": 100 * content["verdict"]["worth"],
        "choice": choice,
        "front": content["front"],
        "runs": [
            {
                "id": run["id"],
                "title": in_figure(run["title"]),
                "short": in_figure(short(run["title"], 30)),
                "slot": look.slot,
                "symbol": look.symbol + look.filling,
                "seconds": max(run["whole_seconds"] or 0.0, 0.01),
                **_accuracy(run),
                "versus": _versus(content["pairs"], run["id"], choice),
                "curves": _curves(run),
                "reliability": _reliability(run),
            }
            for run, look in zip(content["runs"], looks, strict=True)
        ],
        "approaches": [_approach(approach) for approach in content["approaches"]],
        "depth": _depth(content["answers"]["measured"]),
    }


def _accuracy(run: Values) -> Values:
    test = run["test"]
    low, high = test["interval"]
    hover = (
        f"<b>{in_figure(run['title'])}</b><br>{percent(test['accuracy'])} of {count(test['images'])} images"
        f"<br>95 % interval {between(low, high)}<br>trained in {duration(run['whole_seconds'] or 0.0)}"
    )
    return {"accuracy": 100 * test["accuracy"], "low": 100 * low, "high": 100 * high, "hover": hover}


def seen_from(pair: Values, run: str) -> Values:
    """A pair of the content with `run` first."""
    if pair["first"] == run:
        return pair
    turned = {
        name: {"value": -pair[name]["value"], "low": -pair[name]["high"], "high": -pair[name]["low"]}
        for name in ("accuracy", "macro_f1", "log_loss")
    }
    return pair | turned | {"first": run, "second": pair["first"], "wins": pair["losses"], "losses": pair["wins"]}


def _versus(pairs: Sequence[Values], run: str, choice: str) -> Values | None:
    """By how much a run is ahead of the choice; None for the choice itself."""
    for pair in pairs:
        if {pair["first"], pair["second"]} == {run, choice} and run != choice:
            lead = seen_from(pair, run)["accuracy"]
            value, low, high = (100 * lead[name] for name in ("value", "low", "high"))
            hover = f"{signed(value)} points, 95 % interval {signed(low)} to {signed(high)}<br>" + (
                "more than chance explains" if pair["sure"] else "within chance"
            )
            return {"value": value, "low": low, "high": high, "sure": pair["sure"], "hover": hover}
    return None


def _curves(run: Values) -> dict[str, list[list[float | None]]]:
    """(x, y) of each curve that has points: seconds, and percent or loss. Between two stages stands a None."""
    table = run["curves"]
    found = {}
    for name in ("val_accuracy", "train_accuracy", "val_loss", "train_loss"):
        scale = 100 if name.endswith("accuracy") else 1
        rows = zip(table["stage"], table["seconds"], table[name], strict=True)
        points = thinned([row for row in rows if None not in row], CURVE_POINTS)
        x: list[float | None] = []
        y: list[float | None] = []
        for place, (stage, seconds, value) in enumerate(points):
            if place and stage != points[place - 1][0]:
                x, y = [*x, None], [*y, None]
            x, y = [*x, round(seconds, 3)], [*y, round(scale * value, 5)]
        if points:
            found[name] = [x, y]
    return found


def thinned(values: Sequence[T], most: int) -> list[T]:
    """At most `most` of them at even distances, the last always."""
    step = -(-len(values) // most) or 1
    return list(values[::-step])[::-1]


def _reliability(run: Values) -> Values:
    bins = [bin for bin in run["test"]["reliability"] if bin["images"] >= LEAST_IN_BIN]
    shares = [bin["accuracy"] for bin in bins]
    return {
        "x": [100 * bin["confidence"] for bin in bins],
        "y": [100 * share["value"] for share in shares],
        "up": [100 * (share["high"] - share["value"]) for share in shares],
        "down": [100 * (share["value"] - share["low"]) for share in shares],
        "hover": [
            f"<b>{in_figure(run['title'])}</b><br>{count(bin['images'])} images, {percent(bin['confidence'])} sure"
            f"<br>{percent(bin['accuracy']['value'])} right"
            f" ({between(bin['accuracy']['low'], bin['accuracy']['high'])})"
            for bin in bins
        ],
    }


def _approach(approach: Values) -> Values:
    points = approach["by_images"]
    looks = [marks([point["strategy"]])[0] for point in points]
    return {
        "name": approach["name"].capitalize(),
        "tunes": approach["name"] == "fine-tuning",
        "images": [point["train_images"] for point in points],
        "accuracy": [100 * point["accuracy"] for point in points],
        "up": [100 * (point["interval"][1] - point["accuracy"]) for point in points],
        "down": [100 * (point["accuracy"] - point["interval"][0]) for point in points],
        "slots": [look.slot for look in looks],
        "symbols": [look.symbol for look in looks],
        "hover": [
            f"<b>{in_figure(approach['name'])}</b>, {count(point['train_images'])} training images"
            f"<br>{percent(point['accuracy'])} ({between(*point['interval'])})"
            for point in points
        ],
    }


def _depth(measured: Values | None) -> Values | None:
    """The accuracy of a linear classifier on the features of each tap, early to late."""
    if measured is None or len(measured["depth_curve"]) < 2:
        return None
    points = measured["depth_curve"]
    return {
        "taps": [in_figure(point["tap"]) for point in points],
        "accuracy": [100 * point["accuracy"] for point in points],
        "up": [100 * (point["high"] - point["accuracy"]) for point in points],
        "down": [100 * (point["accuracy"] - point["low"]) for point in points],
        "hover": [
            f"<b>{in_figure(point['tap'])}</b><br>{percent(point['accuracy'])} ({between(point['low'], point['high'])})"
            for point in points
        ],
    }
