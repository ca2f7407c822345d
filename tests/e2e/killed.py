"""`tuneform apply` in a process that kills itself, with SIGKILL, at a named point of a create.

The points lie between the steps of the protocol; the code under test is not changed, only wrapped.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from typing import Any

from reconciler.applying.endpoint_actions import EndpointActions
from reconciler.applying.operations import OperationWaiter
from reconciler.providers.gemini.provider import GeminiProvider
from reconciler.providers.palm.provider import PalmProvider
from reconciler.providers.vertex import provider as vertex
from reconciler.state.journal import Journal
from reconciler.state.store import StateStore
from tests.e2e.workshop import Workshop


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def before(owner: type, method: str) -> None:
    """Die when the method is called."""
    setattr(owner, method, die)


def after(owner: type, method: str) -> None:
    """Let the method do its work, then die."""
    whole: Callable[..., Any] = getattr(owner, method)

    def then_die(*arguments: Any, **named: Any) -> Any:
        whole(*arguments, **named)
        die()

    setattr(owner, method, then_die)


def after_any_answer() -> None:
    """Die once a create has been answered, whatever service it was sent to."""
    for provider in (vertex.VertexProvider, PalmProvider, GeminiProvider):
        after(provider, "submit")


POINTS: dict[str, Callable[[], None]] = {
    "before the intent": lambda: before(Journal, "prepare"),
    "after PREPARED": lambda: after(Journal, "prepare"),
    "before SENDING": lambda: before(Journal, "sending"),
    "after SENDING, before the POST": lambda: after(Journal, "sending"),
    "after the answer, before COMMITTED": lambda: before(Journal, "commit"),
    "after COMMITTED": lambda: after(Journal, "commit"),
    "before the state is written": lambda: before(StateStore, "write"),
    "after the state is written": lambda: after(StateStore, "write"),
    "before the entry is let go": lambda: before(Journal, "forget"),
    "after the answer": after_any_answer,
}
BETWEEN_ANSWER_AND_STATE = (
    "after the answer",
    "after the answer, before COMMITTED",
    "before the state is written",
)

ENDPOINT_POINTS: dict[str, Callable[[], None]] = {
    "before the endpoint is made": lambda: before(vertex.VertexProvider, "create_endpoint"),
    "after the endpoint is made": lambda: after(vertex.VertexProvider, "create_endpoint"),
    "before deploying": lambda: before(vertex.VertexProvider, "deploy"),
    "after deploying was asked for": lambda: after(vertex.VertexProvider, "deploy"),
    "before the traffic moves": lambda: before(EndpointActions, "_send"),
    "after the traffic has moved": lambda: after(EndpointActions, "_send"),
    "before taking off": lambda: before(vertex.VertexProvider, "undeploy"),
    "after taking off was asked for": lambda: after(vertex.VertexProvider, "undeploy"),
}

REBASE_POINTS: dict[str, Callable[[], None]] = {
    "while an operation is under way": lambda: before(OperationWaiter, "until_done"),
}


def killed_apply(workshop: Workshop, point: str, *arguments: str) -> None:
    """Run apply in a process that kills itself at that point."""
    done = workshop.apply(*arguments, expect=None, prepare=partial(arm, point))
    assert done.returncode == -signal.SIGKILL, f"the point {point!r} was never reached:\n{done.stdout}\n{done.stderr}"


def arm(point: str) -> None:
    """Let this process die at that point."""
    {**POINTS, **ENDPOINT_POINTS, **REBASE_POINTS}[point]()
