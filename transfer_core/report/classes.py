"""What a report says of each class: figures, and which class is taken for which."""

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from transfer_core.report.evidence import ranked
from transfer_core.report.look import LIGHT
from transfer_core.report.markup import Cell, folded, only_mark, run_name, section, table
from transfer_core.report.opening import looks_of
from transfer_core.words import between, count, percent, safe, short

Values = dict[str, Any]
MOST_NUMBERED = 25  # classes; more get a picture and a list of the commonest confusions in place of a table
MOST_UNFOLDED = 40  # rows of the table of classes
COMMONEST = 15
PICTURE_PX = 560


def classes(content: Values) -> str:
    runs = ranked(content)
    choice = next(run for run in runs if run["id"] == content["verdict"]["choice"])
    others = [run for run in runs if run is not choice]
    figures = _figures(choice, others, content)
    if len(content["dataset"]["classes"]) > MOST_UNFOLDED:
        figures = folded(f"All {count(len(content['dataset']['classes']))} classes", figures, kind="printed")
    looks = looks_of(content)
    inner = f"<h3>Each class</h3>{figures}<h3>Which class is taken for which</h3>"
    inner += f"<p>{run_name(looks[choice['id']], choice['title'])}. {_most_confused(choice)}</p>"
    inner += _confusion(choice, content)
    if others:
        inner += '<p class="soft screen">The other runs:</p>'
    for run in others:
        name = run_name(looks[run["id"]], run["title"])
        inner += folded(name, f"<p>{_most_confused(run)}</p>{_confusion(run, content)}")
    return section("classes", "Class by class", inner)


def _figures(choice: Values, others: Sequence[Values], content: Values) -> str:
    """Recall and precision of the chosen run on each class, and F1 of all."""
    looks = looks_of(content)
    head = ["Class", "Test images", "Recall", "Precision"]
    head += [f"F1 {only_mark(looks[run['id']], run['title'])}" for run in (choice, *others)]
    rows: list[list[Cell]] = []
    for number, each in enumerate(choice["test"]["classes"]):
        rows.append(
            [
                safe(short(each["class"], 40)),
                count(each["support"]),
                _share(each["recall"]),
                _share(each["precision"]),
                *(_f1(run["test"]["classes"][number]["f1"]) for run in (choice, *others)),
            ]
        )
    return table(head, rows, kind="classes") + (
        '<p class="soft">Recall: share of a class’s images that were named so. Precision: share of the images named so'
        " that are of it. Both of the chosen run, with 95 % intervals (Wilson). F1: their harmonic mean.</p>"
    )


def _share(found: Values | None) -> str:
    return "" if found is None else f"{percent(found['value'])}<small>{between(found['low'], found['high'])}</small>"


def _f1(value: float | None) -> Cell:
    return "" if value is None else (f"{value:.2f}", f'class="shade" style="--share:{round(55 * value)}%"')


def _matrix(run: Values) -> "np.ndarray[Any, np.dtype[np.int64]]":
    return np.array(run["test"]["confusion"], dtype=np.int64)


def _most_confused(run: Values) -> str:
    """In a sentence, the commonest confusion."""
    found = _commonest(run)
    if not found:
        return "No test image is taken for another class."
    label, named, hits, of = found[0]
    return f"Most often {safe(short(label, 40))} is taken for {safe(short(named, 40))}: {count(hits)} of {count(of)}."


def _commonest(run: Values) -> list[tuple[str, str, int, int]]:
    """(label, prediction, how many, images of the label), the most first."""
    matrix = _matrix(run)
    names = [each["class"] for each in run["test"]["classes"]]
    wrong = matrix - np.diag(matrix.diagonal())
    order = np.argsort(-wrong, axis=None, kind="stable")[:COMMONEST]
    places = [divmod(int(place), len(names)) for place in order]
    return [(names[i], names[j], int(wrong[i, j]), int(matrix[i].sum())) for i, j in places if wrong[i, j]]


def _confusion(run: Values, content: Values) -> str:
    if len(content["dataset"]["classes"]) <= MOST_NUMBERED:
        return _numbered(run)
    rows = [
        [safe(short(label, 40)), safe(short(named, 40)), f"{count(hits)} of {count(of)}"]
        for label, named, hits, of in _commonest(run)
    ]
    list_ = table(["Label", "Taken for", "Images"], rows, kind="text") if rows else ""
    return f'<div class="two">{_picture(run)}<div>{list_}</div></div>'


def _numbered(run: Values) -> str:
    """Rows are labels, columns predictions; the shade is the share of the row."""
    matrix = _matrix(run)
    of = matrix.sum(1, keepdims=True)
    share = np.divide(matrix, of, out=np.zeros(matrix.shape), where=of > 0)
    names = [each["class"] for each in run["test"]["classes"]]
    head = [
        '<span class="soft">Label, by prediction</span>',
        *(f'<span class="tilted" title="{safe(name)}">{safe(short(name, 16))}</span>' for name in names),
    ]
    rows: list[list[Cell]] = []
    for i, name in enumerate(names):
        cells: list[Cell] = [(safe(short(name, 24)), f'title="{safe(name)}"')]
        for j, other in enumerate(names):
            told = f"{safe(name)} taken for {safe(other)}: {count(matrix[i, j])}, {percent(share[i, j])} of this label"
            kind = "shade right" if i == j else "shade"
            number = count(matrix[i, j]) if matrix[i, j] else ""
            cells.append((number, f'class="{kind}" style="--share:{round(70 * share[i, j])}%" title="{told}"'))
        rows.append(cells)
    return table(head, rows, kind="confusion dense" if len(names) > 12 else "confusion")


def _picture(run: Values) -> str:
    """The confusion matrix of many classes as a picture, stronger where more of a label's images lie."""
    matrix = _matrix(run)
    share = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    pixels = np.zeros((*share.shape, 4), dtype=np.uint8)
    pixels[..., :3] = [int(LIGHT.shades[6][i : i + 2], 16) for i in (1, 3, 5)]
    pixels[..., 3] = np.where(matrix > 0, 40 + 215 * share, 0)
    picture = Image.fromarray(pixels)
    scale = max(1, PICTURE_PX // len(share))
    picture = picture.resize((scale * len(share), scale * len(share)), Image.Resampling.NEAREST)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    source = f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
    told = "Labels from top to bottom, predictions from left to right, in the order of the classes"
    drawn = f'<img src="{source}" alt="Confusion matrix. {told}">'
    return f'<figure class="picture">{drawn}<figcaption class="soft">{told}.</figcaption></figure>'
