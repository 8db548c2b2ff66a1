"""What a tick of the live page costs, and pages with many runs: `python -m benchmarks.ticks`.

Events of a fine-tuning are written to a real store in batches, as a worker's are. Then the page looks at the run as it
does when it opens and, after each further batch, as it does every 1.5 s: read, digest, phase and curves, all of
Graft's own work; what Streamlit does to send them is left out. Last come pages of a dataset with many finished runs, as
Streamlit's own test client runs them a second time, Streamlit's work included.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest

from components import state
from components.kit import guard, live_chart, runs, status
from components.kit.feed import feed
from components.train import queue
from transfer_core.store import Store
from transfer_core.types import EpochEnd, Event, Progress, Recipe, StageStart
from transfer_core.workspace import Workspace

COUNTS = (1_000, 12_000, 100_000)
BATCH = 500  # events of one transaction while the run is written
EPOCH = 20  # events of one
TICKS = 100
RUNS = 520
PAGES = Path(live_chart.__file__).parents[1] / "pages"


def main() -> int:
    live_chart.mount = lambda **_: None
    print(
        "| events | all of them read, as before | first look | a tick, median | slowest | events it read |\n"
        "| --- | --- | --- | --- | --- | --- |"
    )
    for count in COUNTS:
        with tempfile.TemporaryDirectory() as folder:
            workspace = Workspace(Path(folder))
            print(f"| {count:,} | {' | '.join(measured(workspace, count))} |", flush=True)
            workspace.close()
    print(f"\n| with {RUNS} runs | time |\n| --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "workspace")
        for what, took in listed(workspace, Path(folder) / "images"):
            print(f"| {what} | {words(took)} |", flush=True)
        workspace.close()
    return 0


def measured(workspace: Workspace, count: int) -> tuple[str, ...]:
    recipe = Recipe(dataset="d", backbone="bundled", weights="w", version=1, strategy="fine_tune_all")
    (run,) = workspace.runs.submit([recipe])
    events, ticks, new = written(), [], []
    with closing(Store(workspace.root / "graft.db", write=True)) as store:
        store.start(run, "cpu")
        for begin in range(0, count, BATCH):
            store.append(run, [next(events) for _ in range(min(BATCH, count - begin))])
        whole = seconds(lambda: workspace.jobs.events(run))
        first = seconds(lambda: look(workspace, run))
        for _ in range(TICKS):
            before = feed(workspace, run).seq
            store.append(run, [next(events) for _ in range(3)])  # a batch comes every 0.3 s, most events merged
            ticks.append(seconds(lambda: look(workspace, run)))
            new.append(feed(workspace, run).seq - before)
    return words(whole), words(first), words(sorted(ticks)[TICKS // 2]), words(max(ticks)), str(max(new))


def listed(workspace: Workspace, images: Path) -> Iterator[tuple[str, float]]:
    """The queue's tick, Graft's own work alone, and a rerun of each page that lists runs."""
    rng = np.random.default_rng(0)
    for label in ("one", "two"):
        (images / label).mkdir(parents=True)
        for number in range(20):
            pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(images / label / f"{number}.png")
    for _ in workspace.jobs.drive(workspace.datasets.import_path(images)):
        pass
    dataset = workspace.datasets.get(workspace.datasets.list()[0].id)
    strategies = [strategy.name for strategy in workspace.strategies.list()]
    recipes = [
        workspace.recipes.make(dataset, strategies[number % len(strategies)], seed=number) for number in range(RUNS)
    ]
    with closing(Store(workspace.root / "graft.db", write=True)) as store:
        for number, id in enumerate(workspace.runs.submit(recipes)):
            store.finish(id, "done", result={"seconds": 1.0, "val_accuracy": number / RUNS, "test_accuracy": 0.5})

    def tick() -> None:
        listed = workspace.runs.list(dataset.id)
        runs.titles(workspace, listed)
        queue.lines(workspace, listed)

    yield "reading them", min(seconds(lambda: workspace.runs.list(dataset.id)) for _ in range(TICKS))
    yield "titles and lines, for a new list", seconds(tick)
    yield "a tick of the queue", min(seconds(tick) for _ in range(TICKS))
    guard.workspace = lambda: workspace
    for name in ("start", "train", "predict"):
        page = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=60)
        page.session_state[state.opened.key] = True
        page.run()
        yield f"{name.capitalize()}, a rerun", min(seconds(page.run) for _ in range(5))
        assert not page.exception and not page.error


def look(workspace: Workspace, id: str) -> None:
    """What the page's fragment does at each tick."""
    run, seen = workspace.runs.get(id), feed(workspace, id)
    status.phase(seen)
    live_chart.run_chart(seen, key=id, strategy=run.recipe.strategy, chance=0.1)


def written() -> Iterator[Event]:
    """The events of an endless fine-tuning: two steps to a `Progress`, an `EpochEnd` after so many."""
    yield StageStart(stage="all", title="Fine-tune", number=1, stages=1)
    step = epoch = 0
    while True:
        epoch += 1
        for done in range(1, EPOCH):
            step += 2
            losses = (2 / (1 + step / 900) + 0.1 * (step % 7) / 7, 2 / (1 + step / 900))
            yield Progress(
                what=f"Epoch {epoch}",
                done=done,
                of=EPOCH,
                seconds_left=60.0,
                images_per_second=120.0,
                memory_bytes=10**9,
                steps=(step - 1, step),
                losses=losses,
            )
        accuracy = 1 - 1 / (1 + epoch / 40)
        yield EpochEnd(
            stage="all",
            epoch=epoch,
            step=step,
            train_loss=losses[1],
            train_accuracy=accuracy,
            val_loss=losses[1] * 1.1,
            val_accuracy=accuracy * 0.95,
            best=True,
            seconds=epoch * 4.0,
        )


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def words(value: float) -> str:
    return f"{1_000 * value:,.1f} ms"


if __name__ == "__main__":
    sys.exit(main())
