"""The classes of photos, by onnxruntime, pillow and numpy alone.

python predict.py photo.jpg folder ...     the likeliest classes of each image
python predict.py --json -                 one JSON line an image, with all probabilities; paths from standard input

from predict import load
model = load()
for path, probabilities in model.predict(["photo.jpg"]):  # (K,) float32, in the order of model.classes
    print(path, model.top(probabilities))
"""

import argparse
import io
import itertools
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # graft_pictures, which reads images, lies beside this file

from graft_pictures import Rendering, as_picture, fit_square, may_be_image, square  # noqa: E402

BATCH, THREADS = 16, 2


class Squares:
    """How image files become what the network sees, as `model.json` says."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.px, self.resize_px, self.fit = int(said["px"]), int(said["resize_px"]), str(said["fit"])
        known = said["decoding"].get("rendering", {})  # bundles of an earlier Graft say nothing
        self.rendering = Rendering(**{name: tuple(to) if isinstance(to, list) else to for name, to in known.items()})

    def read(self, file: Path | BinaryIO) -> np.ndarray:
        """(px, px, 3) uint8. Raises ValueError, with the reason, for what is no image that can be read."""
        try:
            return np.asarray(square(file, self.rendering, resize_px=self.resize_px, crop_px=self.px, fit=self.fit))
        except OSError as error:
            raise ValueError(" ".join(str(error).split())) from error

    def upright(self, image: Image.Image) -> Image.Image:
        """As its camera was held, as 8-bit RGB."""
        found: Image.Image = as_picture(image, self.rendering)
        return found

    def square(self, image: Image.Image) -> np.ndarray:
        return np.asarray(fit_square(image, resize_px=self.resize_px, crop_px=self.px, fit=self.fit))


class Model:
    """The network with all that belongs to it."""

    def __init__(self, folder: Path) -> None:
        self.card: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        self.classes: list[str] = self.card["classes"]
        self.squares = Squares(self.card["preprocessing"])
        self.folder = folder
        self.use(self.card["onnx"]["file"])

    def use(self, graph: str) -> None:
        """Answer by that graph of the folder from now on."""
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # else it reports home, from its import on
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "0"))  # 0: as many as there are cores
        # Threads that spin while they wait take the processors from those that decode.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(self.folder / graph, options, providers=["CPUExecutionProvider"])

    def probabilities(self, squares: np.ndarray) -> np.ndarray:
        """(N, px, px, 3) uint8 -> (N, K) float32."""
        return np.asarray(self.session.run(None, {self.card["onnx"]["input"]: squares})[0])

    def predict(self, paths: Iterable[str | Path]) -> Iterator[tuple[Path, np.ndarray | ValueError]]:
        """Each image with its probabilities (K,), or why it cannot be read; a batch at a time, in the given order."""
        waiting = iter(paths)
        with ThreadPoolExecutor(THREADS) as pool:
            while batch := [Path(path) for path in itertools.islice(waiting, BATCH)]:
                read = list(pool.map(self._read, batch))
                squares = [each for each in read if isinstance(each, np.ndarray)]
                found = iter(self.probabilities(np.stack(squares)) if squares else ())
                yield from ((path, each if isinstance(each, ValueError) else next(found))
                            for path, each in zip(batch, read, strict=True))  # fmt: skip

    def top(self, probabilities: np.ndarray, most: int = 5) -> list[tuple[str, float]]:
        """The likeliest classes, the best first."""
        return [(self.classes[k], float(probabilities[k])) for k in (-probabilities).argsort(kind="stable")[:most]]

    def sure(self, probabilities: np.ndarray) -> bool:
        """Whether an answer stands: as likely as answers have to be for the accuracy that model.json promises."""
        least = self.card["certainty"]["threshold"]
        return least is not None and float(probabilities.max()) >= least

    def _read(self, path: Path) -> np.ndarray | ValueError:
        try:
            return self.squares.read(path)
        except ValueError as error:
            return error


def load(folder: str | Path = HERE) -> Model:
    """The model of this folder, ready to predict."""
    return Model(Path(folder))


def images(arguments: Sequence[str]) -> Iterator[Path]:
    """Files as they are named, folders' by names that an image may have, for `-` a path a line from standard input."""
    for argument in arguments:
        if argument == "-":
            yield from (Path(os.fsdecode(line.rstrip(b"\r\n"))) for line in sys.stdin.buffer)
        elif Path(argument).is_dir():
            yield from sorted(path for path in Path(argument).rglob("*") if path.is_file() and may_be_image(path.name))
        else:
            yield Path(argument)


def show(model: Any, arguments: Sequence[str] | None = None) -> int:
    """The command line over a model. Returns how many images could not be read, 125 at most."""
    parser = argparse.ArgumentParser(description="The likeliest classes of each image.")
    parser.add_argument("images", nargs="+", help="files, folders, or - for paths from standard input")
    parser.add_argument("--top", type=int, default=5, help="classes shown (default: 5)")
    parser.add_argument("--json", action="store_true", help="one JSON line an image, with all probabilities")
    parser.add_argument("--graph", metavar="FILE", help="another graph of this folder, as model-fp16.onnx")
    options = parser.parse_args(arguments)
    if options.graph:
        model.use(options.graph)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a name shows its numbers
    unread = 0
    for path, found in model.predict(images(options.images)):
        if isinstance(found, ValueError):
            unread += 1
            print(f"{path} cannot be read: {found}", file=sys.stderr)
            if options.json:
                print(json.dumps({"image": str(path), "error": str(found)}), flush=True)
        elif options.json:
            numbers = [float(each) for each in found]
            best = model.classes[int(found.argmax())]
            line = {"image": str(path), "top": best, "sure": model.sure(found), "probabilities": numbers}
            print(json.dumps(line), flush=True)
        else:
            print(
                path if model.sure(found) else f"{path}: not sure",
                *(f"  {share:6.1%}  {name}" for name, share in model.top(found, options.top)),
                sep="\n",
            )
    return min(unread, 125)


if __name__ == "__main__":
    sys.exit(show(load()))
