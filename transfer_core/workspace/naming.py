"""What a user may call a thing by: its name, its id, or enough of the id's beginning."""

from collections.abc import Mapping


def matching(text: str, names: Mapping[str, str]) -> list[str]:
    """The ids that a text may mean, of names by id. A whole id or name is never taken for the beginning of another."""
    whole = [id for id, name in names.items() if text and text in (id, name)]
    return whole or [id for id in names if text and id.startswith(text)]
