"""Small worlds to plan in: specs, records, runs, and what the APIs would answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.catalog import BaseModel, Catalog
from reconciler.core.address import Address
from reconciler.core.desired import (
    Backend,
    Dataset,
    DatasetContent,
    Desired,
    Endpoint,
    GoogleSettings,
    Lifecycle,
    Limits,
    Policy,
    Project,
    TunedModel,
)
from reconciler.core.diagnostics import Source
from reconciler.core.labels import own_labels
from reconciler.core.moments import stamp
from reconciler.core.observed import Deployed, LiveEndpoint, LiveModel, Observed, Run, StoredObject, Unreadable
from reconciler.core.plan import Change, Plan
from reconciler.core.resource_names import key_of
from reconciler.core.runs import RunState
from reconciler.core.state import DatasetPin, Intent, IntentStatus, Record, RunError, State, Version, VersionStatus
from reconciler.planning.absorb import absorb
from reconciler.planning.plan import PlanOptions, make_plan
from reconciler.spec.fields import training_body
from reconciler.spec.fingerprint import training_fingerprint

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
LONG_AGO = stamp(NOW - dt.timedelta(days=2))
AN_HOUR_AGO = stamp(NOW - dt.timedelta(hours=1))
JUST_NOW = stamp(NOW - dt.timedelta(seconds=10))
PROJECT = "acme"
LOCATION = "us-central1"
BASE = "gemini-3.1-flash-lite"
TRAIN = "gs://acme-data/train.jsonl"
CATALOG = Catalog(
    date=dt.date(2026, 11, 1),
    models={
        BASE: BaseModel(BASE, price_per_million_tokens=3.0, retires=dt.date(2027, 5, 7)),
        "gemini-3.5-flash": BaseModel("gemini-3.5-flash", price_per_million_tokens=10.0),
        "gemini-old": BaseModel(
            "gemini-old", price_per_million_tokens=5.0, retires=dt.date(2026, 10, 20), successor="gemini-3.5-flash"
        ),
        "gemini-closing": BaseModel(
            "gemini-closing",
            price_per_million_tokens=5.0,
            tuning_ends=dt.date(2026, 11, 10),
            retires=dt.date(2026, 12, 10),
            retires_is_earliest=True,
            successor="gemini-3.5-flash",
        ),
    },
)


@dataclass(frozen=True)
class Places:
    """Every field on a line of its own, by its place in the list."""

    file: str = "specs/m.yaml"

    def at(self, path: str) -> Source:
        return Source(self.file, 1 + sum(map(ord, path)) % 97, 5)


def supervised(training: str = TRAIN, *, base: str = BASE, **hyper: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {"trainingDatasetUri": training}
    if hyper:
        spec["hyperParameters"] = hyper
    return {"baseModel": base, "supervisedTuningSpec": spec}


def model(
    name: str = "m",
    body: Mapping[str, Any] | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    display_name: str = "",
    description: str | None = None,
    gates: Mapping[str, Any] | None = None,
    backend: Backend = "vertex",
    depends_on: Iterable[str] = (),
    location: str = LOCATION,
    **lifecycle: Any,
) -> TunedModel:
    declared = dict(supervised(epochCount=3) if body is None else body)
    needs = [Address.parse(a) for a in depends_on]
    for address in _addresses(declared):
        if address not in needs:
            needs.append(address)
    return TunedModel(
        address=Address("TunedModel", name),
        backend=backend,
        project=PROJECT,
        location=location,
        body=declared,
        display_name=display_name or name,
        description=description,
        labels=dict(labels or {}),
        lifecycle=Lifecycle(**lifecycle),
        sources=Places(f"specs/{name}.yaml"),
        gates=dict(gates or {}),
        depends_on=tuple(needs),
    )


def _addresses(value: Any) -> list[Address]:
    if isinstance(value, Mapping):
        return [a for item in value.values() for a in _addresses(item)]
    if isinstance(value, str) and value.startswith(("Dataset/", "TunedModel/")):
        return [Address.parse(value)]
    return []


def dataset(name: str = "d", *, bucket: str = "gs://acme-data/sets") -> Dataset:
    return Dataset(
        Address("Dataset", name),
        f"/project/{name}.jsonl",
        f"{name}.jsonl",
        "supervised",
        bucket,
        Places(f"specs/{name}.yaml"),
    )


def endpoint(name: str, *models: str, traffic: Any = None) -> Endpoint:
    return Endpoint(
        Address("Endpoint", name),
        PROJECT,
        LOCATION,
        {"traffic": traffic or [{"model": m, "percent": 100} for m in models]},
        name,
        {},
        Places(f"specs/{name}.yaml"),
        depends_on=tuple(Address.parse(m) for m in models),
    )


def content(text: str = "a", *, tokens: int | None = 900_000) -> DatasetContent:
    return DatasetContent(sha256=text * 64, size=100, rows=10, tokens=tokens)


def desired(
    *specs: TunedModel | Dataset | Endpoint,
    contents: Mapping[str, DatasetContent] | None = None,
    limits: Limits | None = None,
    policy: Policy | None = None,
) -> Desired:
    datasets = {s.address: s for s in specs if isinstance(s, Dataset)}
    known = {Address("Dataset", name): c for name, c in (contents or {}).items()}
    return Desired(
        project=Project(
            "proj", "/project", "state/", GoogleSettings(), limits or Limits(max_concurrent_jobs=5), policy or Policy()
        ),
        models={s.address: s for s in specs if isinstance(s, TunedModel)},
        datasets=datasets,
        endpoints={s.address: s for s in specs if isinstance(s, Endpoint)},
        spec_digest="sha256:0",
        contents={**{a: content() for a in datasets}, **known} if contents is None else known,
    )


def job(number: int | str) -> str:
    return f"projects/{PROJECT}/locations/{LOCATION}/tuningJobs/{number}"


def model_name(number: int | str, location: str = "us") -> str:
    return f"projects/{PROJECT}/locations/{location}/models/{number}@1"


def endpoint_name(number: int | str, location: str = "us") -> str:
    return f"projects/{PROJECT}/locations/{location}/endpoints/{number}"


def version(
    spec: TunedModel,
    number: int = 1,
    status: VersionStatus = VersionStatus.READY,
    *,
    want: Desired | None = None,
    run_id: int | str | None = None,
    **fields: Any,
) -> Version:
    """A version that was tuned from `spec`; a finished one with a model and an endpoint of the run's own number."""
    known = want.contents if want else {}
    ident = run_id if run_id is not None else f"{spec.address.name}-{number}"
    finished = status in (VersionStatus.CANDIDATE, VersionStatus.READY, VersionStatus.SUPERSEDED)
    states = {VersionStatus.FAILED: RunState.FAILED, VersionStatus.CANCELLED: RunState.CANCELLED}
    default = RunState.SUCCEEDED if finished else states.get(status, RunState.RUNNING)
    made = Version(
        number=number,
        status=status,
        fingerprint=training_fingerprint(spec, known),
        body=training_body(spec, known),
        attempt=f"try-{ident}",
        run=job(ident),
        run_state=default,
        model=model_name(ident) if finished else "",
        endpoint=endpoint_name(ident) if finished else "",
        created_at=LONG_AGO,
        finished_at="" if not default.is_final else LONG_AGO,
    )
    return replace(made, **fields)


