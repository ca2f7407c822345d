"""The paid create of a tuning pipeline, under an id of our choice.

Parameters go as the template names them (v2: learning_rate, v3: learning_rate_multiplier); where the model goes and
what it is called there are parameters too. Source: google-cloud-aiplatform's tune_model and Google's PaLM page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.cloud.client import Client
from reconciler.core.canonical import digest
from reconciler.core.client_ids import client_id_of, is_attempt
from reconciler.core.desired import TunedModel
from reconciler.core.labels import ATTEMPT
from reconciler.core.observed import Run
from reconciler.planning.normalise import aligned
from reconciler.providers.decoding import read
from reconciler.providers.palm import wire
from reconciler.providers.palm.normalise import run_of
from reconciler.providers.protocol import CreateRequest, Submission
from reconciler.providers.submitting import Send, foreign, send_once, settle_taken
from reconciler.providers.vertex import paths
from reconciler.providers.vertex.creating import names_one_of

COLLECTION = "pipelineJobs"


def create_request(
    model: TunedModel, *, body: Mapping[str, Any], labels: Mapping[str, str], attempt: str
) -> CreateRequest:
    """The request that would tune `model`: its block, its labels, and the id that `attempt` begins with."""
    config = body["runtimeConfig"]
    parameters = {
        "project": model.project,
        "location": model.location,
        "model_display_name": model.display_name,
        **config["parameterValues"],
    }
    sent = {
        **{name: value for name, value in body.items() if name != "location"},
        "displayName": body.get("displayName", model.address.name),
        "runtimeConfig": {**config, "parameterValues": parameters},
        "labels": {**labels, ATTEMPT: attempt},
    }
    path = paths.collection(model.project, model.location, COLLECTION)
    params = {"pipelineJobId": client_id_of(attempt)}
    return CreateRequest(path, model.location, sent, digest({"path": path, "params": params, "body": sent}), params)


def submit(client: Client, request: CreateRequest) -> Submission:
    """Send it once and sort the answer. Never raises for what the server or the network does."""
    attempt = request.body["labels"][ATTEMPT]
    name = f"{request.path}/{request.params['pipelineJobId']}"
    send = Send(
        paths.in_location(request.location, request.path), request, attempt, lambda answer: _created(request, answer)
    )
    return settle_taken(
        send_once(client, send),
        lambda: run_of(read(wire.PipelineJob, client.get(paths.resource(name)), where=name)),
        is_ours=lambda run: _is_same(run, request, attempt),
    )


def _created(request: CreateRequest, answer: Mapping[str, Any]) -> Run:
    where = f"POST {request.path}"
    job = read(wire.PipelineJob, answer, where=where)
    is_named = job.name.rpartition("/")[2] == request.params["pipelineJobId"]
    if not is_named or not names_one_of(request, COLLECTION, job.name):
        raise foreign("pipeline job of that id in this project and location", where)
    return run_of(job)


def _is_same(run: Run, request: CreateRequest, attempt: str) -> bool:
    """Whether a pipeline was started for this very purchase."""
    wanted = {
        "templateUri": request.body["templateUri"],
        "runtimeConfig": {"parameterValues": request.body["runtimeConfig"]["parameterValues"]},
    }
    return is_attempt(run.labels.get(ATTEMPT, ""), attempt) and bool(aligned(run.body, wanted) == wanted)
