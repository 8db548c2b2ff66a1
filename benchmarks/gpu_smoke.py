"""Does Graft train on this device? A table of checks in five minutes: `python -m benchmarks.gpu_smoke`.

For a machine's first GPU. All nine strategies train on patterns that the program draws itself, with the bundled network
and, where its file is found, the default one; a worker trains behind a real queue, is stopped, and is killed; last come
the same recipes on the CPU, whose answers are held against the device's. Needs none of the dashboard's packages, no
network and no files. `--device cpu` makes the checks that make sense there, `--quick` smaller ones. The exit code is 1
if a check failed; what did not fit into `--seconds` is said to be skipped.
"""

import argparse
import faulthandler
import gc
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from transfer_core import __version__
from transfer_core.backbones import ALWAYS, FIRST_CHOICE, default_backbone
from transfer_core.compare.statistics import mcnemar
from transfer_core.data.wallpaper import GROUPS, draw
from transfer_core.errors import RecipeError
from transfer_core.strategies import STRATEGIES, strategy
from transfer_core.training.devices import device as known_device
from transfer_core.training.fit import fit
from transfer_core.types import Dataset, EpochEnd, Recipe, RunEnd
from transfer_core.workspace import Workspace

CLASSES = ("p1", "pm", "p3", "p4", "p4m", "p6m")  # of the wallpaper groups: some easy to tell apart, some not
LEAST_P = 0.001  # of McNemar's exact test: below it two runs differ by more than chance
LEAST_SAME = 0.95  # of all answers, where a head is solved on features in full precision
LEFT_MB = 64  # that may stay on a GPU after a run: cuBLAS keeps up to 32; a network that is never freed adds up
STOP_SECONDS = 8.0
Recipes, Runs = dict[str, Recipe], dict[str, "Trained"]  # by what they are called here


class OutOfTime(Exception):
    """The time for all checks is over."""


