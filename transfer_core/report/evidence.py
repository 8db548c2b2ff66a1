"""The middle of a report: runs, pairs, time, curves, calibration, repeats."""

from collections.abc import Sequence
from typing import Any

from transfer_core.report.figures import LEAST_IN_BIN, thinned
from transfer_core.report.look import marks
from transfer_core.report.markup import figure, folded, run_name, section, table
from transfer_core.report.opening import looks_of
from transfer_core.report.pairs import difference, lead_of, pairs
from transfer_core.words import between, chance, count, duration, percent, safe, size

Values = dict[str, Any]
MOST_ROWS = 40  # of a curve's table
PAIRED = (
    "Paired over the same images. Pale where an exact test, corrected for all pairs, does not rule chance out. The"
    " band is the lead that counts as worth nothing."
)


def evidence(content: Values) -> str:
    runs = ranked(content)
    inner = _key(content)
    inner += '<div class="two">'
    inner += figure(
        "forest",
        "Test accuracy",
        "With 95 % intervals (Wilson). The thin strokes are chance.",
        "",
        label="Test accuracy of each run with its interval; the table of runs below has the numbers",
    )
    if len(runs) > 1:
        choice = next(run for run in runs if run["id"] == content["verdict"]["choice"])
        inner += figure(
            "versus",
            f"Points ahead of “{safe(choice['title'])}”",
            PAIRED,
            "",
            label="Difference in accuracy of each run to the chosen one; the table of runs below has the numbers",
        )
    inner += f"</div>{_runs(runs, content)}"
    if len(runs) > 1:
        inner += pairs(runs, content)
        inner += figure(
            "time",
            "Test accuracy against training time",
            "The line joins the runs that no other beats without taking longer.",
            "",
            label="Test accuracy against training time; the table of runs above has the numbers",
        )
    inner += figure(
        "curves",
        "How they learned",
        "Accuracy above loss, by time since the run began, on validation images; dashed on training images.",
        _curves(runs, content),
        label="Accuracy and loss of each run over its training time",
    )
    inner += '<div class="two">'
    inner += figure(
        "reliability",
        "Whether confidence can be believed",
        "On the diagonal a run is right as often as it is sure; below it, it promises too much. The chosen run has"
        f" its intervals; points of fewer than {LEAST_IN_BIN} images are left out here.",
        _reliability(runs, content),
        label="Share of right answers by confidence of each run",
    )
    inner += f"{_calibration(runs, content)}</div>"
    return section("evidence", "Evidence", inner + _repeats(content))


def ranked(content: Values) -> list[Values]:
    """The runs, the most accurate first."""
    return sorted(content["runs"], key=lambda run: -run["test"]["accuracy"])


def _key(content: Values) -> str:
    """What every figure's symbols stand for; report.js makes them buttons that hide a run's curves."""
    looks = looks_of(content)
    names = "".join(
        f'<li><button type="button" data-run="{safe(run["id"])}" aria-pressed="true" disabled>'
        f"{run_name(looks[run['id']], run['title'])}</button></li>"
        for run in ranked(content)
    )
    return f'<ul class="key" aria-label="Runs">{names}</ul>'


def _runs(runs: Sequence[Values], content: Values) -> str:
    looks, choice = looks_of(content), content["verdict"]["choice"]
    head = [
        *("Run", "Test accuracy", "Ahead of the chosen, points", "Macro-F1", "Log-loss", "Calibration error"),
        *("Validation", "Trained on", "Time", "Memory", "Model"),
    ]
    rows = []
    for run in runs:
        test = run["test"]
        chosen = ' <span class="tag">chosen</span>' if run["id"] == choice else ""
        rows.append(
            [
                run_name(looks[run["id"]], run["title"]) + chosen,
                f"<b>{percent(test['accuracy'])}</b><small>{between(*test['interval'])}</small>",
                lead_of(run["id"], choice, content["pairs"]),
                f"{test['macro_f1']:.3f}",
                f"{test['log_loss']:.3f}",
                percent(test["ece"]),
                percent(run["val_accuracy"]),
                count(run["train_images"]),
                "" if run["whole_seconds"] is None else duration(run["whole_seconds"]),
                "" if run["peak_bytes"] is None else size(run["peak_bytes"]),
                "" if run["model_bytes"] is None else size(run["model_bytes"]),
            ]
        )
    known = [place for place in range(len(head)) if any(row[place] for row in rows)]
    rows = [[row[place] for place in known] for row in rows]
    caption = "All runs, the most accurate first"
    return table([head[place] for place in known], rows, kind="runs", caption=caption)


# --- figures as tables --------------------------------------------------------------------------


