"""Whose turn it is: short runs first, within what a long one may lose; what Graft started by itself comes last."""

import pytest

from transfer_core.store.turns import SHARE, Waiting, next_turn

LONG, SHORT, OPEN = Waiting("long", expected=600.0), Waiting("short", expected=5.0), Waiting("open")
OWN = Waiting("own", by_itself=True, expected=1.0)


@pytest.mark.parametrize(
    ("queue", "chosen", "overtaken"),
    [
        ([LONG, SHORT], "short", ["long"]),
        ([SHORT, LONG], "short", []),
        ([LONG, Waiting("a", expected=9.0), SHORT], "a", ["long"]),  # which the one of five seconds may not
        ([LONG, Waiting("a", expected=60.0), SHORT], "short", ["long", "a"]),
        ([LONG._replace(overtaken=56.0), SHORT], "long", []),  # it has waited for others long enough
        ([LONG, Waiting("a", expected=61.0)], "long", []),
        ([OPEN, SHORT], "open", []),
        ([LONG, OPEN, SHORT], "long", []),
        ([SHORT, SHORT._replace(id="second")], "short", []),
        ([OWN, LONG], "long", []),
        ([OWN, LONG, SHORT], "short", ["long"]),
        ([OWN, OWN._replace(id="second")], "own", []),
    ],
)
def test_the_next_one(queue: list[Waiting], chosen: str, overtaken: list[str]) -> None:
    found, passed = next_turn(queue)
    assert (found.id, [each.id for each in passed]) == (chosen, overtaken)


def test_a_long_one_is_overtaken_for_a_tenth_of_its_time_in_all() -> None:
    long, waited = LONG, 0.0
    while (found := next_turn([long, SHORT]))[0].id == "short":
        waited += 5.0
        long = found[1][0]._replace(overtaken=waited)
    assert waited == pytest.approx(SHARE * 600)
