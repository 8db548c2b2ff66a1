"""`predict`: what a finished run says of new images."""

import argparse
from pathlib import Path
from typing import Any

from transfer_core.commands.follow import add_promise, follow, root
from transfer_core.commands.named import run_or_taken
from transfer_core.errors import GraftError, disk_words
from transfer_core.workspace import Predicted, Workspace

SHOWN = 20  # lines; a table has all of them
WRITERS = (".csv", ".parquet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "%(prog)s RUN PATH... [--unlabelled] [--beside RUN ...] [--out FILE.csv|FILE.parquet] [--by-doubt]"
    parser.add_argument(
        "run", help="id of a run that left a network, or its beginning; a dataset: the one to take of it"
    )
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="images, folders or archives")
    parser.add_argument(
        "--unlabelled", action="store_true", help="the images without a label that came with the run's dataset"
    )
    parser.add_argument("--beside", nargs="+", default=[], metavar="RUN", help="other runs on the same images")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a table of all images, CSV or Parquet by its ending")
    add_promise(parser)
    parser.add_argument("--by-doubt", action="store_true", help="the least sure answers first")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda:0, mps")


def predict(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    if options.out is not None and options.out.suffix.lower() not in WRITERS:
        raise GraftError(f"{options.out} ends neither in .csv nor in .parquet. Name the table so.")
    with Workspace(root(options)) as workspace:
        runs = [run_or_taken(workspace, run).id for run in (options.run, *options.beside)]
        paths = [*options.paths, *(_unlabelled(workspace, runs[0]) if options.unlabelled else ())]
        if not paths:
            raise GraftError("Name images, folders or archives, or --unlabelled.")
        job = workspace.predictions.submit_paths(runs, paths)
        follow(workspace, job, workspace.jobs.device(options.device).name)
        found = workspace.predictions.get(job, promise=options.promise)
        order = workspace.predictions.by_doubt(found) if options.by_doubt else None
        if options.out is not None:
            _write(options.out.expanduser(), workspace.predictions.table(found, options.out.suffix[1:].lower(), order))
    rows = range(len(found.names)) if order is None else order.tolist()
    images = [_image(found, row) for row in rows]
    lines = [_line(found, row) for row in rows[:SHOWN]]
    if len(images) > SHOWN:
        lines.append(
            f"… and {len(images) - SHOWN:,} more" + ("" if options.out else "; --out FILE.csv has all of them")
        )
    if len(found.names) < found.of:
        lines.append(f"Stopped after {len(found.names):,} of {found.of:,} images.")
    if options.out is not None:
        lines.append(f"All of them are in {options.out}.")
    return {"runs": list(found.runs), "images": images, "of": found.of}, "\n".join(lines)


def _unlabelled(workspace: Workspace, run: str) -> list[Path]:
    dataset = workspace.datasets.get(workspace.runs.get(run).recipe.dataset)
    folder, count = workspace.datasets.unlabelled(dataset)
    if not count:
        raise GraftError(f"No images without a label came with '{dataset.name}'. Name images, folders or archives.")
    return [folder]


def _image(found: Predicted, row: int) -> dict[str, Any]:
    if found.errors[row]:
        return {"image": found.names[row], "error": found.errors[row]}
    said = [
        {
            "class": found.classes[int(found.probabilities[place, row].argmax())],
            "probability": round(float(found.probabilities[place, row].max()), 6),
            "sure": found.sure(place, row),
            "unlike_training": bool(found.unlike[place, row]),
        }
        for place in range(len(found.runs))
    ]
    return {"image": found.names[row], "answers": said}


def _line(found: Predicted, row: int) -> str:
    image = _image(found, row)
    if "error" in image:
        return f"{image['image']}: {image['error']}"
    answers = []
    for each in image["answers"]:
        doubt = ", unlike training" if each["unlike_training"] else "" if each["sure"] else ", not sure"
        answers.append(f"{each['class']} {each['probability']:.1%}{doubt}")
    return f"{image['image']}: {' | '.join(answers)}"


def _write(file: Path, data: bytes) -> None:
    try:
        file.write_bytes(data)
    except OSError as error:
        raise GraftError(f"{file} cannot be written. {disk_words(error, file)}") from error
