"""Disks that can be filled."""

import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LEFT_KB = 200  # when it is called full: less than any model takes


class Disk:
    """A folder on a disk that can be filled and freed."""

    def __init__(self, root: Path, fill: Callable[[int], None], free: Callable[[], None]) -> None:
        self.root, self._fill, self.free = root, fill, free

    def fill(self, left_kb: int = LEFT_KB) -> None:
        self._fill(left_kb)


@contextmanager
def mounted(megabytes: int) -> Iterator[Disk | None]:
    """A small disk of its own, a tmpfs; None where it cannot be mounted."""
    root = Path(tempfile.mkdtemp(prefix="graft-disk-"))  # not pytest's, which it moves about
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(root)]
    try:
        there = subprocess.run(mount, capture_output=True).returncode == 0
    except FileNotFoundError:
        there = False
    ballast = root / "ballast"

    def fill(left_kb: int) -> None:
        with suppress(OSError), ballast.open("ab", buffering=0) as file:
            while os.statvfs(root).f_bavail * os.statvfs(root).f_frsize > left_kb << 10:
                file.write(bytes(4096))

    try:
        yield Disk(root, fill, ballast.unlink) if there else None
    finally:
        if there:
            subprocess.run(["umount", "-l", str(root)], check=True)
        shutil.rmtree(root)


@contextmanager
def limited() -> Iterator[Disk]:
    """A folder of which no file can grow while it is called full."""
    root = Path(tempfile.mkdtemp(prefix="graft-disk-"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(left_kb: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (left_kb << 10, hard))

    def free() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    try:
        yield Disk(root, fill, free)
    finally:
        free()
        shutil.rmtree(root)
