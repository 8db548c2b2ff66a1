"""Many small cases in one test, which names each that fails."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest


def sweep(check: Callable[..., None], cases: Sequence[tuple[Any, ...]]) -> None:
    """Every case holds; an error that is no failed check is raised with its case in a note."""
    assert cases, "there is nothing to look at"
    wrong = []
    for case in cases:
        try:
            check(*case)
        except (AssertionError, pytest.fail.Exception) as error:
            wrong.append(f"{case}: {error}")
        except Exception as error:
            error.add_note(f"the case was {case}")
            raise
    assert not wrong, f"{len(wrong)} of {len(cases)} cases fail\n" + "\n".join(wrong)
