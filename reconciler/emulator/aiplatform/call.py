"""One request to one API method, parsed and checked, and what a handler may answer."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.names import Parent
from reconciler.emulator.discovery import Api, Method


@dataclass(slots=True)
class Call:
    """What a handler gets.

    `ids` are the path's ids by collection, such as `{"tuningJobs": "123"}`. `query` has the method's own parameters by
    camelCase name. `streamed` says that the answer was asked for as server-sent events.
    """

    memory: Memory
    api: Api
    method: Method
    parent: Parent
    ids: dict[str, str]
    query: dict[str, Any]
    body: dict[str, Any]
    now: float
    streamed: bool = False


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer that is written already."""

    body: bytes
    content_type: str = "application/json; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Typed:
    """A message of one of the API's types."""

    value: dict[str, Any] = field(default_factory=dict)


Answer = Raw | Typed
Handler = Callable[[Call], Answer]
