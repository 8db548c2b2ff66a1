"""The first part of a report: which run to take, how the advice did, what pretraining brought."""

from collections.abc import Mapping, Sequence
from typing import Any

from transfer_core.report.look import Mark, marks
from transfer_core.report.markup import facts, figure, folded, run_name, section, table
from transfer_core.words import between, count, duration, percent, plain, safe, size

Values = dict[str, Any]
SIMILARITY = {"similar": "Similar", "different": "Very different", "in between": "In between", None: "Not answered"}
BUDGET = {"limited": "Limited", "ample": "Ample", None: "Not answered"}
DOMAIN = {"yes": "Yes", "no": "None known", None: "Not answered"}
SIZES = {"small": "fewer than 1,000", "medium": "from 1,000 to 10,000", "large": "more than 10,000"}
TRUST = {
    "said": "Graft went by what was said.",
    "measured": "Graft went by what it measured.",
    "pilots": "Graft went by the pilots.",
}


def masthead(content: Values) -> str:
    dataset, runs = content["dataset"], content["runs"]
    splits = dataset["splits"]
    images = sum(splits.values())
    devices = ", ".join(sorted({safe(run["device"]) for run in runs if run["device"]}))
    return (
        f'<header><p class="brand">{ICON}Graft<span>Report</span></p><h1>{safe(dataset["name"])}</h1>'
        f"<p>{count(images)} images in {count(len(dataset['classes']))} classes: {count(splits['train'])} to train, "
        f"{count(splits['val'])} to validate, {count(splits['test'])} to test. {_runs(runs)} compared,"
        f" {_trained([run['train_images'] for run in runs])}"
        f"{f', trained on {devices}' if devices else ''}.</p>"
        f'<p class="soft">Made on {day(content["created"])}. Dataset <code>{safe(dataset["id"])}</code>.</p></header>'
    )


def _runs(runs: Sequence[Values]) -> str:
    return f"{count(len(runs))} finished run{'s' * (len(runs) != 1)}"


def _trained(images: Sequence[int]) -> str:
    least, most = min(images), max(images)
    return f"each trained on {count(least)}{f' to {count(most)}' if most > least else ''} images"


def day(moment: str) -> str:
    """ "2026-11-21T15:48:26Z" -> "2026-11-21, 15:48 UTC" """
    return f"{moment[:10]}, {moment[11:16]} UTC"


def verdict(content: Values) -> str:
    said, runs = content["verdict"], content["runs"]
    run = next(run for run in runs if run["id"] == said["choice"])
    test = run["test"]
    shown = [
        ("Test accuracy", f"{percent(test['accuracy'])}<small>{between(*test['interval'])}</small>"),
        ("Macro-F1", f"{test['macro_f1']:.3f}<small>mean over the classes</small>"),
        ("Calibration error", f"{percent(test['ece'])}<small>confidence against accuracy</small>"),
    ]
    if run["whole_seconds"] is not None:
        shown.append(("Training time", f"{duration(run['whole_seconds'])}<small>on {safe(run['device'])}</small>"))
    if run["model_bytes"] is not None:
        shown.append(("Model file", f"{size(run['model_bytes'])}<small>safetensors</small>"))
    many = f"All {count(len(runs))} runs were" if len(runs) > 1 else "It was"
    under = (
        f"{many} tested on the same {count(said['test_images'])} images. Intervals are 95 %; a difference counts as"
        " sure only if an exact paired test, corrected for how many pairs are compared, says so."
    )
    caution = f"<p>{safe(said['caution'])}</p>" if said["caution"] else ""
    return (
        f'<section id="verdict" class="panel"><h2 class="unseen">Verdict</h2><p class="sentence">{safe(said["reason"])}'
        f'</p>{caution}{facts(shown)}<p class="soft">{under}</p></section>'
    )


# --- advice -------------------------------------------------------------------------------------


def advice(content: Values) -> str:
    told = content["advice"]
    trusted = told["said"] if told["trust"] == "said" or told["measured"] is None else told["measured"]
    pilots = told["pilots"]
    inner = f'<p class="sentence">{safe(content["grade"]["reason"])}</p>'
    inner += f"<p>{safe(trusted['headline'])} {TRUST[told['trust']] if told['measured'] or pilots else ''}</p>"
    inner += _answers(content)
    if pilots is not None:
        inner += f"<p><b>Pilots.</b> {safe(pilots['finding'])}</p>"
    inner += folded("Why, and after which source", _reasons([*told["because"], *trusted["reasons"]]), kind="printed")
    measured = content["answers"]["measured"]
    if measured is not None:
        inner += _similarity(measured)
    return section("advice", "What Graft advised", inner)


