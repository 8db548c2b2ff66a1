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
from PIL import Image, UnidentifiedImageError

HERE = Path(__file__).resolve().parent
BATCH, THREADS = 16, 2
ENDINGS = {".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}  # looked for in folders
ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Squares:
    """How image files become what the network sees, as `model.json` says."""

    def __init__(self, said: dict[str, Any]) -> None:
        self.px, self.resize_px, self.fit = int(said["px"]), int(said["resize_px"]), str(said["fit"])
        self.decoding = said["decoding"]

    def read(self, file: Path | BinaryIO) -> np.ndarray:
        """(px, px, 3) uint8. Raises ValueError, with the reason, for what is no image that can be read."""
        try:
            return self.square(self.decode(file))
        except ValueError:
            raise
        except UnidentifiedImageError as error:
            raise ValueError("it is no image of a kind that this model reads") from error
        except Exception as error:  # decoders raise almost anything on damaged files
            raise ValueError(" ".join(str(error).split()) or type(error).__name__) from error

    def decode(self, file: Path | BinaryIO) -> Image.Image:
        """The first frame, upright, as 8-bit RGB on white; a large JPEG smaller, as far as nothing is lost by it."""
        enough = self.decoding["sharp"] * (self.resize_px if self.fit == "crop" else self.px)
        with Image.open(file, formats=self.decoding["formats"]) as image:
            width, height = image.size
            if width * height > self.decoding["most_pixels"]:
                raise ValueError(f"the image has {width} x {height} pixels, more than {self.decoding['most_pixels']:,}")
            if min(width, height) > enough:
                image.draft(None, (enough, enough))
            return self.upright(image)

    def upright(self, image: Image.Image) -> Image.Image:
        """As its camera was held, as 8-bit RGB on white."""
        image.load()
        try:
            orientation = int(image.getexif().get(ORIENTATION, 1))
        except Exception:  # noqa: BLE001  # broken metadata is no reason to lose the image
            orientation = 1
        rgb = self.rgb(image)
        return rgb.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else rgb

    def rgb(self, image: Image.Image) -> Image.Image:
        if image.mode[0] in "IF":
            return Image.fromarray(self.eight_bits(np.asarray(image))).convert("RGB")
        if image.has_transparency_data:
            layer = image if image.mode == "RGBA" else image.convert("RGBA")
            white = Image.new("RGB", layer.size, "white")
            white.paste(layer, mask=layer.getchannel("A"))
            return white
        return image if image.mode == "RGB" else image.convert("RGB")

    def eight_bits(self, values: np.ndarray) -> np.ndarray:
        """Deep grey (H, W): by the bit depth that holds the brightest value, floats up to 1 by 1."""
        deep = np.nan_to_num(values.astype(np.float32))
        low, high = min(0.0, float(deep.min())), float(deep.max())
        depths = self.decoding["depths"]
        tops = (1.0, *depths) if values.dtype.kind == "f" else depths
        top = next((float(t) for t in tops if high <= t), high)
        deep -= low
        deep *= 255.0 / max(top - low, 1e-12)
        return np.rint(deep).astype(np.uint8)

    def square(self, image: Image.Image) -> np.ndarray:
        (width, height), px, bilinear = image.size, self.px, Image.Resampling.BILINEAR
        if self.fit == "squeeze":
            return np.asarray(image.resize((px, px), bilinear))
        if self.fit == "pad":
            long = max(width, height)
            wide, high = max(1, round(px * width / long)), max(1, round(px * height / long))
            sheet = Image.new("RGB", (px, px), tuple(self.decoding["grey"]))
            sheet.paste(image.resize((wide, high), bilinear), ((px - wide) // 2, (px - high) // 2))
            return np.asarray(sheet)
        short = min(width, height)
        wide, high = int(self.resize_px * width / short), int(self.resize_px * height / short)
        left, top = round((wide - px) / 2), round((high - px) / 2)
        if max(wide, high) <= self.decoding["longest"] * self.resize_px:
            return np.asarray(image.resize((wide, high), bilinear).crop((left, top, left + px, top + px)))
        x, y = width / wide, height / high  # of a strip only the centre
        box = (left * x, top * y, min((left + px) * x, width), min((top + px) * y, height))
        return np.asarray(image.resize((px, px), bilinear, box=box))


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
    """Files as they are named, folders' images by name, and for `-` a path a line from standard input."""
    for argument in arguments:
        if argument == "-":
            yield from (Path(os.fsdecode(line.rstrip(b"\r\n"))) for line in sys.stdin.buffer)
        elif Path(argument).is_dir():
            yield from sorted(path for path in Path(argument).rglob("*") if path.suffix.lower() in ENDINGS)
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
