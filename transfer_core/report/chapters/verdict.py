"""Which run to take."""

from transfer_core.presentation.tables import RunRow, run_rows
from transfer_core.report.gathered import Gathered


def verdict(gathered: Gathered) -> RunRow:
    """The run that is taken."""
    return run_rows([gathered.chosen], gathered.comparison, gathered.model_bytes)[0]