class Checks:
    """Lines as they come, and what they add up to."""

    def __init__(self, until: float) -> None:
        self.until = until  # time.monotonic()
        self.count: Counter[str] = Counter()

    def look(self, name: str, find: Callable[[], tuple[bool, str]]) -> None:
        """Print a line. `find`: whether all is well, and figures; whatever it raises fails this check alone."""
        try:
            self.in_time()
            well, words = find()
            self.say(name, "PASS" if well else "FAIL", words)
        except OutOfTime:
            self.say(name, "SKIP", "out of time")
        except Exception as error:  # noqa: BLE001
            self.say(name, "FAIL", f"{type(error).__name__}: {' '.join(str(error).split())[:160]}")

    def say(self, name: str, verdict: str, words: str) -> None:
        self.count[verdict] += 1
        print(f"{verdict}  {name:<43} {words}", flush=True)

    def in_time(self) -> None:
        if time.monotonic() > self.until:
            raise OutOfTime


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What a run left."""

    result: dict[str, Any]
    predicted: np.ndarray  # (N,) of validation and test images
    labels: np.ndarray  # (N,)
    speed: float  # images per second at its end
    computed: set[tuple[str, torch.dtype]]  # in what convolutions compute, "training" or "looking"

    @property
    def accuracy(self) -> float:
        return float((self.predicted == self.labels).mean())


def trained(checks: Checks, recipe: Recipe, dataset: Dataset, root: Path, device: str) -> Trained:
    """Run a recipe in this process. Raises OutOfTime, and what the run raises."""
    out, result, speed, computed = root / "runs" / "smoke", {}, 0.0, set()

    def note(module: torch.nn.Module, given: Any, found: Any) -> None:
        if isinstance(module, torch.nn.Conv2d):
            computed.add(("training" if torch.is_grad_enabled() else "looking", found.dtype))

    handle = torch.nn.modules.module.register_module_forward_hook(note)
    try:
        for event in fit(recipe, dataset, workspace=root, out=out, device=device):
            checks.in_time()
            speed = (event.images_per_second or speed) if isinstance(event, EpochEnd) else speed
            result = event.result if isinstance(event, RunEnd) else result
    finally:
        handle.remove()
    with np.load(out / "predictions.npz") as kept:
        predicted = np.concatenate([kept[f"{split}_probabilities"].argmax(1) for split in ("val", "test")])
        labels = np.concatenate([kept[f"{split}_labels"] for split in ("val", "test")])
    speed = speed or result["images_per_second"]
    return Trained(result=result, predicted=predicted, labels=labels, speed=speed, computed=computed)


def beside(run: Trained, other: Trained, called: str, *, exact: bool = False) -> tuple[bool, str]:
    """Whether two runs of one recipe differ by no more than chance, on the same images."""
    p = mcnemar(run.predicted == run.labels, other.predicted == other.labels)
    same = float((run.predicted == other.predicted).mean())
    words = f"{run.accuracy:.1%} right, {called} {other.accuracy:.1%} (p {p:.2g}); {same:.1%} of the answers the same"
    return p >= LEAST_P and (not exact or same >= LEAST_SAME), words


def used_mb(device: str) -> float:
    """What all processes take on a GPU, as the driver (and nvidia-smi) has it; 0 elsewhere."""
    if not device.startswith("cuda"):
        return 0.0
    torch.cuda.empty_cache()
    free, total = torch.cuda.mem_get_info(device)
    return (total - free) / 2**20


def on_device(checks: Checks, recipes: Recipes, dataset: Dataset, root: Path, device: str) -> Runs:
    """Every recipe ends, leaves no memory behind and computes in the precision that is meant. Returns the runs."""
    runs: Runs = {}
    cuda = device.startswith("cuda")

    def find(name: str) -> tuple[bool, str]:
        run = runs[name] = trained(checks, recipes[name], dataset, root, device)
        gc.collect()
        left = torch.cuda.memory_allocated(device) / 2**20 if cuda else 0.0
        words = f"{run.accuracy:.1%} right, {run.speed:,.0f} images/s, {run.result['seconds']:.1f} s"
        words += f", peak {run.result['peak_bytes'] / 2**20:,.0f} MB" + (f", {left:.1f} MB left" if cuda else "")
        return left <= LEFT_MB, words

    for name in recipes:
        checks.look(f"{name} trains", partial(find, name))
    again = partial(trained, checks, recipes["fine_tune_all"], dataset, root, device)
    checks.look("fine_tune_all trains as well again", lambda: beside(again(), runs["fine_tune_all"], "before"))
    computed = {each for run in runs.values() for each in run.computed}
    meant = {("training", torch.bfloat16 if cuda else torch.float32), ("looking", torch.float32)}
    words = ", ".join(sorted(f"{str(kind).removeprefix('torch.')} while {what}" for what, kind in computed))
    checks.look("convolutions compute as is meant", lambda: (computed == meant, words))
    best, chance = max((run.accuracy for run in runs.values()), default=0.0), 1 / len(dataset.classes)
    checks.look("something is learned", lambda: (best > 2 * chance, f"{best:.1%} at best, {chance:.1%} by chance"))
    return runs


class Queue:
    """Runs in a worker process, behind the queue that the dashboard has."""

    def __init__(self, checks: Checks, workspace: Workspace, device: str, endless: Recipe) -> None:
        self.checks, self.workspace, self.device, self.endless = checks, workspace, device, endless
        self.before = used_mb(device)
        workspace.serve()

    def until(self, there: Callable[[], object], seconds: float) -> float:
        """Wait; returns the seconds that it took. Raises TimeoutError."""
        began = time.monotonic()
        while not there():
            self.checks.in_time()
            if time.monotonic() - began > seconds:
                raise TimeoutError(f"nothing after {seconds:g} s. {' '.join(self.workspace.jobs.troubles())}")
            time.sleep(0.05)
        return time.monotonic() - began

    def submitted(self, recipe: Recipe) -> tuple[str, Callable[[], bool]]:
        """A run's id, and whether it has ended."""
        (id,) = self.workspace.runs.submit([recipe], device=self.device, again=True)
        return id, lambda: self.workspace.runs.get(id).status not in ("queued", "running", "stopping")

    def stopped(self, hears: bool) -> tuple[bool, str]:
        """A run that would take hours is stopped: its worker stays, or is killed where it does not hear."""
        id, ended = self.submitted(self.endless)
        self.until(lambda: ended() or any(getattr(e, "steps", ()) for *_, e in self.workspace.jobs.events(id)), 90)
        during, lane = (
            used_mb(self.device),
            "auto" if self.device == self.workspace.jobs.devices()[0].name else self.device,
        )
        pid = self.workspace.jobs.worker_pids()[lane]
        if not hears:
            os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        self.workspace.jobs.stop(id)
        self.until(ended, 30)
        if not hears:
            self.until(lambda: used_mb(self.device) <= self.before + LEFT_MB, 10)
        seconds, run, there = time.monotonic() - began, self.workspace.runs.get(id), alive(pid)
        words = (
            f"{run.status} {run.error}".strip() + f" after {seconds:.1f} s, the worker {'stays' if there else 'goes'}"
        )
        if self.device.startswith("cuda"):
            words += f"; device {during:,.0f} MB, then {used_mb(self.device):,.0f}, {self.before:,.0f} before"
        return run.status == "stopped" and seconds <= STOP_SECONDS and there == hears, words

    def goes_on(self, recipe: Recipe, alone: Trained) -> tuple[bool, str]:
        """The next run takes no more memory than it took where nothing had been stopped."""
        id, ended = self.submitted(recipe)
        self.until(ended, 90)
        run = self.workspace.runs.get(id)
        peak, own = (run.peak_bytes or 0) / 2**20, alone.result["peak_bytes"] / 2**20
        words = f"{run.status} {run.error}".strip() + f", peak {peak:,.0f} MB, {own:,.0f} in a process of its own"
        return run.status == "done" and (self.device == "cpu" or peak <= 1.1 * own + LEFT_MB), words


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def queued(checks: Checks, queue: Queue, recipe: Recipe, runs: Runs) -> None:
    checks.look("a worker starts", lambda: (True, f"after {queue.until(queue.workspace.jobs.devices, 60):.1f} s"))
    checks.look("a run in it stops", partial(queue.stopped, hears=True))
    checks.look("the next run has all of the device", lambda: queue.goes_on(recipe, runs[recipe.strategy]))
    checks.look("a worker that does not hear is killed", partial(queue.stopped, hears=False))
    checks.look("the next run has a new worker", lambda: queue.goes_on(recipe, runs[recipe.strategy]))
    pids = queue.workspace.jobs.worker_pids().values()
    queue.workspace.close()
    checks.look("closing ends the workers", lambda: (not any(map(alive, pids)), f"{len(pids)} of them"))


