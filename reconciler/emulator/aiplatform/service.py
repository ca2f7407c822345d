"""Vertex AI as one part of the emulator's world."""

import heapq
from typing import Any

from reconciler.emulator.aiplatform import (
    datasets,
    endpoints,
    experiments,
    inference,
    jobs,
    models,
    operations,
    prediction,
    rebasing,
    snapshot,
    tensorboards,
)
from reconciler.emulator.aiplatform.call import Handler
from reconciler.emulator.aiplatform.lifecycle import JOB_EVENTS
from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.pipelines import batches
from reconciler.emulator.aiplatform.pipelines import methods as pipelines
from reconciler.emulator.aiplatform.pipelines.lifecycle import PIPELINE_EVENTS
from reconciler.emulator.clock import Clock
from reconciler.emulator.options import Options
from reconciler.emulator.storage.buckets import Buckets

HANDLERS: dict[str, Handler] = {
    **jobs.METHODS,
    **rebasing.METHODS,
    **pipelines.METHODS,
    **batches.METHODS,
    **models.METHODS,
    **endpoints.METHODS,
    **inference.METHODS,
    **prediction.METHODS,
    **operations.METHODS,
    **datasets.METHODS,
    **experiments.METHODS,
    **tensorboards.METHODS,
}
EFFECTS = models.EFFECTS | endpoints.EFFECTS | datasets.EFFECTS | rebasing.EFFECTS | pipelines.EFFECTS | batches.EFFECTS
EVENTS = JOB_EVENTS | PIPELINE_EVENTS | {"operation_done": operations.finisher(EFFECTS)}


class AiPlatform:
    """The service's memory, and what is due to happen in it."""

    def __init__(self, options: Options, clock: Clock, buckets: Buckets) -> None:
        self.memory = Memory(options, clock, buckets)

    @property
    def revision(self) -> int:
        """Rises with every change."""
        return self.memory.revision

    def settle(self) -> None:
        """Let everything happen that is due by now, in the order in which it is due."""
        now = self.memory.now()
        while self.memory.agenda and self.memory.agenda[0].due <= now:
            event = heapq.heappop(self.memory.agenda)
            EVENTS[event.kind](self.memory, event)

    def snapshot(self) -> dict[str, Any]:
        """Everything worth keeping, in values that orjson writes."""
        return snapshot.save(self.memory)

    def restore(self, saved: dict[str, Any]) -> None:
        """Take back what `snapshot` gave, once it was written as JSON and read again."""
        self.memory.clear()
        snapshot.load(self.memory, saved)

    def reset(self) -> None:
        """Forget everything."""
        self.memory.clear()
