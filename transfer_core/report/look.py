"""Where the dashboard's palette still finds its marks; they live in `presentation.marks`."""

from transfer_core.presentation.marks import FILLINGS, MARKS, OTHER, PATHS

__all__ = ["FILLINGS", "MARKS", "OTHER", "PATHS"]
