"""Models that a run left: damaged, changed, from before hashes."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from transfer_core.backbones import SMALL_CNN
from transfer_core.backbones.taps import Network
from transfer_core.backbones.torchvision import load
from transfer_core.errors import DatasetError
from transfer_core.training.checkpoint import CARD, WEIGHTS, load_network, save_network
from transfer_core.types import NEWEST, Recipe


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        (CARD, b"", "damaged"),
        (CARD, b"[1, 2]", "damaged"),
        (CARD, b'{"backbone": {"taps": []}}', "damaged"),
        (WEIGHTS, b"", "damaged"),
        (WEIGHTS, bytes(range(256)) * 9, "damaged"),
        (WEIGHTS, None, "holds no trained model"),
    ],
)
def test_a_damaged_model_is_a_sentence(file: str, content: bytes | None, says: str, tmp_path: Path) -> None:
    run = saved(tmp_path / "run", seed=0)
    assert load_network(run, torch.device("cpu"))[1] == ("a", "b")
    (run / file).unlink()
    if content is not None:
        (run / file).write_bytes(content)
    with pytest.raises(DatasetError, match=says):
        load_network(run, torch.device("cpu"))


@pytest.mark.parametrize("how", ["one bit", "cut off", "another run's"])
def test_a_model_that_is_not_as_it_was_written_is_refused(how: str, tmp_path: Path) -> None:
    run, other = saved(tmp_path / "run", seed=0), saved(tmp_path / "other", seed=1)
    content = bytearray((run / WEIGHTS).read_bytes())
    content[-40] ^= 1  # of a weight: no reader of the format would notice
    changed = {
        "one bit": bytes(content),
        "cut off": bytes(content[:-4]),
        "another run's": (other / WEIGHTS).read_bytes(),
    }
    (run / WEIGHTS).write_bytes(changed[how])
    with pytest.raises(DatasetError, match=r"not the file that Graft wrote, by its SHA-256\. Train it again"):
        load_network(run, torch.device("cpu"))


def test_a_model_from_before_hashes_loads_and_one_that_is_not_finite_does_not(tmp_path: Path) -> None:
    run = saved(tmp_path / "run", seed=0)
    card = json.loads((run / CARD).read_text())
    del card["sha256"]
    (run / CARD).write_text(json.dumps(card))
    assert load_network(run, torch.device("cpu"))[1] == ("a", "b")
    weights = load_file(run / WEIGHTS)
    weights["head.weight"][0, 0] = torch.nan
    save_file(weights, run / WEIGHTS)
    with pytest.raises(DatasetError, match=r"not finite numbers \('head\.weight' is the first\)"):
        load_network(run, torch.device("cpu"))


def saved(run: Path, *, seed: int) -> Path:
    """The folder of a run that left a small network."""
    network = Network(load(SMALL_CNN, random_init=True, seed=seed), SMALL_CNN, 2, taps=("stage4",))
    recipe = Recipe(dataset="d", backbone="small_cnn", weights="random", version=1, strategy="small_cnn")
    save_network(network, ("a", "b"), recipe, NEWEST, run)
    return run
