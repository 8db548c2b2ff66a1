"""Graft's core: everything but the pages. Imports neither Streamlit nor, on its ground floors, torch."""

__version__ = "0.2.0"  # pyproject.toml says it too
