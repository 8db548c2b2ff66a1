"""Comparing finished runs from their stored predictions: statistics and a verdict. NumPy only."""
