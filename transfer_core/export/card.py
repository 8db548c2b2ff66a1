"""The bundle's README: a model card, from what `model.json` says."""

import re
from collections.abc import Sequence
from typing import Any

from transfer_core.strategies.settings import LABELS, SETTINGS, words_of
from transfer_core.types import Recipe, from_plain
from transfer_core.words import between, count, percent, plain, size

Values = dict[str, Any]
SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~$&])")
SPLIT_NAMES = {"train": "training", "val": "validation", "test": "test"}
SPLITS_FROM = {
    "archive": "as the data came",
    "archive, val cut from train": "as the data came; validation was cut from training images",
    "archive, test cut from train": "as the data came; the test images were cut from training images",
    "seed": "drawn by a seed, near-duplicates on one side",
}
FITS = {
    "crop": "the shorter side to {resize_px} px, then the {px} x {px} px in the middle",
    "pad": "the longer side to {px} px, grey beside it to {px} x {px} px",
    "squeeze": "squeezed to {px} x {px} px",
}


def card(said: Values, titles: Sequence[str]) -> str:
    """Markdown. `titles`: of each member's strategy."""
    parts = (
        _opening(said, titles),
        _use(said),
        _proof(said),
        *((_half(said["fp16"]),) if "fp16" in said else ()),
        _figures(said),
        _certainty(said["certainty"]),
        _classes(said["metrics"]),
        _data(said["data"]),
        _network(said),
        _limits(said),
        _technical(said, titles),
    )
    return "\n\n".join(parts) + "\n"


def text(words: str) -> str:
    """A user's own words, as Markdown that shows them and nothing else."""
    return SPECIAL.sub(r"\\\1", plain(words))


def _opening(said: Values, titles: Sequence[str]) -> str:
    metrics, classes = said["metrics"], said["classes"]
    accuracy = metrics["accuracy"]
    kind = titles[0] if len(titles) == 1 else f"the mean of {len(titles)} networks"
    return (
        f"# {text(said['data']['name'])}: {kind}\n\n"
        f"An image classifier of {count(len(classes))} classes, made with Graft {said['versions']['graft']}."
        f" It has {percent(accuracy['value'])} (95 % interval {between(accuracy['low'], accuracy['high'])}) of"
        f" {count(metrics['images'])} {metrics['split']} images right, which it did not learn from."
    )


def _use(said: Values) -> str:
    timm = ", timm" if any(each["network"]["source"] == "timm" for each in said["members"]) else ""
    px = said["preprocessing"]["px"]
    weights = ", ".join(f"`{each['weights']}`" for each in said["members"])
    return (
        "## Use it\n\n"
        "```\npip install onnxruntime pillow numpy\npython predict.py photo.jpg folder\npython test_bundle.py\n```\n\n"
        "| file | what it is |\n| --- | --- |\n"
        f"| `model.onnx` | uint8 RGB squares (N, {px}, {px}, 3) in, probabilities (N, {len(said['classes'])}) out;"
        " normalisation, softmax and temperature are inside |\n"
        "| `predict.py` | image files to probabilities, for the command line and for import |\n"
        "| `graft_pictures/` | what `predict.py` reads image files with, the same as Graft's own |\n"
        f"| `predict_torch.py` | the same network in torch (torch, torchvision, safetensors{timm}), to train on |\n"
        f"| {weights}, `model.json` | weights; classes, preprocessing, recipe, versions, SHA-256 of every"
        " file |\n"
        "| `samples/`, `test_bundle.py` | three images of the dataset with their answers; whether this folder still"
        " gives them |"
    )


def _proof(said: Values) -> str:
    found, seen = said["verified"], said["versions"]
    ties = (
        f" Of {count(found['ties'])} more, two classes are equally likely to {found['tie']:g}: either may come first."
        if found["ties"]
        else ""
    )
    lacking = "" if found["split"] == "test" else " There are no test images, so these are those of validation."
    return (
        "## The same model, as checked\n\n"
        f"On {found['date']} this bundle was loaded by a fresh process, and `predict.py` read all"
        f" {count(found['images'])} {found['split']} images from their files. {count(found['agree'])} of them got the"
        f" class that the trained network had given them.{ties} The largest difference of any probability was"
        f" {found['largest_difference']:.1e}; at {found['tolerance']:g} the bundle would not have been handed over."
        f"{lacking} (onnxruntime {seen.get('onnxruntime', '')}, pillow {seen.get('pillow', '')}.)"
    )


def _half(said: Values) -> str:
    return (
        "## In half precision\n\n"
        f"`{said['file']}` computes in 16 bits ({size(said['bytes'])}): `python predict.py --graph {said['file']} ...`."
        f" On the same {count(said['images'])} images its accuracy is {percent(said['accuracy'])} (full precision"
        f" {percent(said['accuracy_full'])}), {count(said['agree'])} get the same class, and probabilities are"
        f" {said['largest_difference']:.1e} away at most. On the CPU where it was checked"
        f" (threads: {count(said['threads'])}; reading the files included) it answered"
        f" {said['images_per_second']:.1f} images/s, full precision {said['images_per_second_full']:.1f}."
        " It is meant for accelerators that compute in 16 bits."
    )


