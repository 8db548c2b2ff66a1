"""Many small cases in one test, which names each that fails."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest


def sweep(check: Callable[..., None], cases: Sequence[tuple[Any, ...]]) -> None:
    """Every case holds. What ends a test by other means than an assertion, its timeout too, ends this at its case."""
    assert cases, "there is nothing to look at"
    wrong = []
    for case in cases:
        try:
            check(*case)
        except AssertionError as error:
            wrong.append(f"{case}: {error}")
        except (Exception, pytest.fail.Exception) as error:
            error.add_note(f"at case {case}")
            raise
    assert not wrong, f"{len(wrong)} of {len(cases)} cases fail\n" + "\n".join(wrong)
