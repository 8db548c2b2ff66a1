"""What counts for a dataset, kept with what was said of it."""

from transfer_core.errors import GraftError
from transfer_core.goals import ACCURACY, goal_of
from transfer_core.store import Store
from transfer_core.types import Dataset, Goal


def kept_goal(store: Store, dataset: Dataset) -> Goal:
    """Accuracy until something else was said."""
    try:
        return goal_of(str(store.said(dataset.id).get("goal", "accuracy")), dataset.classes)
    except GraftError:  # of an earlier state of the dataset
        return ACCURACY
