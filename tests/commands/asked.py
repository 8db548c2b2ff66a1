"""What a command answers in this process."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

from transfer_core.cli import main


def graft(*arguments: str, root: Path, code: int = 0) -> Any:
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(io.StringIO()) as errors:
        assert main([*arguments, "--workspace", str(root), "--json"]) == code, errors.getvalue()
    return json.loads(printed.getvalue()) if code == 0 else errors.getvalue()


def words(*arguments: str, root: Path) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main([*arguments, "--workspace", str(root)]) == 0
    return printed.getvalue()
