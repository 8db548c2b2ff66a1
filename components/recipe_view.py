"""Recipes as data: shown, copied, saved, taken from a file, changed and launched again."""

import json
from dataclasses import asdict

import streamlit as st

from components import text
from components.train_form import fill_from
from transfer_core.errors import GraftError
from transfer_core.types import Dataset, Recipe, Run
from transfer_core.workspace import Workspace

MOST_BYTES = 100_000  # a recipe has one


def recipe_json(recipe: Recipe) -> str:
    return json.dumps(asdict(recipe), indent=1)


def recipe_of_run(workspace: Workspace, dataset: Dataset, run: Run) -> None:
    """A run's recipe, folded, with ways to take it elsewhere."""
    with st.expander("Recipe", icon=":material/receipt_long:", key=f"recipe_{run.id}"):
        _shown(run.recipe, run.id)
        if st.button(
            "Change and launch again",
            key=f"again_{run.id}",
            icon=":material/edit:",
            on_click=fill_from,
            args=(workspace, dataset, run.recipe),
        ):
            st.rerun()  # the whole page: the form stands above


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
    turn = st.session_state.setdefault("recipe_turn", 0)
    file = st.file_uploader("Use a recipe from a file", type="json", key=f"recipe_file_{turn}", max_upload_size=1)
    if file is None:
        return
    try:
        content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ValueError("it is too large")
        recipe = workspace.recipe_from(json.loads(content), dataset)
    except ValueError as error:
        st.error(f"This file is not a recipe: {text.escape(str(error))}. A run's own is saved by its *Save* button.")
        return
    except GraftError as error:
        st.error(text.escape(str(error)), icon=":material/error:")
        return
    fill_from(workspace, dataset, recipe)
    st.session_state["recipe_turn"] = turn + 1
    st.session_state["filled"] = recipe.strategy
    st.rerun()


def _shown(recipe: Recipe, key: str) -> None:
    st.code(recipe_json(recipe), language="json", height=240)
    st.download_button(
        "Save",
        recipe_json(recipe) + "\n",
        file_name=f"graft-{recipe.strategy}.json",
        mime="application/json",
        key=f"save_{key}",
        icon=":material/download:",
        on_click="ignore",
    )
