"""What is remembered of a tuned model beyond what the API shows."""

from dataclasses import dataclass, field
from typing import Any

from reconciler.emulator.store import Resource

COLLECTION = "tunedModels"


@dataclass(slots=True, kw_only=True)
class TunedModel(Resource):
    """A tuned model with the one operation that makes it, and who may do what with it.

    `examples` are pairs of input and output, `rows` how many it is tuned on. Times are virtual seconds, 0 while
    unknown: when training begins, when a whole run would be over, when it ends whatever happens, and when it ended.
    `permissions` are Permission messages; the one with role OWNER is always there.
    """

    operation: str
    examples: list[tuple[str, str]]
    total_steps: int
    fate: str
    begins_at: float
    whole_at: float
    due: float
    stopped_at: float = 0.0
    cancelling: bool = False
    error: dict[str, Any] | None = None
    permissions: list[dict[str, Any]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """`tunedModels/{id}`."""
        return f"{COLLECTION}/{self.id}"

    @property
    def operation_name(self) -> str:
        """`tunedModels/{id}/operations/{id}`."""
        return f"{self.name}/operations/{self.operation}"

    @property
    def state(self) -> str:
        """CREATING, ACTIVE or FAILED."""
        return str(self.wire["state"])

    @property
    def finished(self) -> bool:
        """Whether training is over."""
        return self.state != "CREATING"