def failed(spec: TunedModel, code: int, number: int = 1, **fields: Any) -> Version:
    return version(spec, number, VersionStatus.FAILED, error=RunError(code, "it went wrong"), **fields)


def record(spec: TunedModel, *versions: Version, current: int | None = None, **fields: Any) -> Record:
    metadata = {"displayName": spec.display_name, "description": spec.description, "labels": dict(spec.labels)}
    made = Record(
        spec.address, spec.backend, PROJECT, spec.location, versions=versions, current=current, metadata=metadata
    )
    return replace(made, **fields)


def state(*records: Record, intents: tuple[Intent, ...] = ()) -> State:
    return State("lineage-1", 3, {r.address: r for r in records}, intents)


def intent(spec: TunedModel, status: IntentStatus, *, number: int = 1, attempts: int = 1, **fields: Any) -> Intent:
    made = Intent(
        id=f"tunedmodel_{spec.address.name}.v{number}.a{attempts}",
        address=spec.address,
        backend=spec.backend,
        project=PROJECT,
        location=spec.location,
        version=number,
        attempts=attempts,
        attempt=f"try-{spec.address.name}-{number}-{attempts}",
        fingerprint=training_fingerprint(spec, {}),
        body_digest="sha256:1",
        body=training_body(spec, {}),
        status=status,
        sent_at=LONG_AGO,
        decide_at=stamp(NOW - dt.timedelta(hours=1)),
    )
    return replace(made, **fields)


