"""How good Graft's advice is: `python -m benchmarks.advice --data FOLDER --workspace FOLDER`.

Each task is a dataset with so many training images a class, seen at 128 px. On each, the strategies that ever were the
best somewhere are trained (runs that the workspace has are used), the images are measured and pilots raced; what each
policy picks is held against the best of them. Resumable: a second call goes on where the first one ended; `--only` does
one task, so that several processes can share the work.

Regret is without the winner's luck: the best strategy is picked on one half of the test images and scored on the
other, over random halves; a policy's regret is how much lower its pick scores on the same halves. The floor is what
this oracle itself loses against the best in hindsight. Cost is the share of the time that training all strategies
takes.
"""

import argparse
import io
import json
import shutil
import sys
import time
import zipfile
from collections import defaultdict
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import torch
from PIL import Image

from benchmarks.backbones import imported
from benchmarks.strategies import done, train
from transfer_core.backbones.torchvision import card
from transfer_core.decision import decide
from transfer_core.studies.measure import look_at, measure, ready
from transfer_core.studies.pilots import pilots
from transfer_core.training.devices import device
from transfer_core.training.rows import chosen_rows
from transfer_core.types import Answers, Dataset, Measured, Pilots, Recipe, RunEnd, from_plain
from transfer_core.workspace import Workspace

PILOT_SHARE, MOST_PILOT_SECONDS = 0.15, 120.0  # of the time that all strategies are expected to take
LIKENESS = (6, 30, 100)  # images a class
HALVINGS = 200  # of the test images
PX = 128
REAL = ("clothing", "brain_mri", "wallpaper", "metal_defects", "spoken_digits", "traffic_signs", "monkeys")
SIZES: dict[str, tuple[int, ...]] = dict.fromkeys(REAL, (10,))  # images a class
SIZES |= dict.fromkeys(("clothing", "brain_mri", "metal_defects", "wallpaper"), (10, 50))
ALWAYS = ("linear_probe", "fine_tune_top", "fine_tune_all")
EVER_BEST = ("linear_probe", "linear_svm", "fine_tune_top", "fine_tune_all", "small_cnn")
# How anyone would answer; the others are similar.
ANYONE = dict.fromkeys(("brain_mri", "wallpaper", "metal_defects", "spoken_digits"), "different")
POLICIES = ("flowchart", "rules, measured", "measured", "with pilots", *ALWAYS)
T = TypeVar("T")
TINY_DRAWS, TINY_CLASSES = 3, 10
TINY_IMAGES = {"train": 200, "val": 40, "test": 110}  # of each class


def last(work: Generator[object, None, T]) -> T:
    """What a generator returns at its end."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def tiny(data: Path, to: Path, draw: int) -> Path:
    """A zip of ten of the classes of tiny_imagenet that the bundled backbone never saw, with splits of its own."""
    target = to / f"tiny-{draw}.zip"
    if target.exists():
        return target
    rng = np.random.default_rng(draw)
    chosen = sorted(rng.choice(card()["data"]["left_out"], TINY_CLASSES, replace=False))
    part = target.with_suffix(".part")
    with zipfile.ZipFile(data / "tiny_imagenet.zip") as source, zipfile.ZipFile(part, "w") as drawn:
        of_class = defaultdict(list)
        for name in sorted(source.namelist()):
            parts = name.split("/")
            if len(parts) == 4 and parts[1] == "train" and parts[2] in chosen and parts[3]:
                of_class[parts[2]].append(name)
        for label, names in sorted(of_class.items()):
            order = list(rng.permutation(names))
            for split, count in TINY_IMAGES.items():
                for name in [order.pop() for _ in range(count)]:
                    drawn.writestr(f"{split}/{label}/{Path(name).name}", source.read(name))
    part.replace(target)
    return target


def shuffled(data: Path, to: Path) -> Path:
    """Clothing's images with the pixels of each in random order, at 96 px, as PNG."""
    target = to / "shuffled.zip"
    if target.exists():
        return target
    rng = np.random.default_rng(0)
    part = target.with_suffix(".part")
    with zipfile.ZipFile(data / "clothing.zip") as source, zipfile.ZipFile(part, "w") as drawn:
        for name in sorted(source.namelist())[::8]:
            if not name.endswith("/"):
                pixels = np.asarray(Image.open(io.BytesIO(source.read(name))).convert("RGB").resize((96, 96)))
                mixed = rng.permutation(pixels.reshape(-1, 3)).reshape(pixels.shape)
                out = io.BytesIO()
                Image.fromarray(mixed).save(out, "PNG")
                drawn.writestr(f"{Path(name).with_suffix('.png')}", out.getvalue())
    part.replace(target)
    return target


