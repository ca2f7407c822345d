"""What each planned action does to the model of the APIs in `simulate`; before every remote change a pass may die."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace

from reconciler.applying.approval import held_changes
from reconciler.core.address import Address
from reconciler.core.client_ids import redeployment_name
from reconciler.core.desired import TunedModel
from reconciler.core.labels import OWN, own_labels
from reconciler.core.moments import stamp
from reconciler.core.observed import Deployed, LiveEndpoint, LiveModel, Run, StoredObject
from reconciler.core.plan import Action, Change, Plan
from reconciler.core.resource_names import key_of
from reconciler.core.runs import RunState
from reconciler.core.state import DatasetPin, Intent, IntentStatus, Record, Version, VersionStatus
from reconciler.planning.absorb import absorb
from reconciler.planning.content import training_uri
from reconciler.planning.liveness import leftovers
from reconciler.planning.reasons import Code
from reconciler.spec.fields import training_body
from reconciler.spec.fingerprint import evaluation_fingerprint, training_fingerprint
from tests.planning.build import job
from tests.planning.carry_out_endpoints import carry_out_endpoint
from tests.planning.simulate import Died, Sim

WINDOW = dt.timedelta(minutes=5)


def run_pass(sim: Sim, *, destroy: bool = False, dies_in: int | None = None) -> Plan | None:
    """Plan and carry out; the plan, or None when the pass died on its way."""
    written, sim.dies_in = sim.state, dies_in
    sim.bought, sim.taken_away = [], []
    try:
        made = sim.plan(destroy=destroy)
        allowed = None if destroy else sim.want.project.limits.max_deletes
        held = held_changes(made, max_deletes=0, allow_deletes=allowed, auto_approve=False, saved=destroy)
        sim.held = frozenset(held)
        for change in made.changes:
            if change.key not in held:
                _carry_out(sim, change)
        _write(sim)
    except Died:
        sim.state = written
        return None
    finally:
        sim.dies_in = None
    return made


def _write(sim: Sim) -> None:
    """What a pass has learned and done becomes durable all at once; then the journal lets go of what is in it."""
    sim.state = absorb(sim.state, sim.observe(), sim.now)
    for model in sim.want.models.values():
        if record := sim.state.resources.get(model.address):
            kept = model.lifecycle
            record = replace(record, prevent_destroy=kept.prevent_destroy, on_remove=kept.on_remove)
            sim.state = sim.state.with_record(record)
    sim.effect()
    sim.journal = {name: entry for name, entry in sim.journal.items() if entry.is_open}
    sim.state = replace(sim.state, intents=tuple(sim.journal.values()))


def _carry_out(sim: Sim, change: Change) -> None:
    if change.address.kind == "Dataset":
        _dataset(sim, change)
        return
    if change.address.kind == "Endpoint":
        carry_out_endpoint(sim, change)
        return
    model = sim.want.models.get(change.address)
    steps: dict[Action, Callable[[], None]] = {
        Action.CREATE: lambda: _create(sim, change, _declared(model)),
        Action.RETUNE: lambda: _create(sim, change, _declared(model)),
        Action.ADOPT: lambda: _adopt(sim, change, _declared(model)),
        Action.UPDATE: lambda: _update(sim, change, _declared(model)),
        Action.DEPLOY: lambda: _deploy(sim, change, _declared(model)),
        Action.EVALUATE: lambda: _evaluate(sim, change, _declared(model)),
        Action.PROMOTE: lambda: _serve(sim, change),
        Action.ROLLBACK: lambda: _serve(sim, change),
        Action.CANCEL: lambda: _cancel(sim, change),
        Action.DELETE: lambda: _delete(sim, change),
        Action.FORGET: lambda: _forget(sim, change.address),
    }
    if change.action in steps:
        steps[change.action]()


def loss_of(version: Version) -> float:
    """What the run of a version reports: some value from 0 to 1 that only depends on the run."""
    return int(version.attempt.removeprefix("try-")) * 37 % 100 / 100


def _dataset(sim: Sim, change: Change) -> None:
    if change.action is Action.FORGET:
        _forget(sim, change.address)
    elif change.action is Action.CREATE:
        (uri,) = change.targets
        size = sim.want.contents[change.address].size
        sim.effect()
        sim.objects.setdefault(uri, StoredObject(uri, "1", f"crc-{uri}", size))
        before = sim.state.resources.get(change.address)
        kept = (*(before.objects if before else ()), uri)
        sim.state = sim.state.with_record(Record(change.address, "storage", "", "", objects=kept))


def _create(sim: Sim, change: Change, model: TunedModel) -> None:
    assert change.version is not None
    sim.made += 1
    record = sim.state.resources.get(model.address)
    earlier = record.version(change.version) if record else None
    taken = [i.attempts for i in sim.journal.values() if (i.address, i.version) == (model.address, change.version)]
    uri = training_uri(model, sim.want)
    stored = sim.objects.get(uri)
    attempts = max([*taken, earlier.attempts if earlier else 0]) + 1
    sending = Intent(
        id=f"{model.address.name}.v{change.version}.a{attempts}",
        address=model.address,
        backend=model.backend,
        project=model.project,
        location=model.location,
        version=change.version,
        attempts=attempts,
        attempt=f"try-{sim.made}",
        fingerprint=training_fingerprint(model, sim.want.contents),
        body_digest="",
        body=training_body(model, sim.want.contents),
        status=IntentStatus.SENDING,
        datasets=(DatasetPin(uri, stored.generation, stored.crc32c, stored.size),) if stored else (),
        sent_at=stamp(sim.now),
        decide_at=stamp(sim.now + WINDOW),
    )
    assert sending.id not in sim.journal, "two creates under one name"
    sim.journal[sending.id] = sending
    sim.effect()
    sim.bought.append(change)
    name = _post(sim, model, sending)
    if sim.dies_in is not None:
        sim.unlisted.add(key_of(name))
    sim.effect()
    sim.journal[sending.id] = replace(sending, status=IntentStatus.COMMITTED, run=name)
    sim.unlisted.discard(key_of(name))
    sim.state = absorb(replace(sim.state, intents=tuple(sim.journal.values())), sim.observe(), sim.now)
    _remember(sim, model)


def _post(sim: Sim, model: TunedModel, intent: Intent) -> str:
    labels = {
        **model.labels,
        **own_labels(sim.want.project.name, model.address, intent.fingerprint, intent.attempt),
    }
    name = job(sim.made)
    sim.runs[key_of(name)] = Run(
        name,
        "vertex",
        RunState.PENDING,
        _resolved(sim, model),
        labels,
        display_name=model.display_name,
        created_at=stamp(sim.now),
    )
    return name


def _resolved(sim: Sim, model: TunedModel) -> Mapping[str, object]:
    """The block as the server echoes it: references resolved, int64 as strings, defaults filled in."""
    body = dict(model.body)
    tuning = dict(body["supervisedTuningSpec"])
    hyper = {"learningRateMultiplier": 1, "epochCount": 10, **tuning.get("hyperParameters", {})}
    hyper["epochCount"] = str(hyper["epochCount"])
    tuning["hyperParameters"] = hyper
    tuning["trainingDatasetUri"] = training_uri(model, sim.want) or tuning["trainingDatasetUri"]
    if "preTunedModel" in body:
        parent = Address.parse(body["preTunedModel"]["tunedModelName"])
        serving = sim.state.resources[parent].serving
        assert serving is not None, "a run was created before its parent serves"
        body["preTunedModel"] = {"tunedModelName": serving.model, "baseModel": "gemini-3.1-flash-lite"}
    return {**body, "supervisedTuningSpec": tuning}


def _adopt(sim: Sim, change: Change, model: TunedModel) -> None:
    run = sim.runs[key_of(change.targets[0])]
    record = sim.state.resources.get(model.address) or Record(
        model.address, model.backend, model.project, model.location
    )
    is_same = change.reasons[0].code != "state_rebuilt"
    version = Version(
        number=change.version or 1,
        status=VersionStatus.ACTIVE,
        fingerprint=training_fingerprint(model, sim.want.contents) if is_same else "",
        body=training_body(model, sim.want.contents) if is_same else {},
        attempt=run.labels["tuneform-attempt"],
        run=run.name,
        created_at=run.created_at,
        adopted=True,
    )
    sim.state = sim.state.with_record(record.with_version(version))
    sim.state = absorb(sim.state, sim.observe(), sim.now)
    _remember(sim, model)


def _update(sim: Sim, change: Change, model: TunedModel) -> None:
    before = sim.state.resources[model.address].metadata.get("labels") or {}
    for name in change.targets:
        sim.effect()
        key = key_of(name)
        live = sim.models.get(key) or sim.endpoints[key]
        kept = {k: v for k, v in live.labels.items() if k not in before or k in OWN}
        labels = {**kept, **model.labels}
        if isinstance(live, LiveModel):
            sim.models[key] = replace(live, display_name=model.display_name, labels=labels)
        else:
            sim.endpoints[key] = replace(live, display_name=model.display_name, labels=labels)
    _remember(sim, model)


def _deploy(sim: Sim, change: Change, model: TunedModel) -> None:
    record = sim.state.resources[model.address]
    version = record.version(change.version)
    assert version is not None
    assert key_of(version.model) in sim.models, f"{version.model} was to be deployed and is not there"
    # The id is derived from what was there before, so that a pass that died finds what it made.
    name = change.targets[0] if change.targets else redeployment_name(model.address, version.model, version.endpoint)
    sim.effect()
    one = sim.endpoints.get(key_of(name)) or LiveEndpoint(name, model.display_name, labels=dict(model.labels))
    sim.endpoints[key_of(name)] = one
    sim.effect()
    sim.endpoints[key_of(name)] = replace(one, deployed=(Deployed("d2", version.model),), traffic={"d2": 100})
    sim.state = sim.state.with_record(record.with_version(replace(version, endpoint=name)))


def _evaluate(sim: Sim, change: Change, model: TunedModel) -> None:
    record = sim.state.resources[change.address]
    version = record.version(change.version)
    assert version is not None
    passed = loss_of(version) <= model.gates["metrics"][0]["max"]
    found = {"digest": evaluation_fingerprint(model, sim.want.contents), "passed": passed}
    judged = replace(version, evidence={**version.evidence, "gates": found})
    sim.state = sim.state.with_record(record.with_version(judged))
    if passed and change.reasons[0].code != Code.GATES_CHANGED:
        _serve(sim, change)


def _serve(sim: Sim, change: Change) -> None:
    record = sim.state.resources[change.address]
    parts = {record.current: VersionStatus.SUPERSEDED, change.version: VersionStatus.READY}
    versions = tuple(replace(v, status=parts.get(v.number, v.status)) for v in record.versions)
    sim.state = sim.state.with_record(replace(record, versions=versions, current=change.version))


def _cancel(sim: Sim, change: Change) -> None:
    record = sim.state.resources[change.address]
    _count(sim, change)
    for name in change.targets:
        sim.effect()
        run = sim.runs[key_of(name)]
        assert run.state.is_active, "a finished run was asked to stop"
        sim.runs[key_of(name)] = replace(run, state=RunState.CANCELLING)
        versions = tuple(replace(v, status=VersionStatus.CANCELLING) if v.run == name else v for v in record.versions)
        record = replace(record, versions=versions)
    sim.state = sim.state.with_record(record)


def _delete(sim: Sim, change: Change) -> None:
    _count(sim, change)
    for name in change.targets:
        sim.effect()
        if "/endpoints/" in name:
            sim.endpoints.pop(key_of(name), None)
        else:
            on = [e.name for e in sim.endpoints.values() for d in e.deployed if d.model == name]
            assert not on, f"Google refuses to delete {name}: it is deployed on {on}"
            sim.models.pop(key_of(name), None)
    record = sim.state.resources[change.address]
    gone = set(change.targets)
    versions = tuple(
        replace(v, status=VersionStatus.DELETED, model="", endpoint="", checkpoints=())
        if leftovers(v) and set(leftovers(v)) <= gone
        else v
        for v in record.versions
    )
    current = record.current
    if any(v.number == current and v.status is VersionStatus.DELETED for v in versions):
        current = None
    record = replace(record, versions=versions, current=current)
    if change.address not in sim.want and not any(leftovers(v) for v in versions):
        _forget(sim, change.address)
    else:
        sim.state = sim.state.with_record(record)


def _count(sim: Sim, change: Change) -> None:
    if change.address not in sim.want:
        sim.taken_away.append(change.address)


def _forget(sim: Sim, address: Address) -> None:
    sim.state = sim.state.without(address)


def _remember(sim: Sim, model: TunedModel) -> None:
    words = {"displayName": model.display_name, "description": model.description, "labels": dict(model.labels)}
    sim.state = sim.state.with_record(replace(sim.state.resources[model.address], metadata=words))


def _declared(model: TunedModel | None) -> TunedModel:
    assert model is not None, "only a declared model is tuned, adopted, judged, patched or deployed"
    return model
