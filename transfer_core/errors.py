"""What can go wrong because of what a user gave; every message says what, which value, and what to do next."""

import errno
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
DENIED = (errno.EACCES, errno.EPERM)


class GraftError(Exception):
    """Base of all errors that a user can mend. `str(error)` is a sentence for the page or the terminal."""


class ArchiveError(GraftError):
    """A zip or folder that cannot be taken in: unsafe, damaged, too large, or without classes."""


class ImageError(GraftError):
    """An image file that cannot be decoded: damaged, too large, or of another kind than those read."""


class DatasetError(GraftError):
    """A dataset that is unknown, too small, or not fit for what was asked of it."""


class NoRoom(DatasetError):
    """The disk has less room than a training needs to begin."""

    def __init__(self, sentence: str, *, need: int) -> None:
        super().__init__(sentence)
        self.need = need  # bytes that have to be free


class RecipeError(GraftError):
    """A recipe that names an unknown strategy, backbone or tap, or holds a value out of range."""


class Diverged(RecipeError):
    """A training whose loss is no number any more."""


class WeightsError(GraftError):
    """Pretrained weights that are not on this machine and could not be fetched."""


class ExportError(GraftError):
    """A run that cannot leave as a bundle, or a bundle that does not answer as its run did."""


class WorkspaceBusy(GraftError):
    """Another process holds the workspace's lock, so this one may read but not write."""


class UnknownJob(GraftError):
    """A job or run id that the store does not hold."""


class StoreError(GraftError):
    """The database cannot be read or written now: the disk is full, say, or another program holds it."""

    def __init__(self, sentence: str, *, why: str = "", full: bool = False) -> None:
        super().__init__(sentence)
        self.why = why or sentence  # in a few words: "the disk is full"
        self.full = full  # perhaps because the disk is


class StopAsked(BaseException):
    """Thrown into the events of a job that was told to stop; one that can end well, with what it has, catches it."""


class PauseAsked(BaseException):
    """Thrown into the events of a run that was told to pause: it keeps where it stands, and raises it."""


class WorkspaceDamaged(GraftError):
    """The database's pages do not fit together."""


class WorkspaceTooNew(GraftError):
    """A newer Graft has written this workspace."""


def disk_words(error: OSError, file: Path | str = "") -> str:
    """What a failing disk means for the user, in a sentence; `file` where the error names none."""
    name = error.filename or file or "A file"
    if error.errno in FULL:
        return f"The disk is full: {name} could not be written. Free some space there, then try again."
    if error.errno in DENIED:
        return f"{name} may not be read or written by this user. Check who owns it and its folder."
    if error.errno == errno.EROFS:
        return (
            f"{name} lies on a disk that may not be written. Name another folder with --workspace or GRAFT_WORKSPACE."
        )
    if error.errno == errno.ENOENT:
        return f"{name} is not there. It may have been moved or deleted."
    return f"{name} cannot be used: {error.strerror or error}."


def disk_is_full(error: BaseException | None) -> bool:
    """Whether an error, or what it comes from, says so; libraries' own errors only say it in words."""
    while error is not None:
        if (isinstance(error, OSError) and error.errno in FULL) or (isinstance(error, StoreError) and error.full):
            return True
        if "No space left on device" in str(error) or "File too large" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def unforeseen(said: str, id: str) -> str:
    """What to say of any other error: what it says itself, and where the rest stands. `id`: in the workspace's log."""
    return f"Graft failed here{f': {said}' * bool(said)} (error {id}; the log has the rest)."


def foreseen(error: BaseException) -> str:
    """The sentence of an error that a user can mend, a failing disk's too; '' for one that nobody foresaw."""
    if isinstance(error, GraftError):
        return str(error)
    if isinstance(error, OSError) and (error.filename or error.errno in FULL):
        return disk_words(error)
    if disk_is_full(error):
        return "The disk is full. Free some space in the workspace's folder, then try again."
    return ""