def datasets(workspace: Workspace, data: Path) -> dict[str, Dataset]:
    """All of them by name, brought in when they are not there yet."""
    for draw in range(TINY_DRAWS):
        tiny(data, workspace.root, draw)
    shuffled(data, workspace.root)
    found = {name: imported(workspace, data, name) for name in REAL}
    made = [f"tiny-{draw}" for draw in range(TINY_DRAWS)] + ["shuffled"]
    return found | {name: imported(workspace, workspace.root, name) for name in made}


@dataclass(frozen=True, kw_only=True)
class Task:
    """A dataset with so many training images a class."""

    dataset: Dataset
    per_class: int

    @property
    def name(self) -> str:
        return f"{self.dataset.name}, {self.per_class} a class"


def studied(workspace: Workspace, task: Task) -> tuple[Measured, Pilots]:
    """What measuring and racing find on a task's images, beginning without kept features."""
    file = workspace.root / f"studied-{task.dataset.id}-{task.per_class}.json"
    if not file.exists():
        backbone, where = workspace.backbones.get(), device("auto").name
        some = chosen_rows(task.dataset, workspace.recipes.make(task.dataset, "linear_probe", per_class=task.per_class))
        shutil.rmtree(workspace.root / "features", ignore_errors=True)
        *_, measured = measure(some, backbone, workspace=workspace.root, device=where, px=PX)
        assert isinstance(measured, RunEnd)
        whole = sum(each.seconds for each in from_plain(Measured, measured.result, earlier=True).estimates)
        seconds = min(MOST_PILOT_SECONDS, PILOT_SHARE * whole)
        *_, raced = pilots(some, backbone, seconds=seconds, workspace=workspace.root, device=where, px=PX)
        assert isinstance(raced, RunEnd)
        file.write_text(json.dumps({"measured": measured.result, "pilots": raced.result}))
    found = json.loads(file.read_text())
    return from_plain(Measured, found["measured"], earlier=True), from_plain(Pilots, found["pilots"], earlier=True)


def halves(correct: dict[str, np.ndarray], rng: np.random.Generator) -> Iterator[tuple[dict[str, float], str]]:
    """For each half of the test images: what every strategy scores there, and which is best on the other half."""
    names, count = list(correct), len(next(iter(correct.values())))
    table = np.array([correct[name] for name in names], float)  # (S, N)
    for _ in range(HALVINGS):
        first = rng.permutation(count) < count // 2
        for half in (first, ~first):
            yield dict(zip(names, table[:, half].mean(1), strict=True)), names[int(table[:, ~half].mean(1).argmax())]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One task: what each policy picked, how much worse it is than the oracle's pick, and at what cost."""

    task: str
    best: str  # on all test images
    picks: dict[str, str]
    regrets: dict[str, float]  # points
    costs: dict[str, float]  # shares
    floor: float  # points
    measured: Measured
    pilots: Pilots


def wanted(workspace: Workspace, task: Task) -> list[Recipe]:
    """What is trained on it."""
    return [workspace.recipes.make(task.dataset, name, per_class=task.per_class, px=PX) for name in EVER_BEST]


def judged(workspace: Workspace, task: Task, split: str = "test") -> Outcome | None:
    """On a split's images. None while a strategy's run is missing."""
    known = done(workspace, task.dataset)
    recipes = wanted(workspace, task)
    if any(recipe.id not in known for recipe in recipes):
        return None
    runs = {recipe.strategy: known[recipe.id] for recipe in recipes}
    measured, raced = studied(workspace, task)
    similarity: Literal["similar", "different"]
    similarity = "different" if ANYONE.get(task.dataset.name) == "different" else "similar"
    said = Answers(images=measured.size.train_images, similarity=similarity)
    unsaid = Answers(images=said.images)
    picks = {
        "flowchart": decide(said, None, None, None).strategy,
        "rules, measured": decide(unsaid, replace(measured, depth_curve=()), None, None).strategy,
        "measured": decide(unsaid, measured, None, None).strategy,
        "with pilots": decide(unsaid, measured, raced, None).strategy,
        **{name: name for name in ALWAYS},
    }
    kept = {name: workspace.runs.predictions(run.id) for name, run in runs.items()}
    of = {
        name: (getattr(each, f"{split}_probabilities"), getattr(each, f"{split}_labels")) for name, each in kept.items()
    }
    correct = {name: probabilities.argmax(1) == labels for name, (probabilities, labels) in of.items()}
    scores = list(halves(correct, np.random.default_rng(0)))
    oracle = np.mean([half[pick] for half, pick in scores])
    everything = sum(run.seconds or 0.0 for run in runs.values())
    extra = {
        "rules, measured": measured.seconds,
        "measured": measured.seconds,
        "with pilots": measured.seconds + raced.seconds,
    }
    return Outcome(
        task=task.name,
        best=max(correct, key=lambda name: correct[name].mean()),
        picks=picks,
        regrets={p: 100 * (oracle - np.mean([half[name] for half, _ in scores])) for p, name in picks.items()},
        costs={p: ((runs[name].seconds or 0.0) + extra.get(p, 0.0)) / everything for p, name in picks.items()},
        floor=100 * float(np.mean([max(half.values()) for half, _ in scores]) - oracle),
        measured=measured,
        pilots=raced,
    )


