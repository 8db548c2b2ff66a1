"""The one door to everything Graft keeps and does; pages and the command line know no other."""

from transfer_core.report.to_json import FORMAT as REPORT_FORMAT
from transfer_core.workspace.datasets import DatasetRow, import_roots
from transfer_core.workspace.naming import default_root, expanded, matching
from transfer_core.workspace.predictions import MOST_RUNS
from transfer_core.workspace.workspace import Workspace

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
