"""Recipes as files."""

from io import BytesIO

import pytest

from components.train.recipe import read_json
from transfer_core.errors import RecipeError


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 90_000, b" " * 200_000])
def test_a_file_that_is_no_recipe_gets_a_sentence(content: bytes) -> None:
    with pytest.raises(RecipeError, match=r"^This file .*\.$"):
        read_json(BytesIO(content))
