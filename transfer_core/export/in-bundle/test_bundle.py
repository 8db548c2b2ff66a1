"""Whether this folder is whole and still answers as it did: `python test_bundle.py`. Needs what predict.py needs."""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # predict.py lies beside this file

from predict import load  # noqa: E402


def test_files() -> None:
    """Every file is the one that was exported, by its SHA-256."""
    for name, expected in json.loads((HERE / "model.json").read_text(encoding="utf-8"))["files"].items():
        file = HERE / name
        assert file.is_file(), f"{name} is not there. Unpack the bundle again."
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        assert found == expected, f"{name} is not the file that was exported, by its SHA-256. Unpack the bundle again."


def test_samples() -> None:
    """The sample images get the classes and probabilities that they had where the network was trained."""
    model = load(HERE)
    samples = json.loads((HERE / "samples" / "expected.json").read_text(encoding="utf-8"))
    assert samples, "there are no samples"
    answers = model.predict(HERE / "samples" / each["file"] for each in samples)
    for (path, found), each in zip(answers, samples, strict=True):
        assert isinstance(found, np.ndarray), f"{path.name} cannot be read: {found}"
        expected = np.array([each["probabilities"][name] for name in model.classes])
        far = float(np.abs(found - expected).max())
        assert far < model.card["verified"]["tolerance"], f"{path.name}: probabilities are {far:.1e} away"
        tied = expected.max() - expected[int(found.argmax())] <= model.card["verified"]["tie"]
        assert tied, f"{path.name}: {model.classes[int(found.argmax())]}, not {each['top']}"


if __name__ == "__main__":
    try:
        for test in (test_files, test_samples):
            test()
    except AssertionError as failed:
        sys.exit(f"FAILED: {failed}")
    print("The files are whole, and the samples get their answers.")
