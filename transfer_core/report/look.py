"""Where the dashboard's palette still finds its marks; they live in `presentation`."""

from transfer_core.presentation.marks import FILLINGS, MARKS, OTHER, PATHS, Mark, marks
from transfer_core.presentation.theme import DARK, LIGHT
from transfer_core.presentation.theme import Theme as Look

__all__ = ["DARK", "FILLINGS", "LIGHT", "MARKS", "OTHER", "PATHS", "Look", "Mark", "marks"]