def run(name: str, status: RunState = RunState.RUNNING, **fields: Any) -> Run:
    known = {"created_at": AN_HOUR_AGO, "backend": "vertex", **fields}
    return Run(name=name, state=status, **known)


def run_of(spec: TunedModel, made: Version, status: RunState | None = None, **fields: Any) -> Run:
    """What the API says of a version's run."""
    labels = own_labels("proj", spec.address, made.fingerprint, made.attempt)
    defaults: dict[str, Any] = {
        "labels": {**spec.labels, **labels},
        "display_name": spec.display_name,
        "body": dict(spec.body),
        "model": made.model,
        "endpoint": made.endpoint,
        "error": made.error,
        "ended_at": made.finished_at,
        "backend": spec.backend,
    }
    return run(made.run, status or made.run_state, **{**defaults, **fields})


def stray(spec: TunedModel, number: int | str, status: RunState = RunState.RUNNING, **fields: Any) -> Run:
    """A run that carries a spec's labels and that no record knows."""
    made = version(spec, 1, VersionStatus.ACTIVE, run_id=number)
    return run_of(spec, made, status, **fields)


def live(spec: TunedModel, made: Version, **changes: Any) -> tuple[LiveModel | LiveEndpoint, ...]:
    """The model and endpoint of a version, as its spec says they are; `changes` go to both."""
    words: dict[str, Any] = {
        "display_name": spec.display_name,
        "description": spec.description or "",
        "labels": dict(spec.labels),
    }
    words.update(changes)
    found: list[LiveModel | LiveEndpoint] = []
    if made.model:
        deployments = ((made.endpoint, "d1"),) if made.endpoint else ()
        found.append(LiveModel(made.model, deployments=deployments, **words))
    if made.endpoint:
        found.append(LiveEndpoint(made.endpoint, deployed=(Deployed("d1", made.model),), traffic={"d1": 100}, **words))
    return tuple(found)


def observed(
    *things: Run | LiveModel | LiveEndpoint | StoredObject | Unreadable | tuple[LiveModel | LiveEndpoint, ...],
    gone: Iterable[str] = (),
) -> Observed:
    """A refresh that saw these things; `gone` are objects that were looked for and are not there."""
    flat = [part for thing in things for part in (thing if isinstance(thing, tuple) else (thing,))]
    return Observed(
        runs={key_of(t.name): t for t in flat if isinstance(t, Run)},
        models={key_of(t.name): t for t in flat if isinstance(t, LiveModel)},
        endpoints={key_of(t.name): t for t in flat if isinstance(t, LiveEndpoint)},
        objects={**{t.uri: t for t in flat if isinstance(t, StoredObject)}, **dict.fromkeys(gone)},
        unreadable=tuple(t for t in flat if isinstance(t, Unreadable)),
    )


def serving(spec: TunedModel, number: int = 1, **fields: Any) -> tuple[State, Observed]:
    """A spec that is tuned, serves, and has nothing to be done."""
    made = version(spec, number, **fields)
    return state(record(spec, made, current=number)), observed(run_of(spec, made), live(spec, made))


def stored(uri: str = TRAIN, crc32c: str = "AAAA", *, size: int = 100, generation: str = "1") -> StoredObject:
    return StoredObject(uri, generation, crc32c, size)


def pin(uri: str = TRAIN, crc32c: str = "AAAA", *, size: int = 100) -> DatasetPin:
    return DatasetPin(uri, "1", crc32c, size)


def plan(want: Desired, known: State, seen: Observed, *, now: dt.datetime = NOW, **options: Any) -> Plan:
    """What a plan run would show: the refresh absorbed, then decided."""
    return make_plan(want, absorb(known, seen, now), seen, CATALOG, now, options=PlanOptions(**options))


def steps(made: Plan, name: str = "") -> list[tuple[str, str]]:
    """(action, first reason) of every change, or of those of one address."""
    return [(str(c.action), c.reasons[0].code) for c in made.changes if name in ("", str(c.address), c.address.name)]


def only(made: Plan) -> Change:
    """The one change of a plan."""
    assert len(made.changes) == 1, made.changes
    return made.changes[0]


def warned(made: Plan) -> list[str]:
    """The codes of everything said besides the changes."""
    return [d.code for d in made.diagnostics]
