"""The one door to everything Graft keeps and does; pages and the command line know no other."""

from transfer_core.report.content import FORMAT as REPORT_FORMAT
from transfer_core.workspace.comparing import Comparing
from transfer_core.workspace.datasets import DatasetRow, import_roots
from transfer_core.workspace.exporting import Exporting
from transfer_core.workspace.naming import matching
from transfer_core.workspace.opened import default_root, expanded
from transfer_core.workspace.predicting import MOST_RUNS, Predicting

__all__ = [
    "MOST_RUNS",
    "REPORT_FORMAT",
    "DatasetRow",
    "Workspace",
    "default_root",
    "expanded",
    "import_roots",
    "matching",
]


class Workspace(Comparing, Predicting, Exporting):
    """A folder of datasets, features and runs, with its database; each part is a file of its own.

    Reading always works. `write=True` takes the folder's lock and raises WorkspaceBusy when another process has it.
    `serve()` starts the background threads; without it jobs run by `drive()`, in this process.
    """