def _answers(content: Values) -> str:
    said, measured = content["advice"]["said"]["answers"], content["answers"]["measured"]
    given, told = content["answers"]["said"], content["advice"]["measured"]
    limit = f", at most {duration(given['seconds'])} a run" if given["seconds"] is not None else ""
    images = said["images"]
    rows = [
        [
            "How many training images",
            f"{count(images)}, {SIZES[_size(images)]}",
            f"{count(measured['size']['effective'])}, near-duplicates counted once" if measured else "",
        ],
        [
            "How similar to ImageNet",
            SIMILARITY[said["similarity"]],
            safe(measured["similarity"]["finding"]) if measured else "",
        ],
        ["How much compute", BUDGET[said["budget"]] + limit, BUDGET[told["answers"]["budget"]] if told else ""],
        ["Is there a network of your own domain (optional)", DOMAIN[said["domain"]], ""],
    ]
    if measured is None:
        return table(["The flowchart asks", "Answered"], [row[:2] for row in rows], kind="text") + (
            '<p class="soft">The questions were not measured.</p>'
        )
    return table(["The flowchart asks", "Said", f"Measured on {safe(measured['backbone'])}"], rows, kind="text")


def _size(images: int) -> str:
    return "small" if images < 1_000 else "large" if images > 10_000 else "medium"


def _reasons(reasons: Sequence[Values]) -> str:
    lines = "".join(
        f"<li>{'<b>But:</b> ' * reason['against']}{safe(reason['rule'])} "
        f'<span class="soft">{ended(safe(reason["evidence"]))} {ended(safe(reason["source"]))}</span></li>'
        for reason in reasons
    )
    return f"<ul>{lines}</ul>"


def ended(words: str) -> str:
    """With a full stop, one that is there already included."""
    return words if words.endswith((".", ")")) else f"{words}."


def _similarity(measured: Values) -> str:
    """What the measured similarity is made of, and how far up the network a classifier does best."""
    axes = "".join(f"<li>{safe(axis['finding'])}</li>" for axis in measured["similarity"]["axes"])
    near = ", ".join(f"{safe(each['name'])} {percent(each['share'], 0)}" for each in measured["nearest_classes"][:6])
    seen = f'<p class="soft">What the source classifier takes them for: {near}.</p>' if near else ""
    inner = f"<ul>{axes}</ul>{seen}"
    points = measured["depth_curve"]
    if len(points) > 1:
        rows = [
            [safe(point["tap"]), percent(point["accuracy"]), between(point["low"], point["high"])] for point in points
        ]
        inner += figure(
            "depth",
            "A linear classifier by the layer that it reads",
            "Cross-validated on training images, from the first layers to the last, with 95 % intervals.",
            table(["Layer", "Accuracy", "95 % interval"], rows),
            label="Accuracy of a linear classifier by layer",
        )
    return folded("How similarity was measured", inner, kind="printed")


# --- transfer -----------------------------------------------------------------------------------


def transfer(content: Values) -> str:
    found = content["transfer"]
    if found is None:
        said = "No run from scratch is compared with a pretrained one, so what pretraining brought is not known."
        inner = f"<p>{said}</p>"
    else:
        inner = f'<p class="sentence">{safe(found["reason"])}</p>'
        inner += f"<p>{safe(found['advice'])}</p>" if found["advice"] else ""
    known = [approach for approach in content["approaches"] if approach["by_images"]]
    if known:
        inner += _approaches(known, content)
    return section("transfer", "What transfer brought", inner)


def _approaches(known: Sequence[Values], content: Values) -> str:
    looks = looks_of(content)
    runs = {run["id"]: run for run in content["runs"]}
    rows = []
    for approach in known:
        run = runs.get(approach["run"])
        for point in approach["by_images"]:
            (look,) = marks([point["strategy"]])
            title = content["advice"]["titles"].get(point["strategy"], point["strategy"])
            rows.append(
                [
                    approach["name"].capitalize(),
                    count(point["train_images"]),
                    run_name(looks[run["id"]], run["title"])
                    if run is not None and run["id"] == point["run"]
                    else run_name(look, title),
                    percent(point["accuracy"]),
                    between(*point["interval"]),
                ]
            )
    numbers = table(["Approach", "Training images", "Best run by validation", "Test accuracy", "95 % interval"], rows)
    title = "Feature extraction and fine-tuning, by training images"
    told = "Of each approach and number of images the best run by validation, on the test images, with 95 % intervals."
    if all(len(approach["by_images"]) < 2 for approach in known):
        return f'<h3>{title}</h3><p class="soft">{told}</p>{numbers}'
    return figure(
        "approaches",
        title,
        told,
        numbers,
        label="Test accuracy of feature extraction and of fine-tuning by number of training images",
    )


def looks_of(content: Values) -> Mapping[str, Mark]:
    """The mark of each compared run by its id."""
    runs = content["runs"]
    found = marks([run["strategy"] for run in runs])
    return {run["id"]: look for run, look in zip(runs, found, strict=True)}


def title_of(content: Values) -> str:
    return f"{plain(content['dataset']['name'])}: a report by Graft"


ICON = (
    '<svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" fill="#0b6470"/>'
    '<path d="M16 27V15M16 15C16 9 11 7 7 7M16 15c0-6 5-8 9-8" fill="none" stroke="#fff" stroke-width="3"'
    ' stroke-linecap="round"/><circle cx="7" cy="7" r="2.6" fill="#fff"/><circle cx="25" cy="7" r="2.6"'
    ' fill="#f5a747"/></svg>'
)
