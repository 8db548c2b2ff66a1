"""Every key of `st.session_state`, typed, in one place: what a session keeps from one run of a page to the next.

Ids, drafts of forms and where one looks; nothing that must survive a reload. A widget that other files read, or whose
value is set from elsewhere, is drawn under the `key` that stands here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar, cast

import streamlit as st

from transfer_core.types import Status

T = TypeVar("T")
Metric = Literal["accuracy", "macro_f1", "log_loss", "reached"]  # in which two runs are compared


@dataclass(frozen=True)
class Kept(Generic[T]):
    """One place in the session; `default` is what it says until something is kept there."""

    key: str
    default: T

    def of(self, *names: object) -> "Kept[T]":
        """The place of one of several: a dataset's, a list's, a turn's."""
        return replace(self, key="_".join((self.key, *map(str, names))))

    @property
    def known(self) -> bool:
        return self.key in st.session_state

    def get(self) -> T:
        return cast(T, st.session_state.get(self.key, self.default))

    def set(self, value: T) -> None:
        st.session_state[self.key] = value

    def begin(self, value: T) -> T:
        """What is kept; `value` from now on where nothing was."""
        return cast(T, st.session_state.setdefault(self.key, value))

    def pop(self) -> T:
        """What was kept, which is forgotten."""
        return cast(T, st.session_state.pop(self.key, self.default))


def widget(key: str) -> Kept[Any]:
    """What a widget holds or will hold, for the file that draws it."""
    return Kept[Any](key, None)


@dataclass
class Form:
    """What the Train page will launch: strategies, settings that differ from the rules, repeats."""

    chosen: list[str]
    proposed: str = ""  # the strategy that Graft has ticked; '' once the form was filled from elsewhere
    settings: dict[str, Any] = field(default_factory=dict)  # recipe fields that the user has set
    folds: int = 0
    seeds: int = 1
    turn: int = 0  # part of every widget's key
    start: dict[str, Any] = field(default_factory=dict)  # what the widgets of this turn begin with

    def key(self, name: str) -> str:
        return f"{name}_{self.turn}"

    def now(self, name: str) -> Any:
        """A setting as it stands in this run of the page, its widget drawn or not; None: by rule."""
        place = widget(self.key(f"set_{name}"))
        return place.get() if place.known else self.settings.get(name)


# --- in hand on several pages ---------------------------------------------------------------------

opened = Kept("graft_opened", False)  # the session came through app.py
next_page = Kept("next_page", "")  # where a button's callback leads
dataset = Kept("dataset", "")  # id
lost_on = Kept("lost_on", "")  # the page which says that the dataset in hand is gone
run = Kept("run", "")  # id of the one that the Train page shows
backbone = Kept("backbone", "")  # name
device = Kept("device", "auto")  # a select box
import_job = Kept("import_job", "")  # id of the import that is watched
compare_worth = Kept("compare_worth", 1.0)  # a number input: points that a lead must exceed
promised = Kept("promised_accuracy", 95.0)  # a number input: per cent
to_predict = Kept("predict_run", "")  # id of the run that Compare sends to Predict

standing: Kept[dict[str, Status]] = Kept("standing", {})  # of a dataset: how its runs stood when last looked at
ended: Kept[list[dict[str, str]]] = Kept("ended", [])  # runs whose end this session has seen, and words for each

# --- errors: a box with a sentence ----------------------------------------------------------------

page = Kept("graft_page", "")  # title of the page that was drawn last
failed = Kept("graft_failed", ("", ""))  # where the last press of a button failed, and the sentence of it
logged: Kept[dict[str, tuple[str, str]]] = Kept("graft_logged", {})  # by place, an unforeseen error and its id

# --- the kit --------------------------------------------------------------------------------------

choosing_backbone = Kept("choosing_backbone", "")  # whether the dialog is open, and at what
turned = Kept("turned", ("", 0))  # of a list: what was sought in it, and the page turned to
weights_turn = Kept("weights_turn", 0)  # a new one is a new upload
timed: Kept[set[tuple[str, str]]] = Kept("timed", set())  # backbones and devices: timing was asked for

# --- Data -----------------------------------------------------------------------------------------

