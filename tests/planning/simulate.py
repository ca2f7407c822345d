"""A pure model of the API and of carrying out a plan: enough to let plans run until nothing is left to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.core.address import Address
from reconciler.core.desired import Desired, TunedModel
from reconciler.core.labels import OWN, own_labels
from reconciler.core.moments import stamp
from reconciler.core.observed import Deployed, LiveEndpoint, LiveModel, Observed, Run, StoredObject
from reconciler.core.plan import Action, Change, Plan
from reconciler.core.resource_names import key_of
from reconciler.core.runs import RunState
from reconciler.core.state import (
    DatasetPin,
    Intent,
    IntentStatus,
    Record,
    RunError,
    State,
    Version,
    VersionStatus,
)
from reconciler.planning.absorb import absorb
from reconciler.planning.content import training_uri
from reconciler.planning.liveness import leftovers
from reconciler.planning.plan import PlanOptions, make_plan
from reconciler.spec.fields import training_body
from reconciler.spec.fingerprint import training_fingerprint
from tests.planning.build import CATALOG, NOW, endpoint_name, job, model_name

SUCCEEDED = (RunState.SUCCEEDED, 0)


@dataclass
class Sim:
    """What Google holds, what the state records, and the time."""

    want: Desired
    state: State = field(default_factory=lambda: State("lineage-1", 1))
    runs: dict[str, Run] = field(default_factory=dict)
    models: dict[str, LiveModel] = field(default_factory=dict)
    endpoints: dict[str, LiveEndpoint] = field(default_factory=dict)
    objects: dict[str, StoredObject] = field(default_factory=dict)
    now: dt.datetime = NOW
    made: int = 0
    most_active: int = 0

    def observe(self) -> Observed:
        """A refresh that sees everything, and looks for every object that is declared."""
        uris = {training_uri(m, self.want) for m in self.want.models.values()} - {""}
        uris.update(d.uri(self.want.contents[a].sha256) for a, d in self.want.datasets.items())
        objects = {uri: self.objects.get(uri) for uri in sorted(uris | set(self.objects))}
        return Observed(dict(self.runs), dict(self.models), dict(self.endpoints), objects)

    def plan(self, *, destroy: bool = False) -> Plan:
        """The plan of now; remembers what the refresh taught."""
        seen = self.observe()
        self.state = absorb(self.state, seen, self.now)
        return make_plan(self.want, self.state, seen, CATALOG, self.now, options=PlanOptions(destroy=destroy))

    def run_pass(self, *, destroy: bool = False) -> Plan:
        """Plan and carry out; the plan."""
        made = self.plan(destroy=destroy)
        for change in made.changes:
            self._carry_out(change)
        self.state = absorb(self.state, self.observe(), self.now)
        self.most_active = max(self.most_active, self.active)
        for model in self.want.models.values():
            if record := self.state.resources.get(model.address):
                kept = replace(
                    record,
                    prevent_destroy=model.lifecycle.prevent_destroy,
                    on_remove=model.lifecycle.on_remove,
                )
                self.state = self.state.with_record(kept)
        return made

    @property
    def active(self) -> int:
        """How many runs hold a slot."""
        return sum(r.state.is_active for r in self.runs.values())

    def tick(self, outcome: Callable[[Run], tuple[RunState, int]] = lambda run: SUCCEEDED) -> None:
        """An hour goes by and every run takes its next step; `outcome` decides how running ones end."""
        self.now += dt.timedelta(hours=1)
        for key, run in sorted(self.runs.items()):
            if run.state is RunState.PENDING:
                self.runs[key] = replace(run, state=RunState.RUNNING, started_at=stamp(self.now))
            elif run.state is RunState.RUNNING:
                self._end(key, run, *outcome(run))
            elif run.state is RunState.CANCELLING:
                self._end(key, run, RunState.CANCELLED, 1)

    def _end(self, key: str, run: Run, end: RunState, code: int) -> None:
        error = RunError(code, "it went wrong") if code else None
        run = replace(run, state=end, error=error, ended_at=stamp(self.now))
        if end is RunState.SUCCEEDED:
            number = run.name.rpartition("/")[2]
            run = replace(run, model=model_name(number), endpoint=endpoint_name(number), billed_tokens=1000)
            labels = dict(run.labels)
            self.models[key_of(run.model)] = LiveModel(
                run.model, run.display_name, labels=labels, deployments=((run.endpoint, "d1"),)
            )
            self.endpoints[key_of(run.endpoint)] = LiveEndpoint(
                run.endpoint,
                run.display_name,
                labels=labels,
                deployed=(Deployed("d1", run.model),),
                traffic={"d1": 100},
            )
        self.runs[key] = run

    def _carry_out(self, change: Change) -> None:
        if change.address.kind == "Dataset":
            self._dataset(change)
            return
        model = self.want.models.get(change.address)
        steps: dict[Action, Callable[[], None]] = {
            Action.CREATE: lambda: self._create(change, _declared(model)),
            Action.RETUNE: lambda: self._create(change, _declared(model)),
            Action.ADOPT: lambda: self._adopt(change, _declared(model)),
            Action.UPDATE: lambda: self._update(change, _declared(model)),
            Action.DEPLOY: lambda: self._deploy(change, _declared(model)),
            Action.PROMOTE: lambda: self._serve(change),
            Action.ROLLBACK: lambda: self._serve(change),
            Action.CANCEL: lambda: self._cancel(change),
            Action.DELETE: lambda: self._delete(change),
            Action.FORGET: lambda: self._forget(change.address),
        }
        if change.action in steps:
            steps[change.action]()

    def _dataset(self, change: Change) -> None:
        if change.action is Action.FORGET:
            self._forget(change.address)
        elif change.action is Action.CREATE:
            (uri,) = change.targets
            size = self.want.contents[change.address].size
            self.objects.setdefault(uri, StoredObject(uri, "1", f"crc-{uri}", size))
            before = self.state.resources.get(change.address)
            kept = (*(before.objects if before else ()), uri)
            self.state = self.state.with_record(Record(change.address, "storage", "", "", objects=kept))

    def _create(self, change: Change, model: TunedModel) -> None:
        assert change.version is not None
        self.made += 1
        record = self.state.resources.get(model.address)
        earlier = record.version(change.version) if record else None
        attempts = (earlier.attempts if earlier else 0) + 1
        attempt, name = f"try-{self.made}", job(self.made)
        fingerprint = training_fingerprint(model, self.want.contents)
        labels = {**model.labels, **own_labels(self.want.project.name, model.address, fingerprint, attempt)}
        body = self._resolved(model)
        self.runs[key_of(name)] = Run(
            name,
            "vertex",
            RunState.PENDING,
            body,
            labels,
            display_name=model.display_name,
            created_at=stamp(self.now),
        )
        uri = training_uri(model, self.want)
        stored = self.objects.get(uri)
        pins = (DatasetPin(uri, stored.generation, stored.crc32c, stored.size),) if stored else ()
        committed = Intent(
            id=f"{model.address.name}.v{change.version}.a{attempts}",
            address=model.address,
            backend=model.backend,
            project=model.project,
            location=model.location,
            version=change.version,
            attempts=attempts,
            attempt=attempt,
            fingerprint=fingerprint,
            body_digest="",
            body=training_body(model, self.want.contents),
            status=IntentStatus.COMMITTED,
            datasets=pins,
            sent_at=stamp(self.now),
            run=name,
        )
        self.state = replace(self.state, intents=(committed,))
        self.state = absorb(self.state, self.observe(), self.now)
        self.state = replace(self.state, intents=())
        self._remember(model)

    def _resolved(self, model: TunedModel) -> Mapping[str, object]:
        """The block as the server echoes it: references resolved, int64 as strings, defaults filled in."""
        body = dict(model.body)
        tuning = dict(body["supervisedTuningSpec"])
        hyper = {"learningRateMultiplier": 1, "epochCount": 10, **tuning.get("hyperParameters", {})}
        hyper["epochCount"] = str(hyper["epochCount"])
        tuning["hyperParameters"] = hyper
        tuning["trainingDatasetUri"] = training_uri(model, self.want) or tuning["trainingDatasetUri"]
        if "preTunedModel" in body:
            parent = Address.parse(body["preTunedModel"]["tunedModelName"])
            serving = self.state.resources[parent].serving
            assert serving is not None, "a run was created before its parent serves"
            body["preTunedModel"] = {"tunedModelName": serving.model, "baseModel": "gemini-3.1-flash-lite"}
        return {**body, "supervisedTuningSpec": tuning}

    def _adopt(self, change: Change, model: TunedModel) -> None:
        run = self.runs[key_of(change.targets[0])]
        record = self.state.resources.get(model.address) or Record(
            model.address, model.backend, model.project, model.location
        )
        is_same = change.reasons[0].code != "state_rebuilt"
        version = Version(
            number=change.version or 1,
            status=VersionStatus.ACTIVE,
            fingerprint=training_fingerprint(model, self.want.contents) if is_same else "",
            body=training_body(model, self.want.contents) if is_same else {},
            attempt=run.labels["tuneform-attempt"],
            run=run.name,
            created_at=run.created_at,
            adopted=True,
        )
        self.state = self.state.with_record(record.with_version(version))
        self.state = absorb(self.state, self.observe(), self.now)
        self._remember(model)

    def _update(self, change: Change, model: TunedModel) -> None:
        before = self.state.resources[model.address].metadata.get("labels") or {}
        for name in change.targets:
            key = key_of(name)
            live = self.models.get(key) or self.endpoints[key]
            kept = {k: v for k, v in live.labels.items() if k not in before or k in OWN}
            labels = {**kept, **model.labels}
            if isinstance(live, LiveModel):
                self.models[key] = replace(live, display_name=model.display_name, labels=labels)
            else:
                self.endpoints[key] = replace(live, display_name=model.display_name, labels=labels)
        self._remember(model)

    def _deploy(self, change: Change, model: TunedModel) -> None:
        record = self.state.resources[model.address]
        version = record.version(change.version)
        assert version is not None
        self.made += 1
        name = change.targets[0] if change.targets else endpoint_name(f"new-{self.made}")
        self.endpoints[key_of(name)] = LiveEndpoint(
            name,
            model.display_name,
            labels=dict(model.labels),
            deployed=(Deployed("d2", version.model),),
            traffic={"d2": 100},
        )
        self.state = self.state.with_record(record.with_version(replace(version, endpoint=name)))

    def _serve(self, change: Change) -> None:
        record = self.state.resources[change.address]
        parts = {change.version: VersionStatus.READY}
        if record.current != change.version:
            parts[record.current] = VersionStatus.SUPERSEDED
        versions = tuple(replace(v, status=parts.get(v.number, v.status)) for v in record.versions)
        self.state = self.state.with_record(replace(record, versions=versions, current=change.version))

    def _cancel(self, change: Change) -> None:
        record = self.state.resources[change.address]
        for name in change.targets:
            run = self.runs[key_of(name)]
            assert run.state.is_active, "a finished run was asked to stop"
            self.runs[key_of(name)] = replace(run, state=RunState.CANCELLING)
            versions = tuple(
                replace(v, status=VersionStatus.CANCELLING) if v.run == name else v for v in record.versions
            )
            record = replace(record, versions=versions)
        self.state = self.state.with_record(record)

    def _delete(self, change: Change) -> None:
        for name in change.targets:
            if "/endpoints/" in name:
                self.endpoints.pop(key_of(name), None)
            else:
                on = [e.name for e in self.endpoints.values() for d in e.deployed if d.model == name]
                assert not on, f"Google refuses to delete {name}: it is deployed on {on}"
                self.models.pop(key_of(name), None)
        record = self.state.resources[change.address]
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
        if change.address not in self.want and not any(leftovers(v) for v in versions):
            self._forget(change.address)
        else:
            self.state = self.state.with_record(record)

    def _forget(self, address: Address) -> None:
        self.state = self.state.without(address)

    def _remember(self, model: TunedModel) -> None:
        words = {
            "displayName": model.display_name,
            "description": model.description,
            "labels": dict(model.labels),
        }
        self.state = self.state.with_record(replace(self.state.resources[model.address], metadata=words))


def _declared(model: TunedModel | None) -> TunedModel:
    assert model is not None, "only a declared model is tuned, adopted, patched or deployed"
    return model
