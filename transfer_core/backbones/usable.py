"""Whether a file of weights is worth opening, and whether a network with its weights tells pictures apart.

torch.save stores its tensors uncompressed, so a compressed member of a `.pth` can only be there to inflate.
"""

import mmap
import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from transfer_core.backbones.taps import extractor, pool
from transfer_core.errors import WeightsError
from transfer_core.types import Backbone

FIXED_BYTES = 64 << 20  # for a classifier of any number of classes, and what else a checkpoint tells
PARAMETER_BYTES = 32  # float32 weights, an optimizer's two moments and an average of the weights, twice over
PICKLE_BYTES = 8 << 20  # of names and shapes
MAKERS = (b"bytearray\n",)  # of what torch's reader allows, those that make much of a single number
PICTURES, PART, LEAST_PX = 32, 4, 64
ALIKE = 1e-6  # of the largest code: what rounding alone may differ by


def require_openable(file: Path, like: Backbone) -> None:
    """Raises WeightsError for a file that would become larger in memory than any checkpoint of that network is.

    Reads a zip's directory and its pickle, and nothing else of it. A file that is missing, or damaged, passes.
    """
    most = FIXED_BYTES + PARAMETER_BYTES * like.parameters
    size = file.stat().st_size if file.is_file() else 0
    if size > most:
        raise _too_large(file, "is", size, like, most)
    if file.suffix == ".safetensors" or not size:
        return
    if not zipfile.is_zipfile(file):
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
            _require_plain(file, any(content.find(maker) >= 0 for maker in MAKERS))
        return
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            inflated = sum(member.file_size for member in members)
            if inflated > most:
                raise _too_large(file, "inflates to", inflated, like, most)
            for member in members:
                if member.compress_type != zipfile.ZIP_STORED:
                    raise WeightsError(
                        f"In {file.name}, '{member.filename}' is compressed, which torch.save never does. Save the"
                        " network's state_dict() again, with torch.save or as .safetensors."
                    )
                if member.filename.endswith(".pkl"):
                    if member.file_size > PICKLE_BYTES:
                        raise _too_large(file, "holds names of", member.file_size, like, PICKLE_BYTES)
                    content_read = archive.read(member)
                    _require_plain(file, any(maker in content_read for maker in MAKERS))
    except zipfile.BadZipFile:
        return  # torch says what is wrong with it


def require_alive(module: nn.Module, like: Backbone, source: str) -> None:
    """Raises WeightsError when the network's codes of 32 different pictures are not finite, or are all the same.

    The pictures are drawn from a fixed seed, at a small side where the network takes one.
    """
    px = like.input_px
    if not like.fixed_px:
        side = -(-max(like.smallest_px, LEAST_PX) // like.stride) * like.stride
        px = min(px, side)
    seen, last = like.seeing(px), like.taps[-1]
    network = extractor(module.eval(), seen, [last])
    with torch.inference_mode():
        parts = [pool(network(part)[last.name], last) for part in torch.split(_pictures(seen), PART)]
    require_telling(torch.cat(parts), source, "32 different pictures")


def require_telling(codes: Tensor, source: str, what: str) -> None:
    """Raises WeightsError for codes (N, channels) of `what` that are not finite, or the same for all N."""
    if not codes.isfinite().all():
        raise WeightsError(
            f"With the weights of {source} the network's features of {what} are not finite. Use weights from before"
            " training went wrong."
        )
    if (codes.amax(0) - codes.amin(0)).max() <= ALIKE * codes.abs().max():
        raise WeightsError(
            f"With the weights of {source} the network says the same of {what}: it is dead. Use weights of a network"
            " that has learned, or of an earlier epoch."
        )


def _pictures(seen: Backbone) -> Tensor:
    """(32, 3, px, px) as the network takes them: patches of colour, each picture with noise of its own strength."""
    drawn = torch.Generator().manual_seed(0)
    size = (seen.input_px, seen.input_px)
    patches = interpolate(torch.rand(PICTURES, 3, 8, 8, generator=drawn), size=size, mode="bilinear")
    noise = torch.rand(PICTURES, 3, *size, generator=drawn)
    strength = torch.linspace(0, 0.5, PICTURES).view(-1, 1, 1, 1)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (seen.mean, seen.std))
    return ((1 - strength) * patches + strength * noise - mean) / std


def _require_plain(file: Path, made: bool) -> None:
    if made:
        raise WeightsError(
            f"{file.name} would make things that are no weights. Save the network's state_dict() alone, with torch.save"
            " or as .safetensors."
        )


def _too_large(file: Path, verb: str, size: int, like: Backbone, most: int) -> WeightsError:
    return WeightsError(
        f"{file.name} {verb} {size / 1e6:,.0f} MB; a file for {like.title} may take {most / 1e6:,.0f} MB. Is it of"
        " another architecture? Save the network's state_dict() alone."
    )
