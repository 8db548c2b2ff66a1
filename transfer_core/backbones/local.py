"""A user's own weights for an architecture that Graft knows: checked, then kept in the workspace."""

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from transfer_core.backbones import ENTRY, LOCAL, backbones
from transfer_core.backbones.taps import extractor
from transfer_core.backbones.torchvision import NOT_WEIGHTS, build, read_weights, reason
from transfer_core.backbones.usable import require_alive, require_openable
from transfer_core.errors import WeightsError, disk_words
from transfer_core.types import Backbone

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
ENDINGS = (".pth", ".pt", ".safetensors")
OWN = "trunk."  # before a parameter's name in a file of Graft's own
OWN_LICENCE = "Your own weights: their licence is yours to know"


def add_local(root: Path, file: Path, *, arch: str, name: str, title: str = "") -> Backbone:
    """Keep the weights of `file` in the workspace `root` as a backbone of that name, all or nothing.

    Takes a state dict of the network `arch`, bare, in a checkpoint, or a run's `model.safetensors`; the classifier is
    left out, so it may have any number of classes. Runs no code of the file's. Raises WeightsError that names the first
    tensor that does not fit, for a file that would inflate, and for weights with which all pictures look the same.
    """
    known = {found.name: found for found in backbones(root)}
    _require_free(root, name)
    like = known.get(arch) or next((found for found in known.values() if found.arch == arch), None)
    if like is None:
        raise WeightsError(f"There is no architecture '{arch}'. `graft backbones` lists those that Graft knows.")
    if file.suffix not in ENDINGS:
        raise WeightsError(f"{file.name} is not a file of weights by its name; {', '.join(ENDINGS)} can be read.")
    try:
        require_openable(file, like)
        found_tensors = read_weights(file)
    except FileNotFoundError as error:
        raise WeightsError(f"{file} does not exist. Check the path.") from error
    except NOT_WEIGHTS as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise WeightsError(disk_words(error, file)) from error
        raise WeightsError(
            f"{file.name} cannot be read as weights ({reason(error)}). Save the network's state_dict() alone, with"
            " torch.save or as .safetensors."
        ) from error
    return keep(
        root,
        like,
        {key.removeprefix(OWN): each for key, each in found_tensors.items()},
        name=name,
        title=title,
        source=file.name,
    )


def keep(
    root: Path,
    like: Backbone,
    tensors: Mapping[str, Tensor],
    *,
    name: str,
    source: str,
    title: str = "",
    licence: str = OWN_LICENCE,
) -> Backbone:
    """Keep tensors as a backbone that is built like `like`. `source`: where they are from. Raises WeightsError."""
    _require_free(root, name)
    kept = {}
    module = build(like.arch)
    network = extractor(module, like, like.taps[-1:])
    for key, value in network.state_dict().items():
        found = tensors.get(key)
        if found is None and key.endswith("num_batches_tracked"):
            found = value
        if found is None:
            raise WeightsError(
                f"{source} has no tensor '{key}', which {like.title} has. Is it of another architecture?"
            )
        if found.shape != value.shape:
            raise WeightsError(
                f"In {source}, '{key}' has the shape {tuple(found.shape)}, but {like.title} has"
                f" {tuple(value.shape)} there. Is it of another architecture?"
            )
        kept[key] = found.to(value.dtype).contiguous()
        if not kept[key].isfinite().all():
            raise WeightsError(f"In {source}, '{key}' holds numbers that are not finite. Save the weights again.")
    module.load_state_dict(kept, strict=False)
    require_alive(module, like, source)
    content = safetensors_bytes(kept)
    sha256 = hashlib.sha256(content).hexdigest()
    entry = replace(
        like,
        name=name,
        title=title or name,
        weights=f"local-{sha256[:16]}",
        file=f"{LOCAL}/{name}/weights.safetensors",
        licence=licence,
        top1=None,
        source=source,
        file_bytes=len(content),
        curated="",
        package="",
        sha256=sha256,
    )
    part = root / LOCAL / f".{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    (part / "weights.safetensors").write_bytes(content)
    (part / ENTRY).write_text(json.dumps(asdict(entry)), encoding="utf-8")
    part.rename(root / LOCAL / name)
    return entry


def _require_free(root: Path, name: str) -> None:
    if not NAME.fullmatch(name):
        raise WeightsError(f"{name!r} cannot name a backbone. Use small letters, digits, - and _, 41 at most.")
    if name in {found.name for found in backbones(root)} or (root / LOCAL / name).exists():
        raise WeightsError(f"There is a backbone '{name}' already. Choose another name.")
