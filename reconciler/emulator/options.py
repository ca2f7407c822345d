"""What can be set about an emulator when it starts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Options:
    """Times are in virtual seconds.

    `run_seconds`: how long a tuning job takes from its creation to its end.
    `data_dir`: the folder in which everything is kept between starts; None keeps it in memory.
    `max_concurrent_jobs`: tuning jobs of one project that may be under way at once, over all its regions.
    `over_quota`: what happens to one more: `queue` leaves it JOB_STATE_QUEUED, `reject` answers 429.
    `list_lag`: how long a new resource is missing from lists (get finds it at once).
    `page_size_max`: larger page sizes of Vertex AI's lists are silently reduced to this.
    `operation_seconds`: how long a long-running operation takes; None derives it from `run_seconds`.
    `undeploy_lag`: how long after an undeploy a model still counts as deployed.
    `max_body_bytes`: larger API requests are answered with 413.
    `cancelled_tuned_model`: the state in which a cancelled tuned model of the Gemini API is left.
    `first_run_fails`: whether the first tuning of a project is answered with 500 until the project has a dataset that
    is five minutes old, which is the remedy that Google names.
    `stopped_clock`: whether time passes only when it is advanced, for tests that must not depend on a machine's speed.
    `seed`: varies what is made up (resource ids, curves).
    """

    run_seconds: float = 20.0
    data_dir: Path | None = None
    max_concurrent_jobs: int = 1000
    over_quota: Literal["queue", "reject"] = "queue"
    list_lag: float = 0.0
    page_size_max: int = 100
    operation_seconds: float | None = None
    undeploy_lag: float = 0.0
    max_body_bytes: int = 10 * 1024 * 1024
    cancelled_tuned_model: Literal["ACTIVE", "FAILED"] = "ACTIVE"
    first_run_fails: bool = False
    stopped_clock: bool = False
    seed: int = 0

    def operation_time(self) -> float:
        """How long a long-running operation takes."""
        if self.operation_seconds is not None:
            return self.operation_seconds
        return min(0.3, self.run_seconds / 10)
