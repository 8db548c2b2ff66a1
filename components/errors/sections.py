"""The lower half of the Compare page: what runs get wrong, by class and by image."""

from typing import Literal

import streamlit as st

from components.errors.classes import class_table
from components.errors.confusion import confusion_view
from components.errors.corrections import corrections_view
from components.errors.disagreement import disagreement_view, pair_in_hand
from components.errors.labels import label_errors_view
from components.errors.mistakes import mistakes_view, waits
from components.errors.reliability import reliability_view
from components.kit.guard import fragment
from transfer_core.types import Dataset
from transfer_core.workspace import Comparison, Workspace

TICK_SECONDS = 0.5


def errors_view(
    workspace: Workspace, dataset: Dataset, comparison: Comparison, *, section: Literal["classes", "images"]
) -> None:
    """One of its two sections. Each part of it is a fragment: a click inside it runs that part alone."""
    if section == "classes":
        fragment(_classes)(workspace, dataset, comparison)
        fragment(reliability_view)(comparison)
    else:
        fragment(disagreement_view)(workspace, dataset, comparison)
        sought = waits(workspace)
        fragment(mistakes_view, run_every=TICK_SECONDS if sought else None)(workspace, dataset, comparison, sought)
        job = workspace.corrections.job(dataset)
        active = job is not None and job.active
        fragment(_labels, run_every=TICK_SECONDS if active else None)(workspace, dataset, comparison, active)


def _classes(workspace: Workspace, dataset: Dataset, comparison: Comparison) -> None:
    st.header("Which class is taken for which", anchor=False)
    first, second = pair_in_hand(comparison, section="classes")
    confusion_view(workspace, dataset, comparison, first, second)
    st.header("Class by class", anchor=False)
    class_table(workspace, dataset, comparison, first, second, key=f"errors_classes_{dataset.id}")


def _labels(workspace: Workspace, dataset: Dataset, comparison: Comparison, was_active: bool) -> None:
    label_errors_view(workspace, dataset, comparison)
    corrections_view(workspace, dataset, comparison, was_active)
