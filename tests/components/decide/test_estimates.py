"""The table of what strategies will take."""

from components.decide import estimates as estimates_view
from tests.components.decide.known import MEASURED, SAID, TITLES
from transfer_core.decision import decide


def test_the_table_shortens_and_rules_out() -> None:
    plans = decide(SAID, MEASURED, None, 60.0).plans
    html = estimates_view.table(plans, TITLES, limited=True)
    assert html.count("Ruled out") == sum(plan.fits == "no" for plan in plans) > 0
    shortened = next(plan for plan in plans if plan.fits == "shortened")
    assert f'{shortened.epochs} <span class="dim">of 20</span>' in html
    assert "Fits" not in estimates_view.table(plans, TITLES, limited=False)
