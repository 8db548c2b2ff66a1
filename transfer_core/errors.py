"""What can go wrong because of what a user gave; every message says what, which value, and what to do next."""


class GraftError(Exception):
    """Base of all errors that a user can mend. `str(error)` is a sentence for the page or the terminal."""


class ArchiveError(GraftError):
    """A zip or folder that cannot be taken in: unsafe, damaged, too large, or without classes."""


class ImageError(GraftError):
    """An image file that cannot be decoded: damaged, too large, or of another kind than those read."""


class DatasetError(GraftError):
    """A dataset that is unknown, too small, or not fit for what was asked of it."""


class RecipeError(GraftError):
    """A recipe that names an unknown strategy, backbone or tap, or holds a value out of range."""


class WeightsError(GraftError):
    """Pretrained weights that are not on this machine and could not be fetched."""


class WorkspaceBusy(GraftError):
    """Another process holds the workspace's lock, so this one may read but not write."""


class UnknownJob(GraftError):
    """A job or run id that the store does not hold."""
