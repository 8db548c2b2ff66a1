"""Where this machine can compute."""

import torch

from transfer_core.errors import RecipeError
from transfer_core.types import Device


def devices() -> tuple[Device, ...]:
    """CUDA devices, then Apple's GPU, then the CPU: the first is the one to take."""
    found = []
    if torch.cuda.is_available():
        for i in range(torch.cuda.device_count()):
            known = torch.cuda.get_device_properties(i)
            found.append(Device(name=f"cuda:{i}", title=f"{known.name}, {known.total_memory >> 30} GB"))
    if torch.backends.mps.is_available():
        found.append(Device(name="mps", title="Apple GPU"))
    threads = torch.get_num_threads()
    found.append(Device(name="cpu", title=f"CPU, {threads} thread{'s' * (threads > 1)}"))
    return tuple(found)


def device(name: str) -> Device:
    """The device of that name, or the first for "auto". Raises RecipeError when this machine has none such."""
    found = devices()
    if name == "auto":
        return found[0]
    for known in found:
        if known.name == name or (name == "cuda" and known.name == "cuda:0"):
            return known
    raise RecipeError(f"There is no device '{name}' here. Choose one of: {', '.join(d.name for d in found)}.")
