"""Requests to Cloud Storage that carry a precondition, and so may be sent again after a lost answer."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.cloud.client import Client
from reconciler.cloud.exchange import Reply
from reconciler.errors import CloudError

# conditionNotMet: the object is not, or not any more, of the generation that the request asked for.
CONDITION_NOT_MET = 412


def until_answered(client: Client, send: Callable[[], Reply], where: str) -> Reply:
    """Repeat a request until it succeeds or its precondition does not hold; the answer. Raises CloudError."""
    attempt, started = 1, client.monotonic()
    while True:
        try:
            reply = send()
            if reply.ok or reply.status == CONDITION_NOT_MET:
                return reply
            raise client.failure(reply, where)
        except CloudError as error:
            if not client.pause_after(error, attempt, started):
                raise
        attempt += 1
