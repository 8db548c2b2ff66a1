"""What one step frees, the next one takes: glibc's malloc by itself returns large blocks to the system at once.

A step of training allocates the same large tensors as the one before. Each that is above glibc's threshold (32 MB at
most) is then a new mapping whose pages are zeroed one by one again: a tenth of the processor time of training
(benchmarks/RESULTS.md, Memory kept between steps). Kept, the memory of a run stays with the process until `trim`.
Elsewhere both do nothing.
"""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
LARGEST = 1 << 30  # bytes of a block, and of free memory at the heap's end, that stay with the process


def keep() -> None:
    """Blocks of up to LARGEST bytes stay with the process when they are freed, from now on."""
    if _has("mallopt"):
        library = ctypes.CDLL(None)
        library.mallopt(M_MMAP_THRESHOLD, LARGEST)
        library.mallopt(M_TRIM_THRESHOLD, LARGEST)


def trim() -> None:
    """Give back to the system what is free, so that the memory of what comes next is its own."""
    if _has("malloc_trim"):
        ctypes.CDLL(None).malloc_trim(0)


def _has(function: str) -> bool:
    return sys.platform == "linux" and hasattr(ctypes.CDLL(None), function)
