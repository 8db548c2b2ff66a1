"""Words for what a user or a measurement answers, for what is found out about images, and for splits."""

from transfer_core.types import LARGE, SMALL
from transfer_core.words import count

OPEN = "Not answered"
SIMILARITY = {"similar": "Similar", "in between": "In between", "different": "Very different"}
BUDGET = {"limited": "Limited", "ample": "Ample"}
DOMAIN = {"yes": "Yes", "no": "None known"}
SIZES = {
    "small": f"fewer than {count(SMALL)}",
    "medium": f"from {count(SMALL)} to {count(LARGE)}",
    "large": f"more than {count(LARGE)}",
}
KINDS = {  # of problems
    "skipped": "Left out",
    "conflict": "Two labels",
    "leak": "In several splits",
    "small": "Small class",
    "shortcut": "Shortcut",
    "look": "What files show",
    "duplicate": "Duplicates",
    "note": "Note",
}