def _curves(runs: Sequence[Values], content: Values) -> str:
    looks = looks_of(content)
    tables = []
    for run in runs:
        curves = run["curves"]
        rows = [
            [
                count(curves["epoch"][i]),
                duration(curves["seconds"][i]),
                *(percent(curves[name][i]) for name in ("train_accuracy", "val_accuracy")),
                *(_loss(curves[name][i]) for name in ("train_loss", "val_loss")),
                "best" if curves["best"][i] else "",
            ]
            for i in thinned(range(len(curves["epoch"])), MOST_ROWS)
        ]
        head = [
            *("Step", "Time", "Training accuracy", "Validation accuracy", "Training loss", "Validation loss", ""),
        ]
        tables.append(folded(run_name(looks[run["id"]], run["title"]), table(head, rows)))
    return "".join(tables)


def _loss(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _reliability(runs: Sequence[Values], content: Values) -> str:
    looks = looks_of(content)
    rows = [
        [
            run_name(looks[run["id"]], run["title"]),
            percent(bin["confidence"]),
            percent(bin["accuracy"]["value"]),
            between(bin["accuracy"]["low"], bin["accuracy"]["high"]),
            count(bin["images"]),
        ]
        for run in runs
        for bin in run["test"]["reliability"]
    ]
    return table(["Run", "Mean confidence", "Right", "95 % interval", "Images"], rows)


def _calibration(runs: Sequence[Values], content: Values) -> str:
    looks = looks_of(content)
    order = sorted(runs, key=lambda run: run["test"]["ece"])
    rows = [
        [
            run_name(looks[run["id"]], run["title"]),
            f"{100 * run['test']['ece']:.1f}",
            f"{run['test']['log_loss']:.3f}",
        ]
        for run in order
    ]
    told = "How far confidence lies from accuracy, on average over the images; the best calibrated first."
    return (
        f'<figure class="drawn"><figcaption><h3>Calibration error</h3><p class="soft">{told}</p></figcaption>'
        f"{table(['Run', 'Error, points', 'Log-loss, nats'], rows)}</figure>"
    )


# --- repeats ------------------------------------------------------------------------------------


def _repeats(content: Values) -> str:
    """Seeds and folds of one recipe: those of the compared runs, then the others folded."""
    if not content["repeats"]:
        return ""
    compared = {run["id"] for run in content["runs"]}
    here = [group for group in content["repeats"] if compared & {run["id"] for run in group["runs"]}]
    here += [group for group in content["repeats"] if group["folds"] and group not in here]
    others = [group for group in content["repeats"] if group not in here]
    inner = '<h3 id="repeats">The same recipe, trained again</h3>'
    inner += (
        '<p class="soft">Mean and standard deviation of test accuracy over seeds, or over folds, which are tested on'
        " training and validation images that they did not train on.</p>"
    )
    inner += _groups(here, content) if here else ""
    if content["resampled"]:
        inner += _resampled(content)
    if others:
        inner += folded(f"{count(len(others))} more recipes of this dataset", _groups(others, content))
    return f'<div class="block">{inner}</div>'


def _groups(groups: Sequence[Values], content: Values) -> str:
    rows = []
    for group in groups:
        accuracies = [run["test_accuracy"] for run in group["runs"] if run["test_accuracy"] is not None]
        rows.append(
            [
                run_name(marks([group["strategy"]])[0], group["title"]),
                _many(group),
                percent(group["mean"]),
                "" if group["spread"] is None else f"{100 * group['spread']:.1f}",
                ", ".join(f"{100 * each:.1f}" for each in accuracies),
            ]
        )
    return table(["Recipe", "Repeats", "Mean", "Spread, points", "Each, %"], rows, kind="repeats")


def _many(group: Values) -> str:
    """ "3 seeds", "2 of 5 folds" """
    wanted, done = len(group["runs"]), sum(run["status"] == "done" for run in group["runs"])
    return f"{f'{done} of ' if done < wanted else ''}{wanted} {'folds' if group['folds'] else 'seeds'}"


def _resampled(content: Values) -> str:
    titles = {group["repeats"]: group["title"] for group in content["repeats"]}
    rows = [
        [
            f"{safe(titles.get(test['first'], test['first']))} <span class='soft'>against</span> "
            f"{safe(titles.get(test['second'], test['second']))}",
            count(test["folds"]),
            difference(test["difference"], 100),
            chance(test["p"]),
            chance(test["adjusted"]),
        ]
        for test in content["resampled"]
    ]
    return (
        '<h3>Cross-validated on the same folds</h3><p class="soft">Corrected resampled t-test (Nadeau and Bengio'
        " 2003).</p>"
    ) + table(["Pair", "Folds", "Accuracy, points", "p", "p, Holm"], rows, kind="pairs")
