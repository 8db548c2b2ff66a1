"""Answers and kinds of problems in words."""

from typing import get_args, get_type_hints

from transfer_core.presentation.answers import BUDGET, DOMAIN, KINDS, SIMILARITY, SIZES
from transfer_core.types import LARGE, SMALL, Answers, Problem, Similarity


def test_every_answer_and_kind_of_problem_has_its_words() -> None:
    def values(of: type, field: str) -> set[object]:
        hint = get_type_hints(of)[field]
        return {value for part in (hint, *get_args(hint)) for value in get_args(part) if isinstance(value, str)}

    assert set(KINDS) == values(Problem, "kind")
    assert set(SIMILARITY) == values(Similarity, "answer") >= values(Answers, "similarity")
    assert (set(BUDGET), set(DOMAIN)) == (values(Answers, "budget"), values(Answers, "domain"))
    sizes = [Answers(images=images).size for images in (SMALL - 1, SMALL, LARGE, LARGE + 1)]
    assert sizes == ["small", "medium", "medium", "large"] and set(sizes) == set(SIZES)
    assert SIZES["medium"] == "from 1,000 to 10,000"
