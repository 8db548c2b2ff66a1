"""The last part of a report: images that runs have wrong, the data, and what it takes to repeat it all."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from transfer_core.report.content import differing
from transfer_core.report.evidence import ranked
from transfer_core.report.markup import Cell, folded, run_name, section, table
from transfer_core.report.opening import day, looks_of
from transfer_core.types import LABELS, NONE, SETTINGS, Recipe
from transfer_core.words import count, percent, plain, safe, short

Values = dict[str, Any]
MOST_PROBLEMS = 30
MOST_SIGNS = 18  # of a value in the table of differences
KINDS = {
    "skipped": "Left out",
    "conflict": "Two labels",
    "leak": "In several splits",
    "small": "Small class",
    "duplicate": "Duplicates",
    "note": "Note",
}


# --- images -------------------------------------------------------------------------------------


def images(content: Values) -> str:
    found, titles = content["galleries"], {run["id"]: run["title"] for run in content["runs"]}
    choice = titles[content["verdict"]["choice"]]
    rival = titles.get(found["fixed"]["against"] or "", "")
    inner = _gallery(
        "The surest mistakes", f"“{choice}” has {_images(found['mistakes'])} wrong", found["mistakes"], _wrong
    )
    if rival:
        inner += _gallery(
            f"Right by “{choice}” alone",
            f"{_images(found['fixed'])} that “{rival}” has wrong",
            found["fixed"],
            _alone,
        )
        inner += _gallery(
            f"Right by “{rival}” alone",
            f"{_images(found['broken'])} that “{choice}” has wrong",
            found["broken"],
            _alone,
        )
    told = "All compared runs name one other class, as surely as they name images that carry it (confident learning)"
    if len(content["runs"]) > 1:
        inner += _gallery(
            "Likely label errors", f"{told}: {_images(found['label_errors'])}", found["label_errors"], _doubted
        )
    return section("images", "Image by image", inner)


def _images(gallery: Values) -> str:
    n = gallery["images"]
    return f"{count(n)} image{'s' * (n != 1)}"


def _gallery(title: str, told: str, gallery: Values, captions: Any) -> str:
    """`title` and `told` are text."""
    shown = gallery["shown"]
    more = f"; {count(len(shown))} are shown" if len(shown) < gallery["images"] else ""
    head = f'<h3>{safe(title)}</h3><p class="soft">{safe(told + more)}.</p>'
    if not shown:
        return f'<div class="block">{head}</div>'
    tiles = "".join(_tile(seen, captions(seen)) for seen in shown)
    return f'<div class="block">{head}<div class="gallery">{tiles}</div></div>'


def _tile(seen: Values, captions: Sequence[str]) -> str:
    lines = "".join(f"<span>{safe(short(line, 60))}</span>" for line in captions)
    told = safe(f"{', '.join(captions)}; {seen['file']}")
    source = seen["thumbnail"]
    picture = f'<img src="{source}" alt="{told}" decoding="async">' if source else "<i>cannot be shown</i>"
    return f'<figure title="{told}">{picture}<figcaption>{lines}</figcaption></figure>'


def _wrong(seen: Values) -> list[str]:
    """The first call is the run's own; how many of the others agree tells a hard image from a bad label."""
    own, *others = seen["calls"]
    right = sum(call["predicted"] == seen["label"] for call in others)
    said = [seen["label"], f"said {own['predicted']}, {percent(own['confidence'])}"]
    return [*said, f"right in {right} of {len(others)} other runs"] if others else said


def _alone(seen: Values) -> list[str]:
    """Of two runs, what the wrong one says."""
    wrong = next(call for call in seen["calls"] if call["predicted"] != seen["label"])
    return [seen["label"], f"not {wrong['predicted']}, {percent(wrong['confidence'])}"]


def _doubted(seen: Values) -> list[str]:
    calls = seen["calls"]
    mean = sum(call["confidence"] for call in calls) / len(calls)
    split = "validation" if seen["split"] == "val" else "test"
    return [f"labelled {seen['label']}", f"all say {calls[0]['predicted']}, {percent(mean)}", f"in {split}"]


# --- data ---------------------------------------------------------------------------------------


