"""What a user has set for a whole workspace, kept in a file of it."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from transfer_core.backbones import backbones
from transfer_core.errors import GraftError, disk_words
from transfer_core.kept import DAMAGED, save_json
from transfer_core.store import Store

FILE = "settings.json"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What holds in the whole workspace until somebody sets it otherwise."""

    first_model: bool = True  # a first model of a new dataset is trained by itself
    resume: bool = False  # runs that were cut off go on by themselves when the dashboard starts
    backbone: str | None = None  # name of the default one; None: Graft's own choice


class KeptSettings:
    """The workspace's settings. What a newer Graft has put beside them stays in the file."""

    def __init__(self, store: Store, root: Path) -> None:
        self._store, self._root, self.file = store, root, root / FILE

    def get(self) -> Settings:
        """As they are now; the default of each that is not set, or cannot be read, which `troubles` says."""
        return self._read()[0]

    def troubles(self) -> tuple[str, ...]:
        """A sentence for each thing in the file that cannot be followed; its default holds."""
        return self._read()[1]

    def change(self, **values: Any) -> Settings:
        """Set some by their names, the others staying as they are. Returns all of them as they are now.

        Raises GraftError for a name that is none, a value that does not fit, a backbone that Graft does not offer, or a
        file that cannot be written; StoreError in a workspace that is open for reading alone.
        """
        for name, value in values.items():
            if why := self._refused(name, value):
                raise GraftError(why)
        if why := self._not_offered(values.get("backbone")):
            raise GraftError(why)
        with self._store.write():  # one after the other
            settings, _, beside = self._read()
            changed = replace(settings, **values)
            try:
                save_json({**beside, **vars(changed)}, self.file)
            except OSError as error:
                raise GraftError(f"The settings could not be kept. {disk_words(error, self.file)}") from error
        return changed

    def _read(self) -> tuple[Settings, tuple[str, ...], dict[str, Any]]:
        """The settings, what could not be read of them, and what the file holds beside them."""
        try:
            kept = json.loads(self.file.read_text(encoding="utf-8"))
            if not isinstance(kept, dict):
                raise TypeError
        except FileNotFoundError:
            return Settings(), (), {}
        except OSError as error:
            return Settings(), (f"The settings cannot be read, so the defaults hold. {disk_words(error)}",), {}
        except (*DAMAGED, RecursionError):
            way_out = f"Set them anew, which writes {self.file} again, or delete it."
            return Settings(), (f"The file of the settings is damaged, so the defaults hold. {way_out}",), {}
        beside = {name: value for name, value in kept.items() if name not in vars(Settings())}
        own = {name: value for name, value in kept.items() if name not in beside}
        refused = {name: why for name, value in own.items() if (why := self._refused(name, value))}
        found = Settings(**{name: value for name, value in own.items() if name not in refused})
        troubles = [f"In {self.file}: {why} The default holds." for why in refused.values()]
        if why := self._not_offered(found.backbone):
            troubles.append(f"{why} Until then Graft's own choice is the default.")
            found = replace(found, backbone=None)
        return found, tuple(troubles), beside

    def _not_offered(self, name: str | None) -> str:
        """Why a backbone cannot be the default; '' where it can."""
        if name is None or name in (each.name for each in backbones(self._root)):
            return ""
        return f"The backbone '{name}' cannot be the default: it is not here. `graft backbones` lists those that are."

    @staticmethod
    def _refused(name: str, value: Any) -> str:
        """Why a value does not fit its setting; '' where it does."""
        if name in ("first_model", "resume"):
            return "" if isinstance(value, bool) else f"'{name}' is true or false, and not {value!r}."
        if name == "backbone":
            fits = value is None or (isinstance(value, str) and value)
            return "" if fits else f"'backbone' is the name of a backbone or null, and not {value!r}."
        return f"There is no setting '{name}'. There are: {', '.join(vars(Settings()))}."
