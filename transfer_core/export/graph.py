"""Members as one graph: squares of bytes go in, probabilities come out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from transfer_core.backbones.torchvision import reason
from transfer_core.errors import ExportError
from transfer_core.export.members import Member

OPSET = 18  # below the exporter's default, so that older runtimes read it too
INPUT, OUTPUT = "images", "probabilities"


class Calibrated(nn.Module):
    """A member from bytes to probabilities: (N, H, W, 3) uint8 -> (N, K). Normalisation and temperature are in it."""

    mean: Tensor
    std: Tensor

    def __init__(self, member: Member, *, half: bool = False) -> None:
        super().__init__()
        self.dtype = torch.float16 if half else torch.float32
        known = member.network.backbone
        self.register_buffer("mean", torch.tensor(known.mean).view(1, 3, 1, 1) * 255)
        self.register_buffer("std", torch.tensor(known.std).view(1, 3, 1, 1) * 255)
        self.network, self.temperature = member.network.to(self.dtype), member.temperature

    def forward(self, squares: Tensor) -> Tensor:
        x = squares.permute(0, 3, 1, 2).float()  # (N, H, W, 3) -> (N, 3, H, W)
        logits = self.network(((x - self.mean) / self.std).to(self.dtype)).float()
        return torch.softmax(logits / self.temperature, 1)


class Bundled(nn.Module):
    """The mean of the members' probabilities: (N, H, W, 3) uint8 -> (N, K)."""

    def __init__(self, members: Sequence[Member], *, half: bool = False) -> None:
        super().__init__()
        self.members = nn.ModuleList(Calibrated(member, half=half) for member in members)

    def forward(self, squares: Tensor) -> Tensor:
        said = [member(squares) for member in self.members]
        return said[0] if len(said) == 1 else torch.stack(said).mean(0)


def write_onnx(members: Sequence[Member], file: Path, *, half: bool = False) -> dict[str, Any]:
    """Write the graph, for any number of images. Returns what `model.json` says of it.

    Nothing above the members' taps is in it: their networks end there. `half`: weights and sums in 16 bits, between
    the same input and output; it leaves the members' networks so, which makes it the last thing done with them.
    """
    model = Bundled(members, half=half).eval().requires_grad_(False)
    for layer in model.modules():
        if getattr(layer, "inplace", False):
            layer.inplace = False  # type: ignore[assignment]  # the same numbers, traced in half the time
    px = members[0].network.backbone.input_px
    squares = torch.zeros(2, px, px, 3, dtype=torch.uint8)
    try:
        with torch.no_grad():
            program = torch.onnx.export(
                model,
                (squares,),
                dynamo=True,
                opset_version=OPSET,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes=({0: torch.export.Dim("n")},),
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as error:
        title = members[0].network.backbone.title
        raise ExportError(
            f"torch {torch.__version__} cannot write {title} as ONNX ({reason(error)}). Train another backbone, or try"
            " another release of torch."
        ) from error
    assert program is not None
    graph = program.model.graph
    for each in (graph, *graph, *graph.inputs, *graph.outputs):
        each.metadata_props.clear()  # paths of this machine, and the exporter's own notes
    program.save(file)
    return {
        "file": file.name,
        "opset": program.model.opset_imports[""],
        "ir_version": program.model.ir_version,
        "input": INPUT,
        "input_shape": ["n", px, px, 3],
        "input_type": "uint8, RGB",
        "output": OUTPUT,
        "output_shape": ["n", len(members[0].classes)],
        "output_type": "float32, probabilities",
    }