upload_turn = Kept("upload_turn", 0)
given: Kept[Any] = Kept("given", None)  # `preview.Given`: what waits to be imported
deleted_dataset = Kept("deleted_dataset", ("", ""))  # id and name, for Undo

# --- Decide ---------------------------------------------------------------------------------------

pilot_budget = Kept("pilot_budget", "2 min")

# --- Train ----------------------------------------------------------------------------------------

form = Kept("train_form", Form(chosen=[]))
form_turn = Kept("form_turn", 0)  # of the newest form: widgets of one that is gone give their keys to no other
setup = Kept("setup", False)  # of a dataset, an expander
fold_setup = Kept("fold_setup", False)  # whether it is to be folded
show_settings = Kept("show_settings", False)  # a toggle
filled = Kept("filled", "")  # title of the recipe that the form was filled with
continued = Kept("continued", "")  # name of the backbone that a run became
same = Kept("same", 0)  # recipes of a launch that had finished before
run_search = Kept("run_search", "")  # of a dataset, a text input
together = Kept("together", False)  # a toggle: the curves of several runs at once
beside: Kept[list[str]] = Kept("beside", [])  # of a dataset, a multiselect: ended runs among them
removed_run = Kept("removed_run", ("", ""))  # id and title, for Undo
recipe_turn = Kept("recipe_turn", 0)
recipe_error = Kept("recipe_error", "")
augmented_jobs: Kept[dict[str, str]] = Kept("augmented_jobs", {})  # by drawing, the job that draws it

# --- Compare --------------------------------------------------------------------------------------

compared: Kept[list[str] | None] = Kept("compared", None)  # of a dataset: runs that were picked
compared_turn = Kept("compared_turn", 0)  # of a dataset: a new one is a new table
compared_order: Kept[list[str]] = Kept("compared_order", [])  # of such a table: its runs
pairs_metric: Kept[Metric] = Kept("pairs_metric", "accuracy")  # a segmented control
ensemble_of: Kept[list[str]] = Kept("ensemble_of", [])  # of a dataset, a multiselect: members
ensemble_alone = Kept("ensemble_alone", "")  # title of an ensemble that cannot be compared
errors_pair: Kept[tuple[str, str]] = Kept("errors_pair", ("", ""))  # both sections have the same pair in hand
shown = Kept("shown", 0)  # of a list of images: how many
confusion_cell: Kept[Mapping[str, Any] | None] = Kept("confusion_cell", None)  # of a dataset
heat_on = Kept("errors_heat", False)  # a toggle
heat_jobs: Kept[dict[str, str]] = Kept("errors_heat_jobs", {})  # by run and images
heat_last = Kept("errors_heat_last", "")  # the job that was asked for last
looked: Kept[tuple[tuple[int, str, Any], ...]] = Kept("looked", ())  # of a dataset, suggestions that were decided on:
# its sample, what was decided, and the mark that it had before
marks_cleared: Kept[tuple[str, tuple[Any, ...]]] = Kept("marks_cleared", ("", ()))  # dataset and marks, for Undo

# --- Predict --------------------------------------------------------------------------------------

asked: Kept[list[str]] = Kept("asked", [])  # of a dataset, a multiselect: runs
test_turn = Kept("test_turn", -1)
tried = Kept("tried", ("", 0, ""))  # dataset, sample, and what else was given at that time
predictions: Kept[dict[str, str]] = Kept("predictions", {})  # by what was asked, the job

# --- Settings -------------------------------------------------------------------------------------

default_backbone = Kept("default_backbone", "")  # a select box: a name; '': Graft's own choice
first_model = Kept("first_model", True)  # a toggle
resume = Kept("resume", False)  # a toggle
freed = Kept("freed", "")  # what freeing did, in a sentence

# What the session keeps of the dataset in hand alone. What may outlive it has the dataset's or a run's id in its key,
# or is a preference.
OF_ONE_DATASET: tuple[Kept[Any], ...] = (
    *(run, backbone, form, fold_setup, filled, continued, same, removed_run, recipe_error),
    *(ensemble_alone, heat_last, to_predict),
)


def forget_dataset() -> None:
    """Another dataset comes in hand."""
    for kept in OF_ONE_DATASET:
        kept.pop()
