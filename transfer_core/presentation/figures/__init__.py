"""Plotly figures as plain data: intervals wherever they exist, axes with units, colours as tokens of a theme."""

from transfer_core.presentation.figures.canvas import Figure
from transfer_core.presentation.figures.classes import class_balance, top_five
from transfer_core.presentation.figures.cost import cost
from transfer_core.presentation.figures.curves import Curve, curve, curves, smoothed, thinned
from transfer_core.presentation.figures.depth import depth, measured_depth
from transfer_core.presentation.figures.forecast import learning_curves
from transfer_core.presentation.figures.rates import rates
from transfer_core.presentation.figures.reach import reach
from transfer_core.presentation.figures.reliability import reliability
from transfer_core.presentation.figures.rows import forest, versus

__all__ = [
    "Curve",
    "Figure",
    "class_balance",
    "cost",
    "curve",
    "curves",
    "depth",
    "forest",
    "learning_curves",
    "measured_depth",
    "rates",
    "reach",
    "reliability",
    "smoothed",
    "thinned",
    "top_five",
    "versus",
]
