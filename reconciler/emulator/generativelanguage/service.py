"""The Gemini API as one part of the emulator's world."""

from typing import Any

from reconciler.emulator.clock import Clock
from reconciler.emulator.generativelanguage import inference, lifecycle, operations, permissions, tuned_models
from reconciler.emulator.generativelanguage.call import Handler
from reconciler.emulator.generativelanguage.memory import Memory
from reconciler.emulator.generativelanguage.records import TunedModel
from reconciler.emulator.options import Options

HANDLERS: dict[str, Handler] = {
    **tuned_models.METHODS,
    **operations.METHODS,
    **permissions.METHODS,
    **inference.METHODS,
}


class GenerativeLanguage:
    """The service's memory, and what is due to happen in it."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self.memory = Memory(options, clock)

    @property
    def revision(self) -> int:
        """Rises with every change."""
        return self.memory.revision

    def settle(self) -> None:
        """Let everything happen that is due by now."""
        lifecycle.settle(self.memory, self.memory.clock.now())

    def snapshot(self) -> dict[str, Any]:
        """Everything worth keeping, in values that orjson writes."""
        memory = self.memory
        return {"revision": memory.revision, "sequence": memory.sequence, "models": list(memory.models)}

    def restore(self, saved: dict[str, Any]) -> None:
        """Take back what `snapshot` gave, once it was written as JSON and read again."""
        memory = self.memory
        memory.clear()
        memory.sequence = saved["sequence"]
        for fields in saved["models"]:
            examples = [(asked, answer) for asked, answer in fields["examples"]]
            model = TunedModel(**fields | {"examples": examples})
            memory.models.add(model)
            if not model.finished:
                memory.under_way.add(model.id)
        # Revisions rise over restarts too: what is kept is named by them.
        memory.revision = saved["revision"]

    def reset(self) -> None:
        """Forget everything."""
        self.memory.clear()
