"""Long-running operations as every Google API words them: `{name, done?, response | error}`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.cloud.failures import rpc_error
from reconciler.errors import BadAnswer, CloudError


@dataclass(frozen=True, slots=True)
class OperationStatus:
    """Where an operation stands. `done` that is absent means not done."""

    name: str
    done: bool
    error: CloudError | None = None
    response: Mapping[str, Any] = field(default_factory=dict)


def parse_operation(answer: Mapping[str, Any], *, where: str) -> OperationStatus:
    """An operation from its JSON. Raises BadAnswer when it is none."""
    name, done = answer.get("name"), answer.get("done", False)
    if not isinstance(name, str) or not name or not isinstance(done, bool):
        raise BadAnswer("the answer is not a long-running operation", status=200, where=where)
    error, response = answer.get("error"), answer.get("response")
    return OperationStatus(
        name=name,
        done=done,
        error=rpc_error(error, where=where) if done and isinstance(error, dict) else None,
        response=response if isinstance(response, dict) else {},
    )
