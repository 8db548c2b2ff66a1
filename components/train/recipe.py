"""Recipes as data: shown, copied, saved, taken from a file, changed and launched again."""

import json
from dataclasses import asdict
from typing import Any, BinaryIO

import streamlit as st

from components import state
from components.kit import text
from components.kit.buttons import button, save_button
from components.kit.train_form import fill_from
from transfer_core.errors import GraftError, RecipeError
from transfer_core.types import Dataset, Recipe, Run
from transfer_core.workspace import Workspace

MOST_BYTES = 100_000  # a recipe has one


def recipe_of_run(workspace: Workspace, dataset: Dataset, run: Run) -> None:
    """A run's recipe, folded, with ways to take it elsewhere."""
    with st.expander("Recipe", icon=":material/receipt_long:", key=f"recipe_{run.id}"):
        _shown(run.recipe, run.id)
        button("Change and launch again", f"again_{run.id}", "edit", fill_from, workspace, dataset, run.recipe)


def recipes_to_launch(workspace: Workspace, dataset: Dataset, made: tuple[Recipe, ...]) -> None:
    """What a launch would queue, a strategy each, folded; and a way to bring one in."""
    with st.expander("Recipes: look, save, or use one from a file", icon=":material/receipt_long:"):
        if made:
            for tab, recipe in zip(st.tabs([recipe.strategy for recipe in made]), made, strict=True):
                with tab:
                    _shown(recipe, f"new_{recipe.strategy}")
        _from_file(workspace, dataset)


def _from_file(workspace: Workspace, dataset: Dataset) -> None:
    """Take a recipe that Graft saved, of this dataset or another, into the form."""
    key = f"recipe_file_{state.recipe_turn.get()}"
    st.file_uploader(
        "Use a recipe from a file",
        type="json",
        key=key,
        max_upload_size=1,
        on_change=_taken,  # a callback, since the form is drawn by now
        args=(workspace, dataset, key),
    )
    if error := state.recipe_error.get():
        st.error(text.escape(error), icon=":material/error:")


def _taken(workspace: Workspace, dataset: Dataset, key: str) -> None:
    state.recipe_error.pop()
    file = state.widget(key).get()
    if file is None:
        return
    try:
        fill_from(workspace, dataset, workspace.recipes.from_json(read_json(file), dataset))
    except GraftError as error:
        state.recipe_error.set(str(error))
    else:
        state.recipe_turn.set(state.recipe_turn.get() + 1)  # a new widget, so that the same file can be taken again


def read_json(file: BinaryIO) -> Any:
    """What a recipe's JSON holds. Raises RecipeError."""
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise RecipeError(f"This file has more than {MOST_BYTES // 1000} kB; a recipe, as Graft saves it, has one.")
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RecipeError("This file is not JSON. Take one that a run's or a recipe's Save button wrote.") from error


def _shown(recipe: Recipe, key: str) -> None:
    written = json.dumps(asdict(recipe), indent=1)
    st.code(written, language="json", wrap_lines=True)
    save_button("Save", written + "\n", f"graft-{recipe.strategy}.json", f"save_{key}")
