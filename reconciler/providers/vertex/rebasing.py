"""The paid rebase of a tuned model: tuningJobs:rebaseTunedModel.

Like a create it has no request id. It answers with an operation whose metadata says nothing of the new tuning job, so
that nothing is certain before the operation has named it. Source: aiplatform v1 discovery document,
GoogleCloudAiplatformV1RebaseTunedModelRequest; genai_tuning_service.proto for the metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.cloud.client import Client
from reconciler.cloud.operations import parse_operation
from reconciler.core.canonical import digest
from reconciler.core.desired import TunedModel
from reconciler.core.labels import ATTEMPT
from reconciler.core.resource_names import parse_resource_name
from reconciler.errors import CloudError
from reconciler.providers.protocol import CreateRequest, Operation, Outcome, Submission
from reconciler.providers.submitting import by_evidence, post
from reconciler.providers.vertex import paths
from reconciler.providers.vertex.creating import COLLECTION, tuning_job

METHOD = ":rebaseTunedModel"
# TunedModelRef's fields by the collection of what they name.
_REFERENCES = {"tuningJobs": "tuningJob", "models": "tunedModel"}


def rebase_request(
    model: TunedModel, *, body: Mapping[str, Any], labels: Mapping[str, str], attempt: str, source: str
) -> CreateRequest:
    """The request that would make `model` from a tuning job or model of an earlier version.

    All that the spec declares is sent along, so that what comes of it is what the spec says. The endpoint must be a new
    one: the discovery document calls that the default, but google-cloud-aiplatform tells of models for which it is not.
    Raises CloudError when `source` is neither.
    """
    parsed = parse_resource_name(source)
    if parsed is None or parsed.collection not in _REFERENCES:
        raise CloudError(f"{source[:200]!r} is neither a tuning job nor a model", where=str(model.address))
    path = paths.collection(model.project, model.location, COLLECTION) + METHOD
    sent = {
        "tunedModelRef": {_REFERENCES[parsed.collection]: source},
        "tuningJob": tuning_job(model, body, labels, attempt),
        "deployToSameEndpoint": False,
    }
    return CreateRequest(path, model.location, sent, digest({"path": path, "body": sent}))


def is_rebase(request: CreateRequest) -> bool:
    """Whether a request is a rebase rather than a create."""
    return request.path.endswith(METHOD)


def submit(client: Client, request: CreateRequest) -> Submission:
    """Send it once. What is not refused is in doubt, with the operation that will name the new job if one came back."""
    url = paths.in_location(request.location, request.path)
    attempt = request.body["tuningJob"]["labels"][ATTEMPT]
    return by_evidence(lambda: _begun(request, post(client, url, request, attempt)))


def _begun(request: CreateRequest, answer: Mapping[str, Any]) -> Submission:
    where = f"POST {request.path}"
    status = parse_operation(answer, where=where)
    operation = Operation(status.name, status.done, status.error, status.response)
    unnamed = CloudError(f"{status.name} has not named the new tuning job yet", where=where)
    return Submission(Outcome.IN_DOUBT, error=unnamed, operation=operation)
