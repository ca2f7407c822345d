"""Everything specs and records concern, by listing pages.

One by one are only asked: the operation of a run that has just ended, for it alone knows the cause; the permissions
of a serving model whose spec declares them, which no list tells; and what is recorded and not listed as our own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from reconciler.cloud.client import Client, Params
from reconciler.core.client_ids import labels_from
from reconciler.core.desired import TunedModel
from reconciler.core.observed import LiveModel, Observed, Run, Unreadable
from reconciler.core.runs import RunState
from reconciler.core.state import Record, VersionStatus
from reconciler.errors import CloudError, CredentialsError, NotFound, PermissionDenied
from reconciler.providers.decoding import read
from reconciler.providers.gemini import paths, wire
from reconciler.providers.gemini.normalise import model_of, run_of, with_operation
from reconciler.providers.gemini.permissions import ROLES, permissions_of

PAGE_SIZE = 1000
_FIELDS = (
    "name,state,displayName,description,baseModel,tunedModelSource,createTime,temperature,topP,topK,"
    "readerProjectNumbers,tuningTask(startTime,completeTime,hyperparameters)"
)


def list_models(client: Client) -> dict[str, wire.TunedModel]:
    """Every tuned model of ours by name, without the snapshots that would make up most of the answer.

    Raises CloudError.
    """
    params: Params = {"pageSize": PAGE_SIZE, "filter": "owner:me", "fields": f"tunedModels({_FIELDS}),nextPageToken"}
    pages = client.typed_pages(paths.collection(paths.MODELS), paths.MODELS, wire.decode_models, params)
    return {model.name: model for page in pages for model in page.tuned_models}


def base_models(client: Client) -> dict[str, frozenset[str]]:
    """What each base model can be used for, by name. Raises CloudError."""
    params: Params = {"pageSize": PAGE_SIZE, "fields": "models(name,supportedGenerationMethods),nextPageToken"}
    items = client.pages(paths.collection("models"), "models", params)
    found = (read(wire.BaseModel, item, where="models") for item in items)
    return {model.name: frozenset(model.supported_generation_methods) for model in found}


def tuning_of(client: Client, name: str) -> wire.Tuning | None:
    """The operation that makes, or made, a tuned model; None where none is kept. Raises CloudError."""
    items = client.pages(paths.operations(name), "operations", {"pageSize": PAGE_SIZE})
    found = [read(wire.Tuning, item, where=f"{name}/operations") for item in items]
    under_way = [tuning for tuning in found if not tuning.done]
    return next(iter(under_way or found), None)


def observe(client: Client, project_label: str, models: Sequence[TunedModel], records: Sequence[Record]) -> Observed:
    """Tuned models, and what base models can be tuned. A list that fails is `unreadable`; raises CredentialsError."""
    try:
        return _observe(client, project_label, models, records)
    except CredentialsError:
        raise
    except CloudError as error:
        return Observed(unreadable=(Unreadable("gemini", error.what),))


def _observe(client: Client, project_label: str, models: Sequence[TunedModel], records: Sequence[Record]) -> Observed:
    addresses = {m.address for m in models} | {r.address for r in records}
    listed = list_models(client)
    others, unreadable = _of_other_owners(client, records, listed)
    listed |= others
    labels = {name: labels_from(name.partition("/")[2], project_label, addresses) for name in listed}
    runs = {name: run_of(model, labels[name]) for name, model in listed.items()}
    for name in _just_ended(records, runs):
        runs[name] = with_operation(runs[name], tuning_of(client, name))
    shared = _with_permissions(models, records)
    live = {name: _live(client, model, labels[name], name in shared) for name, model in listed.items()}
    serving = {name: live[name] for name, run in runs.items() if run.state is RunState.SUCCEEDED}
    wants_bases = any("baseModel" in model.body for model in models)
    bases = base_models(client) if wants_bases else None
    return Observed(runs=runs, models=serving, base_methods=bases, unreadable=unreadable)


def _of_other_owners(
    client: Client, records: Sequence[Record], listed: Collection[str]
) -> tuple[dict[str, wire.TunedModel], tuple[Unreadable, ...]]:
    """What is recorded and is not listed as ours: another login may have made it, as where plans and applies differ."""
    found: dict[str, wire.TunedModel] = {}
    hidden = []
    for name in sorted(_expected(records) - set(listed)):
        try:
            answer = client.get(paths.model(name), {"fields": _FIELDS})
        except NotFound:
            continue
        except PermissionDenied as error:
            hidden.append(Unreadable(name, error.what))
        else:
            found[name] = read(wire.TunedModel, answer, where=name)
    return found, tuple(hidden)


def _expected(records: Sequence[Record]) -> set[str]:
    versions = [v for record in records for v in record.versions if v.run]
    return {v.run for v in versions if v.is_live or (v.model and v.status is not VersionStatus.DELETED)}


def _live(client: Client, model: wire.TunedModel, labels: Mapping[str, str], shared: bool) -> LiveModel:
    permissions: Mapping[str, Any] = permissions_of(client, model.name) if shared else {}
    return model_of(model, labels, permissions)


def _just_ended(records: Sequence[Record], runs: Mapping[str, Run]) -> list[str]:
    """Runs that are recorded as under way and are not any more."""
    under_way = {v.run for record in records for v in record.versions if v.is_live}
    return sorted(name for name in under_way if name in runs and runs[name].state.is_final)


def _with_permissions(models: Sequence[TunedModel], records: Sequence[Record]) -> frozenset[str]:
    """The serving models whose specs declare who may use them."""
    declaring = {m.address for m in models if not m.body.keys().isdisjoint(ROLES)}
    serving = (record.serving for record in records if record.address in declaring)
    return frozenset(version.model for version in serving if version and version.model)
