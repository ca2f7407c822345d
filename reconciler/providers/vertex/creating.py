"""The paid create of a tuning job.

tuningJobs.create has no request id and no client-chosen name; how its answer is sorted: `providers/submitting.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.cloud.client import Client
from reconciler.core.canonical import digest
from reconciler.core.desired import TunedModel
from reconciler.core.labels import ATTEMPT
from reconciler.core.observed import Run
from reconciler.core.resource_names import parse_resource_name
from reconciler.providers.protocol import CreateRequest, Submission
from reconciler.providers.submitting import Send, foreign, send_once
from reconciler.providers.vertex import paths, wire
from reconciler.providers.vertex.normalise import run_of

COLLECTION = "tuningJobs"


def create_request(
    model: TunedModel, *, body: Mapping[str, Any], labels: Mapping[str, str], attempt: str
) -> CreateRequest:
    """The request that would tune `model`."""
    path = paths.collection(model.project, model.location, COLLECTION)
    sent = tuning_job(model, body, labels, attempt)
    return CreateRequest(path, model.location, sent, digest({"path": path, "body": sent}))


def tuning_job(model: TunedModel, body: Mapping[str, Any], labels: Mapping[str, str], attempt: str) -> dict[str, Any]:
    """The TuningJob that a spec asks for: its block, its metadata and `labels`, which carry `attempt`."""
    sent = {name: value for name, value in body.items() if name != "location"}
    sent["tunedModelDisplayName"] = model.display_name
    if model.description is not None:
        sent["description"] = model.description
    sent["labels"] = {**labels, ATTEMPT: attempt}
    return sent


def submit(client: Client, request: CreateRequest) -> Submission:
    """Send it once and sort the answer. Never raises for what the server or the network does."""
    url = paths.in_location(request.location, request.path)
    attempt = request.body.get("labels", {}).get(ATTEMPT, "")
    return send_once(client, Send(url, request, attempt, lambda answer: _created(request, answer)))


def _created(request: CreateRequest, answer: Mapping[str, Any]) -> Run:
    where = f"POST {request.path}"
    job = wire.read(wire.TuningJob, answer, where=where)
    if not names_one_of(request, COLLECTION, job.name):
        raise foreign("tuning job of this project and location", where)
    return run_of(job)


def names_one_of(request: CreateRequest, collection: str, name: str) -> bool:
    """Whether a name is a resource of that collection in the place the request went to. Google writes the project's
    number where the request had its id, and a number cannot be checked against an id.
    """
    parsed = parse_resource_name(name)
    if parsed is None or parsed.version:
        return False
    project = request.path.split("/")[1]
    same_project = parsed.project == project or (parsed.project.isdigit() and not project.isdigit())
    return same_project and parsed.location == request.location and parsed.collection == collection
