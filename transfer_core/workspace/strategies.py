"""The strategies that can be trained."""

from transfer_core.strategies import STRATEGIES, Strategy, strategy


class Strategies:
    """What Graft knows of each strategy: its title, what it trains, when it fits, its settings."""

    def list(self) -> tuple[Strategy, ...]:
        """In the order in which they are shown."""
        return STRATEGIES

    def get(self, name: str) -> Strategy:
        """The strategy of that name, `"fine_tune_all"` say. Raises RecipeError."""
        return strategy(name)