def table(outcomes: list[Outcome]) -> str:
    """Markdown: a row for each task, then means and worst."""
    lines = [f"| task | similarity | best | floor | {' | '.join(POLICIES)} |", "| --- " * (len(POLICIES) + 4) + "|"]
    for each in outcomes:
        cells = [f"{each.picks[p]} {each.regrets[p]:+.1f}, {each.costs[p]:.0%}" for p in POLICIES]
        like = each.measured.similarity
        answer = f"{like.answer or 'open'} {like.score or 0:.2f}"
        lines.append(f"| {each.task} | {answer} | {each.best} | {each.floor:.1f} | {' | '.join(cells)} |")
    for title, take in (("mean", np.mean), ("worst", np.max)):
        cells = [
            f"{take([each.regrets[p] for each in outcomes]):+.1f}, {take([each.costs[p] for each in outcomes]):.0%}"
            for p in POLICIES
        ]
        floor = take([each.floor for each in outcomes])
        lines.append(f"| {title} | | | {floor:.1f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def likeness(workspace: Workspace, found: dict[str, Dataset], backbone_name: str) -> str:
    """Markdown: how similar each dataset measures, from few images and from more."""
    backbone, where = workspace.backbones.get(backbone_name), device("auto").name
    lines = ["| dataset | images a class | answer | score | layers | statistics | meaning |", "| --- " * 7 + "|"]
    for name, dataset in found.items():
        for per_class in LIKENESS:
            some = chosen_rows(dataset, workspace.recipes.make(dataset, "linear_probe", per_class=per_class))
            run = last(ready(some, backbone, workspace=workspace.root, device=torch.device(where)))
            like = last(look_at(run, some)).similarity
            score = "" if like.score is None else f"{like.score:.2f} ({like.low:.2f} to {like.high:.2f})"
            axes = ["" if axis.score is None else f"{axis.score:.2f}" for axis in like.axes]
            lines.append(f"| {name} | {per_class} | {like.answer or 'open'} | {score} | {' | '.join(axes)} |")
            print(lines[-1], flush=True)
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="folder with the zips of clothing and the others")
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--and", type=Path, action="append", default=[], dest="others", help="read this one too")
    parser.add_argument("--val", action="store_true", help="regrets on validation images: what rules are chosen by")
    parser.add_argument("--minutes", type=float, default=0.0, help="begin no run after so long")
    parser.add_argument("--task", action="append", metavar="DATASET", help="tasks of this dataset only; repeatable")
    parser.add_argument("--only", metavar="DATASET,IMAGES A CLASS", help="this task only")
    parser.add_argument("--likeness", metavar="BACKBONE", help="only measure how similar each dataset is")
    given = parser.parse_args()
    given.workspace.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    workspace = Workspace(given.workspace)
    found = datasets(workspace, given.data)
    workspace.close()
    reader = Workspace(given.workspace, write=False)
    if given.likeness:
        print(likeness(reader, found, given.likeness))
        return 0
    tasks = [Task(dataset=found[name], per_class=n) for name, sizes in SIZES.items() for n in sizes]
    others = [Workspace(folder, write=False) for folder in given.others]
    split, outcomes = "val" if given.val else "test", []
    for task in tasks:
        if given.task and task.dataset.name not in given.task:
            continue
        if given.only and given.only != f"{task.dataset.name},{task.per_class}":
            continue
        for recipe in wanted(reader, task):
            late = given.minutes and time.monotonic() - began > 60 * given.minutes
            if not late and recipe.id not in done(reader, task.dataset):
                print(task.name, train(given.workspace, task.dataset, recipe), flush=True)
        readers = (reader, *others)
        outcome = next((made for each in readers if (made := judged(each, task, split)) is not None), None)
        if outcome is not None:
            outcomes.append(outcome)
            print(task.name, outcome.picks, outcome.regrets, f"floor {outcome.floor:.1f}", flush=True)
    print(table(outcomes) if outcomes else "No task is complete yet.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
