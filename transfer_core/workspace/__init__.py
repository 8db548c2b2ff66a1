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
    Suspected,
)
from transfer_core.compare.crossing import Forecast, Lacking
from transfer_core.data.answers import Heat, Predicted
from transfer_core.data.checks import Profile
from transfer_core.data.members import KINDS as ARCHIVES
from transfer_core.data.previews import Preview
from transfer_core.data.roots import import_roots
from transfer_core.goals import ASKED, KINDS, LEAST, MOST, goal_of, words, written
from transfer_core.report.assets import versions
from transfer_core.report.to_json import FORMAT as REPORT_FORMAT
from transfer_core.strategies.definition import Stage
from transfer_core.strategies.settings import NONE, SETTINGS, Setting
from transfer_core.workspace.bounds import Limit, limits
from transfer_core.workspace.datasets import DatasetRow
from transfer_core.workspace.disk import FREED_KINDS, Freed, Usage
from transfer_core.workspace.naming import default_root, expanded, matching
from transfer_core.workspace.predictions import MOST_RUNS
from transfer_core.workspace.previews import Look, Upload
from transfer_core.workspace.remarks import holds
from transfer_core.workspace.restoring import restore_backup
from transfer_core.workspace.settings import Settings
from transfer_core.workspace.token import share_token
from transfer_core.workspace.workspace import Workspace

__all__ = [
    "ARCHIVES",
    "ASKED",
    "FREED_KINDS",
    "KINDS",
    "LEAST",
    "MOST",
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
    "Freed",
    "Heat",
    "Interval",
    "Lacking",
    "Limit",
    "Look",
    "Pair",
    "Predicted",
    "Preview",
    "Profile",
    "Resampled",
    "Score",
    "Seen",
    "Setting",
    "Settings",
    "Stage",
    "Suspected",
    "Upload",
    "Usage",
    "Workspace",
    "default_root",
    "expanded",
    "goal_of",
    "holds",
    "import_roots",
    "limits",
    "matching",
    "restore_backup",
    "share_token",
    "versions",
    "words",
    "written",
]
