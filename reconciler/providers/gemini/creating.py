"""The paid create of a tuned model, under an id of our choice.

An id can be taken: by ourselves, when an earlier answer was lost or the request was replayed, which is adopted; or by
anybody in the world, as the Gemini API has one namespace for all projects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.cloud.client import Client
from reconciler.core.canonical import digest
from reconciler.core.client_ids import client_id_of
from reconciler.core.desired import TunedModel
from reconciler.core.observed import Run
from reconciler.errors import PermissionDenied
from reconciler.planning.normalise import aligned
from reconciler.providers.decoding import read
from reconciler.providers.gemini import paths, wire
from reconciler.providers.gemini.normalise import run_of, with_operation
from reconciler.providers.protocol import CreateRequest, Submission
from reconciler.providers.submitting import Send, TakenByStranger, foreign, send_once, settle_taken

# Permissions are resources of their own; they are set once the model is there.
_NOT_SENT = frozenset({"readers", "writers"})
# What the server gives back of what it was sent; training data is input only.
_COMPARED = ("baseModel", "tunedModelSource", "tuningTask")


def create_request(model: TunedModel, *, body: Mapping[str, Any], attempt: str) -> CreateRequest:
    """The request that would tune `model` under the id that `attempt` begins with."""
    sent = {name: value for name, value in body.items() if name not in _NOT_SENT}
    sent["displayName"] = model.display_name
    if "baseModel" in sent and "/" not in sent["baseModel"]:
        sent["baseModel"] = f"models/{sent['baseModel']}"
    params = {"tunedModelId": client_id_of(attempt)}
    return CreateRequest(paths.MODELS, "", sent, digest({"path": paths.MODELS, "params": params, "body": sent}), params)


def submit(client: Client, request: CreateRequest, labels: Mapping[str, str]) -> Submission:
    """Send it once and sort the answer; `labels` are what the id says. Never raises for what the server does."""
    name = f"{paths.MODELS}/{request.params['tunedModelId']}"
    send = Send(
        paths.collection(paths.MODELS),
        request,
        request.params["tunedModelId"],
        lambda answer: _created(request, answer, name, labels),
    )
    return settle_taken(
        send_once(client, send),
        lambda: _taker(client, name, labels),
        is_ours=lambda run: _is_made_from(run, request.body),
    )


def _created(request: CreateRequest, answer: Mapping[str, Any], name: str, labels: Mapping[str, str]) -> Run:
    """The run that the operation names: the model is there at once, in state CREATING."""
    where = f"POST {request.path}"
    tuning = read(wire.Tuning, answer, where=where)
    if paths.model_of(tuning.name) != name:
        raise foreign(f"operation of {name}", where)
    model = wire.TunedModel(
        name=name,
        state="CREATING",
        display_name=request.body["displayName"],
        description=request.body.get("description", ""),
        base_model=request.body.get("baseModel", ""),
        tuned_model_source=request.body.get("tunedModelSource"),
        tuning_task=wire.TuningTask(hyperparameters=request.body["tuningTask"].get("hyperparameters")),
    )
    return with_operation(run_of(model, labels), tuning)


def _taker(client: Client, name: str, labels: Mapping[str, str]) -> Run:
    try:
        answer = client.get(paths.model(name))
    except PermissionDenied as error:
        raise TakenByStranger(
            f"{name} belongs to somebody else; ids of the Gemini API are shared by everybody",
            status=error.status,
            code=error.code,
            where=error.where,
            next_step="Give the spec another metadata.name: the id begins with it.",
        ) from error
    return run_of(read(wire.TunedModel, answer, where=name), labels)


def _is_made_from(run: Run, sent: Mapping[str, Any]) -> bool:
    """Whether a model was given what this request says, as far as the server tells it."""
    task = {k: v for k, v in sent["tuningTask"].items() if k != "trainingData"}
    wanted = {name: value for name, value in {**sent, "tuningTask": task}.items() if name in _COMPARED and value}
    return bool(aligned(run.body, wanted) == wanted)
