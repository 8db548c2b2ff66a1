"""What folding BatchNorm gains: `python -m benchmarks.folding [--backbone NAME] [--rounds 4]`.

A frozen pass over random squares at the network's own side up to all of its taps, as it is and with BatchNorm folded
into the convolutions, in turn; and how far features differ, of the largest at each tap.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import torch

from transfer_core.backbones import backbone
from transfer_core.backbones.folding import folded
from transfer_core.backbones.taps import extractor
from transfer_core.backbones.torchvision import load
from transfer_core.training.features import BATCH_SIZES
from transfer_core.training.setup import place

BATCHES = 8


@torch.inference_mode()
def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--backbone", action="append", default=[])
    parser.add_argument("--rounds", type=int, default=4)
    given = parser.parse_args()
    device, size = torch.device("cpu"), BATCH_SIZES["cpu"]
    print("| network | as it is, images/s | folded, images/s | ratio (lowest to highest) | difference |")
    print("| --- | --- | --- | --- | --- |")
    for name in given.backbone or ("efficientnet_lite0", "bundled"):
        known = backbone(name, Path(tempfile.gettempdir()))
        module = load(known)
        place(module, device)
        trunk = extractor(module.eval(), known, known.taps)
        ways = (trunk, folded(trunk))
        x = torch.rand(size, 3, known.input_px, known.input_px, generator=torch.Generator().manual_seed(0))
        x = x.to(memory_format=torch.channels_last)
        plain, quick = (way(x) for way in ways)
        away = max(float((plain[tap] - quick[tap]).abs().max() / plain[tap].abs().max()) for tap in plain)
        rates: list[list[float]] = [[], []]
        for _ in range(given.rounds):
            for way, rate in zip(ways, rates, strict=True):
                began = time.perf_counter()
                for _ in range(BATCHES):
                    way(x)
                rate.append(BATCHES * size / (time.perf_counter() - began))
        ratios = [after / before for before, after in zip(*rates, strict=True)]
        gain = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        middle = " | ".join(f"{statistics.median(rate):.0f}" for rate in rates)
        print(f"| {name} | {middle} | {gain} | {away:.0e} |", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
