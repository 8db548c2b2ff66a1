"""Files that came from a browser, kept until the job that they are for has ended."""

import secrets
import shutil
from pathlib import Path
from typing import IO

from transfer_core.errors import GraftError, disk_words
from transfer_core.jobs.tasks import staging

COPY_BYTES = 1 << 20


def new_id() -> str:
    return secrets.token_hex(5)


def keep_upload(root: Path, job: str, file: IO[bytes], name: str) -> Path:
    """An upload in the staging folder of the job to be. Raises GraftError when it cannot be written."""
    folder = staging(root, job)
    try:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with (folder / name).open("wb") as out:
            shutil.copyfileobj(file, out, COPY_BYTES)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise GraftError(f"The upload could not be kept. {disk_words(error, folder / name)}") from error
    return folder / name
