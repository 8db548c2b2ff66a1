"""What people wrote of runs and datasets: a run's name, notes, tags."""

import json

from transfer_core.store.database import Database
from transfer_core.types import Remark


class Remarks(Database):
    """By the id of what they are about."""

    def remarks(self) -> dict[str, Remark]:
        with self.read() as db:
            rows = db.execute("SELECT about, name, note, tags FROM remarks").fetchall()
        return {about: Remark(name=name, note=note, tags=tuple(json.loads(tags))) for about, name, note, tags in rows}

    def remark(self, about: str) -> Remark:
        """Empty where nobody wrote anything."""
        return self.remarks().get(about, Remark())

    def write_remark(self, about: str, remark: Remark) -> None:
        """In place of what was written before."""
        values = (about, remark.name, remark.note, json.dumps(remark.tags))
        with self.write() as db:
            if remark == Remark():
                db.execute("DELETE FROM remarks WHERE about = ?", (about,))
            else:
                db.execute("INSERT OR REPLACE INTO remarks VALUES (?, ?, ?, ?)", values)