def data(content: Values) -> str:
    dataset = content["dataset"]
    profile, problems = dataset["profile"], dataset["problems"]
    size_px = f"{count(profile['median_width_px'])} × {count(profile['median_height_px'])} px"
    told = (
        f"{count(profile['images'])} images, in the median {size_px}, the smallest side"
        f" {count(profile['smallest_side_px'])} px. The largest class has {profile['imbalance']:.1f} times the training"
        " images of the smallest."
    )
    if profile["duplicate_images"]:
        told += f" {count(profile['duplicate_images'])} images are near-duplicates of another."
    if profile["skipped"]:
        told += f" {count(profile['skipped'])} file{'s were' if profile['skipped'] > 1 else ' was'} left out."
    counts = profile["counts"]
    order = sorted(range(len(counts)), key=lambda i: -sum(counts[i]))
    most = max((sum(row) for row in counts), default=1) or 1
    rows: list[list[Cell]] = [
        [
            safe(short(dataset["classes"][i], 40)),
            (
                "".join(
                    f'<i class="split{j}" style="width:{100 * n / most:.1f}%"></i>' for j, n in enumerate(counts[i])
                ),
                'class="bar" aria-hidden="true"',
            ),
            *(count(n) for n in counts[i]),
        ]
        for i in order
    ]
    balance = table(["Class", "", "Train", "Validation", "Test"], rows, kind="balance")
    if len(rows) > 40:
        balance = folded(f"Images of all {count(len(rows))} classes", balance)
    inner = f"<p>{told}</p>{balance}"
    if problems:
        listed: list[list[Cell]] = [
            [KINDS.get(each["kind"], each["kind"]), safe(short(each["file"], 60)), safe(each["reason"])]
            for each in problems[:MOST_PROBLEMS]
        ]
        more = len(problems) - MOST_PROBLEMS
        after = f'<p class="soft">{count(more)} more stand in the JSON beside this page.</p>' if more > 0 else ""
        title = f"{count(len(problems))} finding{'s' * (len(problems) != 1)} on these images"
        inner += folded(title, table(["Kind", "File", "What"], listed, kind="text") + after)
    return section("data", "The dataset", inner)


# --- repeating it -------------------------------------------------------------------------------


def again(content: Values) -> str:
    runs = [run for run in ranked(content) if not run["members"]]
    ensembles = [run for run in ranked(content) if run["members"]]
    recipes = [run["recipe"] for run in runs]
    looks = looks_of(content)
    apart, shared = differing(recipes)
    apart = [name for name in apart if name not in ("strategy", "version")]
    inner = (
        "<p>A recipe holds everything that decides a run’s result, save the device. Import the same images, save a"
        " recipe as a file, and <code>graft run DATASET --recipe FILE</code> trains it again. The"
        f" dataset is the same if its fingerprint is <code>{safe(content['dataset']['id'])}</code>.</p>"
    )
    if apart and len(runs) > 1:
        inner += f"<h3>What differs</h3>{_differences(runs, apart, content)}"
    if runs:
        inner += "<h3>What all share</h3>" if len(runs) > 1 else "<h3>The recipe</h3>"
        values = (f"<span>{safe(_name(name))} <b>{_value(recipes[0], name, most=200)}</b></span>" for name in shared)
        inner += f'<p class="shared">{", ".join(values)}.</p>'
    inner += '<h3 class="screen">Each recipe in full</h3>'
    for run in runs:
        inner += folded(run_name(looks[run["id"]], run["title"]), _recipe(run))
    for run in ensembles:
        inner += folded(run_name(looks[run["id"]], run["title"]), _ensemble(run))
    return section("again", "To repeat it", inner + _around(content))


def _recipe(run: Values) -> str:
    """One run: when and where, what it said on the way, its recipe to read and to save."""
    saved = json.dumps(run["recipe"], indent=1, ensure_ascii=False)
    file = f"graft-{run['strategy']}-{run['id']}.json"
    link = f'<a download="{safe(file)}" href="data:application/json;charset=utf-8,{quote(saved)}">Save</a>'
    ended = f", ended {day(run['finished'])}" if run["finished"] else ""
    told = (
        f"<p>Run <code>{safe(run['id'])}</code>, recipe <code>{safe(run['recipe_id'])}</code>, seed {run['seed']},"
        f" on {safe(run['device'])}{ended}. {link}</p>"
    )
    notices = "".join(f"<li>{safe(text)}</li>" for text in run["notices"])
    return f"{told}{f'<ul>{notices}</ul>' if notices else ''}<pre>{_code(saved)}</pre>"