def _certainty(said: Values) -> str:
    """From where on an answer stands, and how that went on images that it was not set on."""
    head, promised = '## "Not sure" is an answer', percent(said["accuracy"])
    if not said["images"]:
        return f"{head}\n\nNo validation images are there to set a threshold on, so no answer is withheld as not sure."
    if said["threshold"] is None:
        return (
            f"{head}\n\nOn the validation images no probability means that {promised} of the answers are right, so"
            " `predict.py` calls every answer unsure."
        )
    words = (
        f"{head}\n\n`predict.py` calls an answer unsure below {percent(said['threshold'])}: from there on {promised} of"
        f" the answers on {count(said['images'])} validation images are right, which"
        f" {percent(said['answered'])} of them are given."
    )
    found = said["checked"]
    if found["split"] != "test" or not found["answered"]:
        return words
    kept = "kept" if found["high"] >= said["accuracy"] else "not kept"
    return (
        f"{words} On the test images the promise is {kept}: of {count(found['images'])},"
        f" {count(found['answered'])} are answered, {percent(found['right'] / found['answered'])}"
        f" ({between(found['low'], found['high'])}) of them rightly."
    )


def _figures(said: Values) -> str:
    metrics = said["metrics"]
    rows = [f"| Accuracy | {_percents(metrics['accuracy'])} |"]
    rows += [
        f"| {name} | {each['value']:.3f} ({each['low']:.3f} to {each['high']:.3f}) |"
        for name, each in (("Macro-F1", metrics["macro_f1"]), ("Log-loss", metrics["log_loss"]))
    ]
    bins = "\n".join(
        f"| {percent(each['confidence'])} | {_percents(each['accuracy'])} | {count(each['images'])} |"
        for each in metrics["reliability"]
    )
    temperatures = ", ".join(f"{member['temperature']:.3g}" for member in said["members"])
    one = len(said["members"]) == 1
    return (
        f"## Figures on {count(metrics['images'])} {metrics['split']} images\n\n"
        "| | with 95 % interval |\n| --- | --- |\n" + "\n".join(rows) + "\n\n"
        f"Calibration error (ten bins): {metrics['calibration_error']:.3f}; without temperature"
        f" {metrics['calibration_error_before']:.3f}. The temperature{'' if one else 's'}, {temperatures},"
        f" {'was' if one else 'were'} fitted on validation images"
        f"{'; no class changes its place by it' if one else ', each before the mean is taken'}.\n\n"
        "| mean confidence | share that was right | images |\n| --- | --- | --- |\n" + bins
    )


def _classes(metrics: Values) -> str:
    rows = "\n".join(
        f"| {text(each['class'])} | {count(each['support'])} | {_percents(each['recall'])} |"
        f" {_percents(each['precision'])} | {'' if each['f1'] is None else format(each['f1'], '.3f')} |"
        for each in metrics["classes"]
    )
    return "## Class by class\n\n| class | images | recall | precision | F1 |\n| --- | --- | --- | --- | --- |\n" + rows


def _percents(found: Values | None) -> str:
    return "" if found is None else f"{percent(found['value'])} ({between(found['low'], found['high'])})"


def _data(said: Values) -> str:
    splits = ", ".join(f"{count(said['splits'][split])} {name}" for split, name in SPLIT_NAMES.items())
    return (
        "## Data\n\n"
        f"{text(said['name'])}, fingerprint `{said['fingerprint']}`: {count(said['images'])} images. Used here:"
        f" {splits} images. Splits: {SPLITS_FROM.get(said['splits_from'], said['splits_from'])}."
    )


def _network(said: Values) -> str:
    lines = ["## Network and licence"]
    for member in said["members"]:
        known, random = member["backbone"], member["recipe"]["weights"] == "random"
        taps = "; ".join(tap["title"] for tap in member["taps"])
        origin = "from random weights" if random else f"weights `{known['weights']}`, trained on {known['source']}"
        lines.append(
            f"- {text(known['title'])}, {origin}. Features from: {taps}. What lies above is not in the bundle.\n"
            f"- Licence of the backbone: {text(known['licence'])}."
        )
    lines.append(
        "The three programs are Graft's, under Apache-2.0. Your own images and labels keep the licence that they have."
    )
    return "\n\n".join(lines)


def _limits(said: Values) -> str:
    least = min(said["metrics"]["classes"], key=lambda each: each["recall"]["value"] if each["recall"] else 1.0)
    weak = (
        f"- The class it finds least surely is {text(least['class'])}: recall {_percents(least['recall'])}.\n"
        if least["recall"]
        else ""
    )
    return (
        "## Intended use and limits\n\n"
        f"Meant for telling these {count(len(said['classes']))} classes apart in images like those of the dataset.\n\n"
        "- Every image gets one of these classes, also one that shows none of them.\n"
        "- Images from another camera, place or time may do worse than these figures say.\n"
        + weak
        + "- Not for decisions about people, nor where a mistake does harm, unless it was tested for that."
    )


def _technical(said: Values, titles: Sequence[str]) -> str:
    pre, onnx = said["preprocessing"], said["onnx"]
    recipes = []
    for member, title in zip(said["members"], titles, strict=True):
        recipe = from_plain(Recipe, member["recipe"])
        settings = "; ".join(
            f"{LABELS[name].lower()}: {words_of(recipe, name)}"
            for name in SETTINGS
            if getattr(recipe, name) != SETTINGS[name].default
        )
        recipes.append(f"Recipe of run `{member['run']}`: {title}" + (f"; {settings}." if settings else "."))
    listed = ", ".join(f"{name} {version}" for name, version in said["versions"].items())
    return (
        "## How it reads images, and what made it\n\n"
        "The first frame, upright by EXIF, transparency on white, deep grey by its bit depth, as 8-bit RGB; then"
        f" {FITS[pre['fit']].format(**pre)}, {pre['resampling']}. A JPEG much larger than that is decoded smaller.\n\n"
        f"ONNX opset {onnx['opset']}, IR version {onnx['ir_version']}; input `{onnx['input']}`, output"
        f" `{onnx['output']}`.\n\n" + "\n\n".join(recipes) + f"\n\nVersions: {listed}."
    )
