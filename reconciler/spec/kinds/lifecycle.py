"""The `lifecycle` block: how long versions live, and what changes and removal do."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic_core import PydanticCustomError

from reconciler.spec.kinds.base import Block
from reconciler.spec.kinds.values import Parsed, Positive, Whole

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_PATTERN = r"(?:[0-9]{1,6}[wdhms])+"
_LONGEST = 100 * 366 * _UNITS["d"]


def _seconds(value: Any) -> int:
    if not isinstance(value, str) or not re.fullmatch(_PATTERN, value) or len(value) > 40:
        raise PydanticCustomError("invalid_format", "must be a duration, such as 30d, 12h or 90m")
    seconds = sum(int(part[:-1]) * _UNITS[part[-1]] for part in re.findall(r"[0-9]+[wdhms]", value))
    if not 0 < seconds <= _LONGEST:
        raise PydanticCustomError("out_of_range", "must be more than nothing and at most 100 years")
    return seconds


Duration = Annotated[int, Parsed(_seconds, {"type": "string", "pattern": f"^{_PATTERN}$"})]


class EndpointLifecycle(Block):
    """How an endpoint is kept."""

    prevent_destroy: bool | None = None
    """Refuse every plan that would delete it; wins over every flag."""
    on_remove: Literal["delete", "retain"] | None = None
    """What taking the spec away does to the endpoint: delete it (unset), or leave it."""


class Lifecycle(EndpointLifecycle):
    """How a tuned model is kept."""

    keep_last: Positive | None = None
    """How many versions are kept, the serving one among them; 2 when unset."""
    on_dataset_change: Literal["warn", "retune"] | None = None
    """What new content in Cloud Storage does: warn (unset), or retune."""
    while_running: Literal["wait", "cancelAndReplace"] | None = None
    """What a change does while a job runs: wait (unset), or cancel and start anew."""
    max_attempts: Positive | None = None
    """How often a job is started when failures are transient; 2 when unset."""
    expire_after: Duration | None = None
    """Delete the model after this time, such as 30d, 12h or 90m; never when unset."""
    keep_checkpoint_endpoints: Duration | None = None
    """Delete the endpoints of intermediate checkpoints that no traffic names after this time; never when unset."""
    rebase: bool | None = None
    """Move the tuned model onto a new base model instead of training again, where Google offers it."""
    priority: Whole | None = None
    """Place in the queue when jobs must wait; higher first, 0 when unset."""
