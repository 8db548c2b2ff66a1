"""How fast networks pass images on the devices of this machine, as timed once."""

from typing import Any

from transfer_core.store import Store
from transfer_core.types import Backbone, Pace
from transfer_core.workspace.jobs import Jobs


class Paces:
    """What timings found."""

    def __init__(self, store: Store, jobs: Jobs) -> None:
        self._store, self._jobs = store, jobs

    def of(self, backbone: Backbone, device: str = "auto") -> Pace | None:
        """None until it was timed on that device."""
        found = self.timed(device).get((backbone.arch, backbone.input_px), {})
        if "trained_per_second" not in found:  # an earlier Graft timed features alone
            return None
        return Pace(features=found["images_per_second"], training=found["trained_per_second"])

    def timed(self, device: str = "auto") -> dict[tuple[str, int], dict[str, Any]]:
        """Results of timings on a device, the newest of each architecture and input side."""
        found = [known.title for known in self._jobs.devices() if device in ("auto", known.name)]
        results = [job.result for job in self._store.jobs(kind="speed") if job.status == "done"]
        return {
            (result["arch"], result["input_px"]): result
            for result in reversed(results)  # the newest last
            if result["device"] in found[:1]
        }
