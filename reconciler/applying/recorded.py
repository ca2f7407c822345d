"""What the APIs would answer if nothing had changed since the last pass: the basis of `plan --no-refresh`."""

from __future__ import annotations

from reconciler.core.observed import Deployed, LiveEndpoint, LiveModel, Observed, Run, StoredObject
from reconciler.core.resource_names import key_of
from reconciler.core.state import Record, Route, State, Version

DEPLOYED_ID = "recorded"


def recorded_view(state: State) -> Observed:
    """An Observed made from the state alone."""
    runs: dict[str, Run] = {}
    models: dict[str, LiveModel] = {}
    endpoints: dict[str, LiveEndpoint] = {}
    objects: dict[str, StoredObject | None] = {}
    for record in state.resources.values():
        objects.update({uri: StoredObject(uri, "", "", 0) for uri in record.objects})
        if record.route is not None:
            endpoints[key_of(record.route.name)] = _routed(record, record.route)
        for version in record.versions:
            objects.update(
                {pin.uri: StoredObject(pin.uri, pin.generation, pin.crc32c, pin.size or 0) for pin in version.datasets}
            )
            if version.run and record.backend in ("vertex", "gemini", "palm"):
                runs[key_of(version.run)] = _run(record, version)
            if version.model:
                models[key_of(version.model)] = _model(record, version)
            for name in (version.endpoint, *(c.endpoint for c in version.checkpoints)):
                if name:
                    endpoints[key_of(name)] = _endpoint(record, name, version.model)
    return Observed(runs, models, endpoints, objects)


def _run(record: Record, version: Version) -> Run:
    return Run(
        name=version.run,
        backend=record.backend,  # type: ignore[arg-type]  # the caller has just looked
        state=version.run_state,
        body=version.resolved,
        created_at=version.created_at,
        ended_at=version.finished_at,
        error=version.error,
        model=version.model,
        endpoint=version.endpoint,
        checkpoints=version.checkpoints,
        experiment=version.experiment,
        billed_tokens=version.billed_tokens,
    )


def _model(record: Record, version: Version) -> LiveModel:
    return LiveModel(
        name=version.model,
        display_name=str(record.metadata.get("displayName") or ""),
        description=str(record.metadata.get("description") or ""),
        labels=dict(record.metadata.get("labels") or {}),
        deployments=((version.endpoint, DEPLOYED_ID),) if version.endpoint else (),
    )


def _routed(record: Record, route: Route) -> LiveEndpoint:
    shares = {str(number): share for number, share in enumerate(route.shares, start=1)}
    return LiveEndpoint(
        name=route.name,
        display_name=str(record.metadata.get("displayName") or ""),
        description=str(record.metadata.get("description") or ""),
        labels=dict(record.metadata.get("labels") or {}),
        deployed=tuple(Deployed(ident, share.model, share.checkpoint) for ident, share in shares.items()),
        traffic={ident: share.percent for ident, share in shares.items()},
    )


def _endpoint(record: Record, name: str, model: str) -> LiveEndpoint:
    return LiveEndpoint(
        name=name,
        display_name=str(record.metadata.get("displayName") or ""),
        description=str(record.metadata.get("description") or ""),
        labels=dict(record.metadata.get("labels") or {}),
        deployed=(Deployed(DEPLOYED_ID, model),),
        traffic={DEPLOYED_ID: 100},
    )
