"""A user's own weights by the one door."""

import io

from safetensors.torch import save

from tests.driving import drive
from transfer_core.backbones.torchvision import build
from transfer_core.types import Dataset, RunEnd
from transfer_core.workspace import Workspace


def test_a_users_own_weights_are_checked_and_then_trained_from(workspace: Workspace, dataset: Dataset) -> None:
    weights = io.BytesIO(save(dict(build("shufflenet_v2_x0_5", classes=5).state_dict())))
    added = workspace.backbones.add_upload(weights, "../My: net.safetensors", arch="shufflenet_v2_x0_5", name="my-net")
    assert drive(workspace, added).result == {"name": "my-net"}
    own = workspace.backbones.get("my-net")
    assert (
        own in workspace.backbones.list() and workspace.backbones.available(own) and own.source == "My: net.safetensors"
    )
    (run,) = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe", "my-net")])
    assert workspace.runs.get(run).recipe.weights == own.weights
    drive(workspace, run)
    other = workspace.backbones.add_upload(
        io.BytesIO(weights.getvalue()), "x.safetensors", arch="resnet18", name="other"
    )
    *_, end = workspace.jobs.drive(other)
    assert isinstance(end, RunEnd) and end.status == "failed" and "has no tensor 'conv1.weight'" in end.error
    assert not any((workspace.root / "staging").iterdir())
