"""Two runs held against each other."""

from transfer_core.compare.compared import Comparison
from transfer_core.types import Dataset
from transfer_core.workspace import Workspace


def two_runs(workspace: Workspace) -> tuple[Dataset, Comparison]:
    return workspace.datasets.get("d"), workspace.comparisons.make(("linear_probe", "fine_tune_all"))
