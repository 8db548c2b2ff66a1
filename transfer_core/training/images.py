"""From the decode-once cache to batches on a device."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from transfer_core.data.pixels import Squares
from transfer_core.types import Backbone, Ints


class Images:
    """The squares of a dataset, (N, H, W, 3) uint8, as normalised batches in channels-last order."""

    def __init__(self, pixels: Squares | NDArray[np.uint8], backbone: Backbone, device: torch.device) -> None:
        self.pixels, self.device = pixels, device
        self.mean = torch.tensor(backbone.mean, device=device).view(1, 3, 1, 1) * 255
        self.std = torch.tensor(backbone.std, device=device).view(1, 3, 1, 1) * 255

    def batch(self, rows: Ints) -> Tensor:
        """Sample numbers (B,) -> (B, 3, H, W) on the device. Bytes travel; floats are made there."""
        taken = torch.from_numpy(self.pixels[rows])  # fancy indexing copies, so a memmap is read once
        if self.device.type == "cuda":
            taken = taken.pin_memory()
        x = taken.to(self.device, non_blocking=True).permute(0, 3, 1, 2).float()  # (B, H, W, 3) -> (B, 3, H, W)
        return x.sub_(self.mean).div_(self.std)
