"""The paid create: what is sent, and what the answer proves.

tuningJobs.create has no request id and no client-chosen name, so an answer is sorted by evidence and doubt is the
default: only Google's own refusal, or a failure before the first byte, says that no job exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.cloud.client import Client
from reconciler.core.canonical import digest
from reconciler.core.desired import TunedModel
from reconciler.core.labels import ATTEMPT
from reconciler.core.resource_names import parse_resource_name
from reconciler.errors import ApiError, BadAnswer, CloudError, CredentialsError, NotSent
from reconciler.providers.protocol import CreateRequest, Outcome, Submission
from reconciler.providers.vertex import paths, wire
from reconciler.providers.vertex.normalise import run_of

COLLECTION = "tuningJobs"
REFUSING_STATUSES = frozenset({400, 401, 403, 404, 412})
# Codes that speak of the server's state, not of the request; under whatever status they come they prove nothing.
UNPROVEN_CODES = frozenset(
    {"ABORTED", "ALREADY_EXISTS", "CANCELLED", "DATA_LOSS", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE", "UNKNOWN"}
)


def create_request(
    model: TunedModel, *, body: Mapping[str, Any], labels: Mapping[str, str], attempt: str
) -> CreateRequest:
    """The request that would tune `model`: its block, its metadata and `labels`, which carry `attempt`."""
    sent = {name: value for name, value in body.items() if name != "location"}
    sent["tunedModelDisplayName"] = model.display_name
    if model.description is not None:
        sent["description"] = model.description
    sent["labels"] = {**labels, ATTEMPT: attempt}
    path = paths.collection(model.project, model.location, COLLECTION)
    return CreateRequest(path, model.location, sent, digest({"path": path, "body": sent}))


def submit(client: Client, request: CreateRequest) -> Submission:
    """Send it once and sort the answer. Never raises for what the server or the network does."""
    url = paths.in_location(request.location, request.path)
    attempt = request.body.get("labels", {}).get(ATTEMPT, "")
    try:
        answer = client.post_once(url, request.body, request.params, reason=f"{ATTEMPT} {attempt}")
    except (NotSent, CredentialsError) as error:
        return Submission(Outcome.NOT_SENT, error=error)
    except ApiError as error:
        return Submission(Outcome.REFUSED if _refuses(error) else Outcome.IN_DOUBT, error=error)
    except CloudError as error:
        return Submission(Outcome.IN_DOUBT, error=error)
    return _committed(request, answer)


def _refuses(error: ApiError) -> bool:
    if error.status == 429:
        return error.code == "RESOURCE_EXHAUSTED"
    return error.status in REFUSING_STATUSES and error.code not in UNPROVEN_CODES


def _committed(request: CreateRequest, answer: Mapping[str, Any]) -> Submission:
    where = f"POST {request.path}"
    try:
        job = wire.read(wire.TuningJob, answer, where=where)
    except BadAnswer as error:
        return Submission(Outcome.IN_DOUBT, error=error)
    if not _is_ours(request, job.name):
        foreign = BadAnswer("the answer names no tuning job of this project and location", status=200, where=where)
        return Submission(Outcome.IN_DOUBT, error=foreign)
    return Submission(Outcome.COMMITTED, run=run_of(job))


def _is_ours(request: CreateRequest, name: str) -> bool:
    """Whether a name is a tuning job in the place the request went to. Google writes the project's number where the
    request had its id, and a number cannot be checked against an id.
    """
    parsed = parse_resource_name(name)
    if parsed is None or parsed.version:
        return False
    project = request.path.split("/")[1]
    same_project = parsed.project == project or (parsed.project.isdigit() and not project.isdigit())
    return same_project and parsed.location == request.location and parsed.collection == COLLECTION
