"""Graft's core: everything but the pages. Imports neither Streamlit nor, on its ground floors, torch."""
