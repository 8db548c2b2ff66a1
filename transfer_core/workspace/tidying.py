"""What is put in order when a workspace opens."""

import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from transfer_core.jobs.tasks import job_log, run_folder
from transfer_core.journal import Journal
from transfer_core.store import Store
from transfer_core.types import JOINED

PREDICTIONS_KEPT = 50  # the oldest go


def tidy(root: Path, store: Store, journal: Journal) -> None:
    """End what the last process left half done, and remove what was deleted in it."""
    store.interrupt_all()
    deleted = store.purge()
    waiting = {job.id for job in store.jobs(active=True)}
    try:
        gone = []
        if (root / "staging").exists():
            gone += [folder for folder in (root / "staging").iterdir() if folder.name not in waiting]
        answers = (root / "predictions").glob("*/")
        gone += sorted(answers, key=lambda each: each.stat().st_mtime)[:-PREDICTIONS_KEPT]
        for folder in gone:
            shutil.rmtree(folder, ignore_errors=True)
        for half in ("datasets/*/.pixels-*", "datasets/*/*.part", "features/*.part", "runs/*/*.part"):
            for file in root.glob(half):
                file.unlink(missing_ok=True)
        remove(root, *deleted, ensembles=store.ensembles())
    except OSError as error:  # what is left behind takes room and harms nothing
        journal.caught(error, "what was deleted could not be removed")


def remove(root: Path, datasets: Sequence[str], jobs: Sequence[str], *, ensembles: Collection[str]) -> None:
    """The files of datasets and jobs that were purged, by their ids, and bundles of ensembles but these."""
    folders = [root / "datasets" / id for id in datasets] + [run_folder(root, id) for id in jobs]
    folders += [folder for folder in root.glob(f"runs/*{JOINED}*") if folder.name not in ensembles]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    for file in (file for id in datasets for file in root.glob(f"features/{id}-*")):
        file.unlink(missing_ok=True)
    for id in jobs:
        job_log(root, id).unlink(missing_ok=True)
