"""The paid create: one request, and what the answer proves.

An answer is sorted by evidence and doubt is the default: only Google's own refusal, or a failure before the first
byte, says that nothing exists. Where the id is of our choice, "it exists already" is answered by looking at it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.cloud.client import Client
from reconciler.core.labels import ATTEMPT
from reconciler.core.observed import Run
from reconciler.errors import (
    AlreadyExists,
    ApiError,
    BadAnswer,
    CloudError,
    CredentialsError,
    NotFound,
    NotSent,
    PermissionDenied,
)
from reconciler.providers.protocol import CreateRequest, Outcome, Submission

REFUSING_STATUSES = frozenset({400, 401, 403, 404, 412})
# Codes that speak of the server's state, not of the request; under whatever status they come they prove nothing.
UNPROVEN_CODES = frozenset(
    {"ABORTED", "ALREADY_EXISTS", "CANCELLED", "DATA_LOSS", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE", "UNKNOWN"}
)


class TakenByStranger(PermissionDenied):
    """An id that is shared by everybody is somebody else's."""


@dataclass(frozen=True, slots=True)
class Send:
    """One create: where to, in whose attempt's name, and how its answer is read.

    `accept` gives the run that an answer names and raises BadAnswer when it names none of ours.
    """

    url: str
    request: CreateRequest
    attempt: str
    accept: Callable[[Mapping[str, Any]], Run]


def send_once(client: Client, send: Send) -> Submission:
    """Send it once and sort the answer. Never raises for what the server or the network does."""

    def attempt() -> Submission:
        answer = post(client, send.url, send.request, send.attempt)
        return Submission(Outcome.COMMITTED, run=send.accept(answer))

    return by_evidence(attempt)


def post(client: Client, url: str, request: CreateRequest, attempt: str) -> Mapping[str, Any]:
    """The one request of a create, with the attempt in Google's audit log. Raises CloudError."""
    return client.post_once(url, request.body, request.params, reason=f"{ATTEMPT} {attempt}".rstrip())


def by_evidence(send: Callable[[], Submission]) -> Submission:
    """What a create came to, or what the error it raised proves."""
    try:
        return send()
    except (NotSent, CredentialsError) as error:
        return Submission(Outcome.NOT_SENT, error=error)
    except ApiError as error:
        return Submission(Outcome.REFUSED if refuses(error) else Outcome.IN_DOUBT, error=error)
    except CloudError as error:
        return Submission(Outcome.IN_DOUBT, error=error)


def settle_taken(submission: Submission, look: Callable[[], Run], *, is_ours: Callable[[Run], bool]) -> Submission:
    """The submission, or when its id is taken already what a look at the taker proves.

    The same purchase under the same id is our own, sent earlier or replayed on its way. Something else there, or
    TakenByStranger from `look`, shows that this request made nothing; a taker that cannot be seen leaves a doubt. One
    that is not there at all is told as AlreadyExists: a deleted run may keep its id.
    """
    error = submission.error
    if not isinstance(error, AlreadyExists):
        return submission
    try:
        run = look()
    except TakenByStranger as stranger:
        return Submission(Outcome.REFUSED, error=stranger)
    except NotFound:
        nobody = AlreadyExists(
            "Google says that the id is taken already, and nothing can be found under it",
            status=error.status,
            code=error.code,
            where=error.where,
        )
        return Submission(Outcome.IN_DOUBT, error=nobody)
    except CloudError as unseen:
        return Submission(Outcome.IN_DOUBT, error=unseen)
    if is_ours(run):
        return Submission(Outcome.COMMITTED, run=run)
    taken = AlreadyExists(
        f"{run.name} exists already and was not made from this spec",
        status=409,
        code="ALREADY_EXISTS",
        where=error.where,
        next_step="Look at it; delete it if it may go, or give the spec another metadata.name.",
    )
    return Submission(Outcome.REFUSED, error=taken)


def foreign(what: str, where: str) -> BadAnswer:
    """An answer that names nothing of what was asked for."""
    return BadAnswer(f"the answer names no {what}", status=200, where=where)


def refuses(error: ApiError) -> bool:
    """Whether an error is Google's own refusal, which says that nothing was made."""
    if error.status == 429:
        return error.code == "RESOURCE_EXHAUSTED"
    return error.status in REFUSING_STATUSES and error.code not in UNPROVEN_CODES
