"""What each planned action does to a tuned model: remote calls first, then the ledger."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from reconciler.applying.clock import Clock
from reconciler.applying.creating import Creator, Order, Receipt
from reconciler.applying.deleted import has_remains, shared_models, without_targets
from reconciler.applying.first_run import advice_in_doubt
from reconciler.applying.following import outcome_of
from reconciler.applying.ledger import Ledger
from reconciler.applying.metadata import declared_metadata, patch
from reconciler.applying.operations import OperationWaiter
from reconciler.applying.pinning import pins
from reconciler.applying.references import resolve_body
from reconciler.applying.teardown import Teardown
from reconciler.core.address import Address
from reconciler.core.amounts import counted
from reconciler.core.client_ids import redeployment_name
from reconciler.core.desired import Desired, TunedModel
from reconciler.core.events import Event, EventSink
from reconciler.core.labels import ATTEMPT, SPEC, names_spec
from reconciler.core.moments import stamp
from reconciler.core.plan import Change
from reconciler.core.resource_names import is_tuned_model, key_of, parse_resource_name
from reconciler.core.state import Record, Version, VersionStatus
from reconciler.errors import AlreadyExists, InDoubt, ResourceExhausted, TuneformError
from reconciler.planning.absorb import absorb
from reconciler.planning.blocks import PERMISSIONS, declared_settings
from reconciler.planning.guards import is_counted_delete
from reconciler.planning.reasons import Code
from reconciler.planning.rebase import rebased_from
from reconciler.providers.protocol import Outcome, TuningProvider
from reconciler.spec.fields import training_body
from reconciler.spec.fingerprint import training_fingerprint


@dataclass(frozen=True, slots=True)
class ModelActions:
    """The hands of one pass. Every method raises on failure and leaves the ledger true."""

    desired: Desired
    ledger: Ledger
    provider: TuningProvider
    creator: Creator
    waiter: OperationWaiter
    clock: Clock
    emit: EventSink
    base: tuple[str, int]

    def create(self, change: Change, model: TunedModel) -> None:
        """Buy a version, exactly once."""
        number = change.version or 1
        body = resolve_body(model, self.desired, self.ledger.state)
        record = self.ledger.state.resources.get(model.address)
        earlier = record.version(number) if record else None
        order = Order(
            model=model,
            project_label=self.desired.project.name,
            version=number,
            attempts=self._next_attempt(model.address, number, earlier),
            fingerprint=training_fingerprint(model, self.desired.contents),
            body=body,
            remembered=training_body(model, self.desired.contents),
            datasets=pins(body, self.ledger.observed),
            estimated_usd=change.cost.usd if change.cost else None,
            earlier_runs=earlier.attempts if earlier else 0,
            rebase_from=rebased_from(change),
        )
        self._say("intent", model.address, f"v{number}: intent recorded", version=number)
        receipt = self._followed(self.creator.create(self.provider, order, base=self.base))
        self.ledger.note_intent(receipt.intent)
        self._account(receipt, model, number)

    def _followed(self, receipt: Receipt) -> Receipt:
        """A receipt that names an operation, once that has named the run; still in doubt if it takes too long."""
        if receipt.operation is None:
            return receipt
        try:
            done = self.waiter.until_done(receipt.operation, f"starting v{receipt.intent.version}")
        except TuneformError as error:
            return replace(receipt, error=error)
        return self.creator.settle(receipt.intent, outcome_of(self.provider, done))

    def _next_attempt(self, address: Address, number: int, earlier: Version | None) -> int:
        taken = [i.attempts for i in self.ledger.state.intents if i.address == address and i.version == number]
        return max([*taken, earlier.attempts if earlier else 0]) + 1

    def _account(self, receipt: Receipt, model: TunedModel, number: int) -> None:
        if receipt.outcome is Outcome.COMMITTED and receipt.run is not None:
            self.ledger.note_run(receipt.run)
            self.ledger.state = absorb(self.ledger.state, self.ledger.observed, self.clock.now())
            self._remember_metadata(model, sent_with_the_run=True)
            name = receipt.run.name
            self._say("submitted", model.address, f"v{number}: tuning as {name}", version=number, run=name)
            return
        if isinstance(receipt.error, ResourceExhausted):
            self.ledger.queued.append(str(model.address))
            self._say("pending", model.address, f"v{number}: no quota is free; it is tried again on the next pass")
            return
        if receipt.outcome is Outcome.IN_DOUBT:
            doubt = InDoubt(
                f"the create of v{number} was sent and no certain answer came back: {receipt.intent.reason}",
                where=str(model.address),
                next_step=f"Run apply again after {receipt.intent.decide_at}: it finds the job or proves its absence."
                f"{advice_in_doubt(receipt.intent)}",
            )
            raise doubt from receipt.error
        raise receipt.error or TuneformError("was not created", where=str(model.address))

    def _remember_metadata(self, model: TunedModel, *, sent_with_the_run: bool = False) -> None:
        record = self.ledger.record(model.address)
        metadata = declared_metadata(model, without=PERMISSIONS if sent_with_the_run else frozenset())
        if sent_with_the_run and model.backend == "palm":
            metadata["labels"] = {}  # a pipeline's labels do not reach the model that it uploads
        self.ledger.put(replace(record, metadata=metadata))
        self.ledger.protect(model)

    def promote(self, change: Change) -> None:
        """Make a finished version the current one, or an earlier one again."""
        number = change.version
        if number is None or self.ledger.record(change.address).version(number) is None:
            raise TuneformError("there is no such version to serve", where=str(change.address))
        self.ledger.serve(change.address, number, stamp(self.clock.now()))
        version = self.ledger.record(change.address).serving
        endpoint = version.endpoint if version else ""
        self._say("promoted", change.address, f"v{number} serves now", version=number, endpoint=endpoint)

    def adopt(self, change: Change, model: TunedModel) -> None:
        """Take over a run, or a model whose run is gone, that carries this project's labels."""
        if change.reasons[0].code == Code.DATA_DECLARED.value:
            self._take_at_its_word(change, model)
            return
        name = change.targets[0]
        run = self.ledger.observed.run(name)
        if run is None:
            self._attach_model(change, name)
            return
        record = self.ledger.state.resources.get(model.address) or Record(
            model.address, model.backend, model.project, model.location
        )
        number = change.version or (record.newest.number + 1 if record.newest else 1)
        fingerprint = training_fingerprint(model, self.desired.contents)
        from_this_spec = names_spec(run.labels.get(SPEC, ""), fingerprint)
        version = Version(
            number=number,
            status=VersionStatus.ACTIVE,
            # What was tuned from another spec is compared by the server's echo, never taken for this one.
            fingerprint=fingerprint if from_this_spec else "",
            body=training_body(model, self.desired.contents) if from_this_spec else {},
            attempt=run.labels.get(ATTEMPT, ""),
            run=run.name,
            created_at=run.created_at,
            adopted=True,
        )
        self.ledger.put(record.with_version(version))
        self.ledger.state = absorb(self.ledger.state, self.ledger.observed, self.clock.now())
        self._remember_metadata(model)
        self._say("recovered", model.address, f"v{number}: adopted {run.name}", version=number, run=run.name)

    def _take_at_its_word(self, change: Change, model: TunedModel) -> None:
        """Remember the data that the spec names for a version of which nobody knows what it was tuned from."""
        version = self.ledger.record(model.address).version(change.version)
        if version is None:
            raise TuneformError("there is no such version", where=str(model.address))
        body = training_body(model, self.desired.contents)
        fingerprint = training_fingerprint(model, self.desired.contents)
        self.ledger.put_version(model.address, replace(version, body=body, fingerprint=fingerprint))
        self._say("recovered", model.address, f"v{version.number}: took the spec's training data at its word")

    def _attach_model(self, change: Change, name: str) -> None:
        record = self.ledger.record(change.address)
        version = record.version(change.version) or record.newest
        if version is None:
            raise TuneformError(f"{name} is no run that was seen", where=str(change.address))
        live = self.provider.model(name)
        declared = {key_of(r.route.name) for r in self.ledger.state.resources.values() if r.route is not None}
        endpoint = next((name for name, _ in live.deployments if key_of(name) not in declared), "")
        attached = replace(version, model=live.name, endpoint=endpoint, status=VersionStatus.CANDIDATE)
        self.ledger.put_version(change.address, attached)
        self._say("recovered", change.address, f"v{version.number}: attached {live.name}", version=version.number)

    def cancel(self, change: Change) -> None:
        """Ask the runs to stop; what they still come to is found by the next pass."""
        record = self.ledger.record(change.address)
        for name in change.targets:
            self.provider.cancel(name)
            for version in record.versions:
                if key_of(version.run) == key_of(name):
                    self.ledger.put_version(change.address, replace(version, status=VersionStatus.CANCELLING))
            self._say("cancelled", change.address, f"asked {name} to stop", run=name)

    def update(self, change: Change, model: TunedModel) -> None:
        """Patch labels, display name and description of the live model and endpoint."""
        before = self.ledger.record(model.address).metadata
        for target in change.targets:
            parsed = parse_resource_name(target)
            collection = parsed.collection if parsed else ""
            if collection == "models":
                seen_model = self.provider.model(target)
                self.provider.update_model(target, patch(model, before, seen_model.labels))
            elif collection == "endpoints":
                seen_endpoint = self.provider.endpoint(target)
                self.provider.update_endpoint(target, patch(model, before, seen_endpoint.labels))
            elif is_tuned_model(target):
                words = {k: v for k, v in patch(model, before, {}).items() if k != "labels"}
                self.provider.update_model(target, {**words, **declared_settings(model)})
            self._say("updated", model.address, f"patched {target}", target=target)
        self._remember_metadata(model)

    def deploy(self, change: Change, model: TunedModel) -> None:
        """Give a version whose endpoint is lost a new one. Never trains."""
        record = self.ledger.record(model.address)
        version = record.version(change.version) or record.serving
        if version is None or not version.model:
            raise TuneformError("there is no model to deploy", where=str(model.address))
        endpoint = change.targets[0] if change.targets else self._new_endpoint(model, version)
        operation = self.provider.deploy(
            endpoint, version.model, display_name=model.display_name, checkpoint="", traffic={"0": 100}
        )
        self.waiter.finish(operation, f"deploying {version.model}")
        self.ledger.put_version(model.address, replace(version, endpoint=endpoint))
        self._say("updated", model.address, f"v{version.number}: deployed again on {endpoint}", endpoint=endpoint)

    def _new_endpoint(self, model: TunedModel, version: Version) -> str:
        name = redeployment_name(model.address, version.model, version.endpoint)
        parsed = parse_resource_name(name)
        if parsed is None:
            raise TuneformError(f"{version.model!r} is not a model's name", where=str(model.address))
        body = {"displayName": model.display_name, "labels": dict(model.labels)}
        try:
            operation = self.provider.create_endpoint(model.project, parsed.location, parsed.id, body)
        except AlreadyExists:
            return name
        done = self.waiter.finish(operation, f"creating {name}")
        return str(done.response.get("name") or name)

    def delete(self, change: Change) -> None:
        """Take away what versions left behind, in order, and note them as deleted."""
        teardown = Teardown(
            self.provider,
            self.waiter,
            lambda name, what: self._say("deleting", change.address, f"{name}: {what}", target=name),
        )
        before = self.ledger.record(change.address)
        ours = frozenset(key_of(v.model) for v in before.versions if v.model)
        teardown.take_away(change.targets, ours=ours, shared_models=shared_models(self.ledger.state, change))
        record = without_targets(before, change.targets, stamp(self.clock.now()))
        if is_counted_delete(change) and not any(has_remains(v) or v.is_live for v in record.versions):
            self.ledger.drop(change.address)
        else:
            self.ledger.put(record)
        self._say(
            "deleted", change.address, f"deleted {counted(len(change.targets), 'resource')}", targets=change.targets
        )

    def forget(self, change: Change) -> None:
        """Stop managing; nothing remote is touched."""
        self.ledger.drop(change.address)
        self._say("deleted", change.address, "is no longer managed; nothing was deleted")

    def _say(self, kind: str, address: Address, message: str, **fields: Any) -> None:
        self.emit(Event(kind, message, address=str(address), fields=fields))
