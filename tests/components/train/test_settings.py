"""The controls of settings."""

from components.train.settings import COLUMNS
from transfer_core.strategies import STRATEGIES
from transfer_core.strategies.settings import SETTINGS
from transfer_core.types import SWITCHES


def test_every_setting_of_a_strategy_has_a_control() -> None:
    shown = {setting.name for setting in SETTINGS.values() if setting.group in COLUMNS}
    shown |= {"augment", *SWITCHES, "folds", "fold"}
    assert {name for known in STRATEGIES for name in known.settings} <= shown
