"""Everything the emulator remembers, in one place."""

from typing import Any, Protocol

from reconciler.emulator.aiplatform.service import AiPlatform
from reconciler.emulator.clock import Clock
from reconciler.emulator.generativelanguage.service import GenerativeLanguage
from reconciler.emulator.options import Options
from reconciler.emulator.storage.buckets import Buckets


class Part(Protocol):
    """One service's memory. A new service of the emulator is one more part."""

    @property
    def revision(self) -> int:
        """Rises with every change, so that unchanged parts are not written again."""
        ...

    def snapshot(self) -> dict[str, Any]:
        """Everything worth keeping, in values that orjson writes."""
        ...

    def restore(self, saved: dict[str, Any]) -> None:
        """Take back what `snapshot` gave, once it was written as JSON and read again."""
        ...

    def reset(self) -> None:
        """Forget everything."""
        ...


class World:
    """The clock and the services, shared by all routes.

    Routes run on one event loop and never wait in the middle of a change, so there is no locking.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.clock = Clock(stopped=options.stopped_clock)
        self.buckets = Buckets(self.clock)
        self.aiplatform = AiPlatform(options, self.clock, self.buckets)
        self.generativelanguage = GenerativeLanguage(options, self.clock)

    def parts(self) -> dict[str, Part]:
        """The services by the name under which each is kept."""
        return {"storage": self.buckets, "aiplatform": self.aiplatform, "generativelanguage": self.generativelanguage}

    def settle(self) -> None:
        """Let everything happen that is due by now: runs end, operations finish."""
        self.aiplatform.settle()
        self.generativelanguage.settle()

    def reset(self) -> None:
        """Forget everything but the time."""
        for part in self.parts().values():
            part.reset()
