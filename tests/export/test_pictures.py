"""A bundle's own program makes of every kind of file what Graft makes of it, or refuses it by the same sentence."""

import io
import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.data.kinds_of_files import KINDS, REFUSED
from transfer_core.data.pixels import square
from transfer_core.errors import ImageError
from transfer_core.export.bundle import copy_pictures
from transfer_core.export.unpacked import PICTURES, PROGRAM
from transfer_core.types import NEWEST, Rendering

READ = """
import json, sys, warnings
warnings.simplefilter("ignore")
from pathlib import Path
import numpy as np
from numpy.typing import NDArray
from predict import Squares
found, why = {}, {}
for number, said in enumerate(json.loads(sys.argv[1])):
    squares = Squares(said)
    for file in sorted(Path("files").iterdir()):
        name = f"{file.name} {number}"
        try:
            found[name] = squares.read(file)
        except ValueError as error:
            why[name] = str(error)
assert "transfer_core" not in sys.modules
np.savez("found.npz", **found)
Path("why.json").write_text(json.dumps(why))
"""
SCALED = Rendering(rules=2, integers=(9e3, 5e4), floats=(0.1, 0.7), colours=(1e3, 6e4), bands=(2, 1, 3), ground=0)


def test_a_bundle_decodes_as_graft_does(tmp_path: Path) -> None:
    shutil.copy(PROGRAM, tmp_path)
    copy_pictures(tmp_path / PICTURES)
    (tmp_path / "files").mkdir()
    files = {**{name: kind for name, kind in KINDS.items() if kind.there}, **REFUSED}
    for name, file in files.items():
        (tmp_path / "files" / name.replace(" ", "_").replace(":", "")).write_bytes(file.make())
    ways: list[tuple[dict[str, Any], Rendering]] = [
        ({"resize_px": 40, "crop_px": 32, "fit": "crop"}, NEWEST),
        ({"resize_px": 32, "crop_px": 32, "fit": "pad"}, SCALED),
        ({"resize_px": 32, "crop_px": 32, "fit": "squeeze"}, Rendering()),
    ]
    said = [
        {"px": shape["crop_px"], "resize_px": shape["resize_px"], "fit": shape["fit"]}
        | {"decoding": {"rendering": vars(rendering)} if rendering.rules > 1 else {}}  # an earlier Graft's says nothing
        for shape, rendering in ways
    ]
    program = [sys.executable, "-c", READ, json.dumps(said)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if "site" in each)}
    done = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    why = json.loads((tmp_path / "why.json").read_text())
    with np.load(tmp_path / "found.npz") as found:
        assert len(found) + len(why) == len(files) * len(ways)
        for number, (shape, rendering) in enumerate(ways):
            for file in sorted((tmp_path / "files").iterdir()):
                name = f"{file.name} {number}"
                here = _read(file, rendering, shape)
                if isinstance(here, str):
                    assert why[name] == here, name
                else:
                    assert name in found, (name, why.get(name))
                    assert (found[name] == here).all(), name


def _read(file: Path, rendering: Rendering, shape: dict[str, Any]) -> NDArray[np.uint8] | str:
    try:
        with warnings.catch_warnings(action="ignore"):
            return square(io.BytesIO(file.read_bytes()), rendering, **shape)
    except ImageError as error:
        return str(error)