def _ensemble(run: Values) -> str:
    """The recipes of its members, which may not be compared themselves."""
    told = "<p>The mean of the calibrated probabilities of these runs. Train them again to repeat it.</p>"
    for member in run["members"]:
        saved = json.dumps(member["recipe"], indent=1, ensure_ascii=False)
        told += f"<p>Run <code>{safe(member['id'])}</code></p><pre>{_code(saved)}</pre>"
    return told


def _code(text: str) -> str:
    return "\n".join(safe(line) if not line[:1].isspace() else " " + safe(line) for line in text.split("\n"))


def _differences(runs: Sequence[Values], names: Sequence[str], content: Values) -> str:
    """Fields by runs, or runs by fields where those are fewer columns; what the chosen run has, too, is pale."""
    looks, choice = looks_of(content), content["verdict"]["choice"]
    own = next((run["recipe"] for run in runs if run["id"] == choice), runs[0]["recipe"])
    titles = [run_name(looks[run["id"]], run["title"]) for run in runs]

    def cell(run: Values, name: str) -> Cell:
        value = _value(run["recipe"], name)
        return (value, 'class="same"') if run["recipe"][name] == own[name] and run["id"] != choice else value

    rows: list[list[Cell]]
    if len(runs) <= len(names):
        rows = [[safe(_name(name)), *(cell(run, name) for run in runs)] for name in names]
        return table(["", *titles], rows, kind="differences")
    rows = [[title, *(cell(run, name) for name in names)] for title, run in zip(titles, runs, strict=True)]
    return table(["Run", *(safe(_name(name)) for name in names)], rows, kind="differences")


def _name(field: str) -> str:
    return LABELS.get(field, field)


def _value(recipe: Values, name: str, most: int = MOST_SIGNS) -> str:
    """A field of a recipe; "–" where the strategy has none."""
    if recipe[name] is None:
        return NONE
    return safe(short(Recipe(**recipe).words(name) if name in SETTINGS else str(recipe[name]), most))


def _around(content: Values) -> str:
    """Backbones, versions and methods."""
    rows: list[list[Cell]] = [
        [
            safe(known["title"]),
            f"<code>{safe(known['weights'])}</code>",
            safe(known["source"]),
            f"{known['parameters'] / 1e6:.1f} million",
            f"{known['input_px']} px",
            safe(known["licence"].partition(";")[0]),
        ]
        for known in content["backbones"]
    ]
    inner = ""
    if rows:
        inner += "<h3>Backbones</h3>" + table(
            ["Name", "Weights", "Trained on", "Parameters", "Input", "Licence"], rows, kind="text"
        )
    versions = [f"{plain(name)} {plain(number)}" for name, number in content["versions"].items() if number]
    dataset, drawn = content["dataset"], content["statistics"]
    inner += (
        f"<h3>Versions</h3><p>Where this report was made: {safe(', '.join(versions))}. Random numbers: the dataset was"
        f" split with seed {dataset['seed']} ({safe(dataset['splits_from'])}), the bootstrap drew"
        f" {count(drawn['bootstrap_draws'])} times with seed {drawn['bootstrap_seed']}.</p>"
    )
    return inner + METHODS


METHODS = (
    "<h3>Methods</h3><ul>"
    "<li>Intervals of one accuracy: Wilson 1927. Of differences: bootstrap over groups of near-duplicate images, paired"
    " over the runs (Davison and Hinkley 1997).</li>"
    "<li>Whether a difference is luck: McNemar’s exact test, near-duplicates counted as one (Fisher’s sign-flip test);"
    " adjusted for all pairs by Holm 1979.</li>"
    "<li>Cross-validation: corrected resampled t-test (Nadeau and Bengio 2003).</li>"
    "<li>Calibration: expected calibration error over ten bins of confidence (Guo et al. 2017).</li>"
    "<li>Likely label errors: confident learning (Northcutt et al. 2021).</li>"
    "<li>All runs were tuned on training and validation images; the test images were read once, at the end of each run."
    "</li></ul>"
)
