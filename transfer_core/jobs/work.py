"""What each kind of job does: a generator of events, the same in a worker and inline."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from transfer_core.backbones import backbone
from transfer_core.store import Store
from transfer_core.types import Event, Mark, Progress, Recipe, RunEnd


def work(id: str, kind: str, payload: dict[str, Any], *, root: Path, device: str) -> Iterator[Event]:
    """Start a job's generator. It writes only under the job's own folder and the caches, never to the database."""
    if kind == "import":
        return _import(payload, staging(root, id))
    if kind == "correct":
        return _correct(payload, root, staging(root, id))
    if kind == "train":
        return _train(Recipe(**payload["recipe"]), root, id, device)
    if kind == "speed":
        return _speed(payload["backbone"], root, device)
    if kind == "measure":
        return _measure(payload, root, device)
    if kind == "pilot":
        return _pilot(payload, root, device)
    if kind == "backbone":
        return _backbone(payload, root)
    if kind == "augment":
        return _augment(payload, root)
    if kind == "rates":
        return _rates(Recipe(**payload["recipe"]), root, device)
    return _predict(payload, root, device)


def staging(root: Path, id: str) -> Path:
    return root / "staging" / id


def run_folder(root: Path, id: str) -> Path:
    return root / "runs" / id


def _import(payload: dict[str, Any], folder: Path) -> Iterator[Event]:
    target = folder / "dataset"
    target.mkdir(parents=True)
    if payload["example"]:
        from transfer_core.data.examples import draw_example

        yield from draw_example(payload["example"], target, seed=payload["seed"])
    else:
        from transfer_core.data.dataset import import_images

        yield from import_images(Path(payload["source"]), target, name=payload["name"], seed=payload["seed"])


def _correct(payload: dict[str, Any], root: Path, folder: Path) -> Iterator[Event]:
    from transfer_core.data.corrected import correct

    dataset = Store(root / "graft.db", write=False).dataset(payload["dataset"])
    target = folder / "dataset"
    target.mkdir(parents=True)
    marks = [Mark(**mark) for mark in payload["marks"]]
    yield from correct(dataset, marks, root / "datasets" / dataset.id / "samples", target)


def _train(recipe: Recipe, root: Path, id: str, device: str) -> Iterator[Event]:
    from transfer_core.training.fit import fit

    dataset = Store(root / "graft.db", write=False).dataset(recipe.dataset)
    out = run_folder(root, id)
    out.mkdir(parents=True, exist_ok=True)
    yield from fit(recipe, dataset, workspace=root, out=out, device=device)


def _speed(name: str, root: Path, device: str) -> Iterator[Event]:
    from transfer_core.studies.speed import measure_speed

    yield from measure_speed(backbone(name, root), device=device)


def _measure(payload: dict[str, Any], root: Path, device: str) -> Iterator[Event]:
    from transfer_core.studies.measure import measure

    dataset = Store(root / "graft.db", write=False).dataset(payload["dataset"])
    yield from measure(dataset, backbone(payload["backbone"], root), workspace=root, device=device)


def _pilot(payload: dict[str, Any], root: Path, device: str) -> Iterator[Event]:
    from transfer_core.studies.pilots import pilots

    dataset = Store(root / "graft.db", write=False).dataset(payload["dataset"])
    network = backbone(payload["backbone"], root)
    yield from pilots(dataset, network, seconds=payload["seconds"], workspace=root, device=device)


def _backbone(payload: dict[str, Any], root: Path) -> Iterator[Event]:
    yield Progress(what="Checking the weights", done=0, of=1, unit="files")
    from transfer_core.backbones.local import add_local

    added = add_local(root, Path(payload["file"]), arch=payload["arch"], name=payload["name"])
    yield RunEnd(status="done", result={"name": added.name})


def _augment(payload: dict[str, Any], root: Path) -> Iterator[Event]:
    from transfer_core.studies.augmented import draw_augmented

    dataset = Store(root / "graft.db", write=False).dataset(payload["dataset"])
    known = backbone(payload["backbone"], root)
    out = root / payload["file"]
    return draw_augmented(dataset, known, preset=payload["preset"], flip=payload["flip"], workspace=root, out=out)


def _rates(recipe: Recipe, root: Path, device: str) -> Iterator[Event]:
    from transfer_core.studies.rates import find_rate

    dataset = Store(root / "graft.db", write=False).dataset(recipe.dataset)
    yield from find_rate(recipe, dataset, workspace=root, device=device)


def _predict(payload: dict[str, Any], root: Path, device: str) -> Iterator[Event]:
    from transfer_core.training.predict import predict

    yield from predict(run_folder(root, payload["run"]), Path(payload["image"]), device=device)
