"""What happened in a workspace, in one rotating log that its writing process keeps: `logs/graft.log`."""

import logging
import secrets
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

FILE_BYTES, FILES = 2_000_000, 4
LOGGED = "graft_logged"  # an attribute of an exception: its id in the log


class _Quiet(RotatingFileHandler):
    """A log that cannot be written, on a full disk say, stops nothing and says nothing in its place."""

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()

    lost = False  # whether the last line could not be written

    def emit(self, record: logging.LogRecord) -> None:
        self.lost = False
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        self.lost = True


class Journal:
    """A line for each job's start and end, and each caught exception under an id that users are shown."""

    def __init__(self, root: Path) -> None:
        self.file = root / "logs" / "graft.log"
        self._logger = logging.Logger("graft")  # of this workspace alone: no two share one
        self._handler = _Quiet(
            self.file,
            maxBytes=FILE_BYTES,
            backupCount=FILES - 1,
            encoding="utf-8",
            delay=True,
            errors="backslashreplace",
        )
        self._handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self._logger.addHandler(self._handler)

    def say(self, text: str, *, job: str = "") -> None:
        self._logger.info("%s", f"job {job} {text}" if job else text)

    def caught(self, error: BaseException, what: str, *, job: str = "") -> str:
        """Log an exception with its traceback, once. Returns the id that stands before it."""
        if known := getattr(error, LOGGED, ""):
            return str(known)
        id = secrets.token_hex(3)
        where = f"error {id}, job {job}: {what}" if job else f"error {id}: {what}"
        self._logger.error("%s", where, exc_info=error)
        if not self.lost:
            setattr(error, LOGGED, id)
        return id

    def reported(self, trace: str, what: str, *, job: str) -> str:
        """Log the traceback of another process. Returns the id that stands before it."""
        id = secrets.token_hex(3)
        self._logger.error("%s", f"error {id}, job {job}: {what}\n{trace}")
        return id

    @property
    def lost(self) -> bool:
        """Whether the last line could not be written."""
        return self._handler.lost

    def close(self) -> None:
        self._logger.removeHandler(self._handler)
        self._handler.close()