def against_cpu(checks: Checks, recipes: Recipes, runs: Runs, dataset: Dataset, root: Path) -> None:
    """The same recipes on the CPU, in a workspace that has none of the features that the device computed."""
    other = root.with_name("reference")
    other.mkdir()
    (other / "datasets").symlink_to(root / "datasets")
    slower: dict[str, float] = {}

    def find(name: str) -> tuple[bool, str]:
        cpu, solved = trained(checks, recipes[name], dataset, other, "cpu"), strategy(recipes[name].strategy).solved
        if not solved:
            slower[name] = runs[name].speed / cpu.speed
        return beside(runs[name], cpu, "the CPU", exact=solved)

    for name in runs:  # last, since it is slow
        checks.look(f"{name} as on the CPU", partial(find, name))
    words = ", ".join(f"{name} {times:.1f}" for name, times in slower.items())
    checks.look("faster than the CPU", lambda: (max(slower.values()) > 1, f"images/s, times the CPU's: {words}"))


def drawn(workspace: Workspace, folder: Path, a_class: int) -> Dataset:
    """Patterns, brought in as a user brings in a folder."""
    for number, group in enumerate(each for each in GROUPS if each.name in CLASSES):
        (folder / group.name).mkdir(parents=True)
        for index in range(a_class):
            pattern = draw(group, np.random.default_rng([number, index]))
            Image.fromarray(pattern.pixels).save(folder / group.name / f"{index}.png", compress_level=1)
    job = workspace.datasets.import_path(folder)
    list(workspace.jobs.drive(job))
    return workspace.datasets.get(workspace.jobs.get(job).result["id"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--device", default="cuda", help="cuda:1, mps, cpu")
    parser.add_argument("--quick", action="store_true", help="fewer images, smaller ones, two epochs")
    parser.add_argument("--seconds", type=float, default=300.0, help="begin no check after so long")
    given = parser.parse_args()
    faulthandler.dump_traceback_later(given.seconds + 60, exit=True)  # a GPU that hangs
    began = time.monotonic()
    try:
        found = known_device(given.device)
    except RecipeError as error:
        sys.exit(str(error))
    checks, device = Checks(began + given.seconds), found.name
    print(f"Graft {__version__}, Python {sys.version.split()[0]}, torch {torch.__version__}, {found.title}")
    with tempfile.TemporaryDirectory(prefix="graft-smoke-") as folder:
        workspace = Workspace(Path(folder) / "workspace")
        dataset = drawn(workspace, Path(folder) / "patterns", 24 if given.quick else 80)
        settings = {"px": 64 if given.quick else 96, "epochs": 2 if given.quick else 8, "patience": 0}
        recipes = {each.name: workspace.recipes.make(dataset, each.name, ALWAYS, **settings) for each in STRATEGIES}
        if default_backbone() == FIRST_CHOICE:
            for name in ("linear_probe", "fine_tune_all")[: 1 if given.quick else 2]:
                more = settings | {"px": 64 if given.quick else 128}
                recipes[f"{name}, {FIRST_CHOICE}"] = workspace.recipes.make(dataset, name, FIRST_CHOICE, **more)
        else:
            checks.say(FIRST_CHOICE, "SKIP", "neither its package nor its file under TORCH_HOME is here")
        runs = on_device(checks, recipes, dataset, workspace.root, device)
        endless = workspace.recipes.make(dataset, "fine_tune_all", ALWAYS, px=96, epochs=1000, patience=0)
        queued(checks, Queue(checks, workspace, device, endless), recipes["small_cnn"], runs)
        if device != "cpu":
            against_cpu(checks, recipes, runs, dataset, workspace.root)
    tally = ", ".join(f"{number} {verdict}" for verdict, number in sorted(checks.count.items()))
    print(f"{tally}; {time.monotonic() - began:.0f} s")
    return int(checks.count["FAIL"] > 0)


if __name__ == "__main__":
    sys.exit(main())
