"""The one door to everything Graft keeps and does; pages and the command line know no other."""

from transfer_core.compare.compared import (
    Approach,
    Call,
    ClassScore,
    Comparison,
    Disagreement,
    Interval,
    Pair,
    Resampled,
    Score,
    Seen,
)
from transfer_core.compare.crossing import Forecast, Lacking
from transfer_core.data.answers import Heat, Predicted
from transfer_core.report.to_json import FORMAT as REPORT_FORMAT
from transfer_core.strategies.definition import Stage
from transfer_core.strategies.settings import NONE, SETTINGS, Setting
from transfer_core.workspace.datasets import DatasetRow, import_roots
from transfer_core.workspace.naming import default_root, expanded, matching
from transfer_core.workspace.predictions import MOST_RUNS
from transfer_core.workspace.remarks import holds
from transfer_core.workspace.workspace import Workspace

__all__ = [
    "MOST_RUNS",
    "NONE",
    "REPORT_FORMAT",
    "SETTINGS",
    "Approach",
    "Call",
    "ClassScore",
    "Comparison",
    "DatasetRow",
    "Disagreement",
    "Forecast",
    "Heat",
    "Interval",
    "Lacking",
    "Pair",
    "Predicted",
    "Resampled",
    "Score",
    "Seen",
    "Setting",
    "Stage",
    "Workspace",
    "default_root",
    "expanded",
    "holds",
    "import_roots",
    "matching",
]
