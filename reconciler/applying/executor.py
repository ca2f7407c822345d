"""One pass over a plan: every change that may be carried out now, in order, each accounted for before the next.

A change that fails stops only what depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from reconciler.applying.approval import ChangeKey
from reconciler.applying.clock import Clock
from reconciler.applying.creating import Creator
from reconciler.applying.endpoint_actions import EndpointActions
from reconciler.applying.gates.judge import Judge
from reconciler.applying.interrupt import Interrupt
from reconciler.applying.ledger import Ledger
from reconciler.applying.model_actions import ModelActions
from reconciler.applying.operations import OperationWaiter, Pace
from reconciler.core.address import Address
from reconciler.core.amounts import counted
from reconciler.core.desired import Backend, Dataset, Desired, Endpoint, TunedModel
from reconciler.core.events import Event, EventSink
from reconciler.core.observed import Observed
from reconciler.core.plan import Action, Change, Plan
from reconciler.core.state import Record, State
from reconciler.errors import ApiError, InDoubt, TuneformError
from reconciler.planning.gates import Verdict, failure_in_words, verdict
from reconciler.planning.reasons import Code, because
from reconciler.providers.protocol import ObjectStore, TuningProvider, driver_of


@dataclass(frozen=True, slots=True)
class Tools:
    """What the executor works with."""

    providers: Mapping[Backend, TuningProvider]
    objects: ObjectStore
    creator: Creator
    clock: Clock
    interrupt: Interrupt
    pace: Pace
    emit: EventSink


@dataclass(frozen=True, slots=True)
class Executor:
    """Carries out one plan against one snapshot."""

    tools: Tools
    desired: Desired
    base: tuple[str, int]

    def run(
        self,
        plan: Plan,
        state: State,
        observed: Observed,
        held: Collection[ChangeKey] = (),
        refused: Collection[Address] = (),
    ) -> Ledger:
        """Everything the plan asks for that is not `held`. Never raises for what one change does.

        What earlier passes were `refused` is not sent again, nor told again with what depends on it.
        """
        ledger = Ledger(state, observed)
        stuck, told = set(refused), set(refused)
        for change in plan.changes:
            if self.tools.interrupt.requested:
                break
            if change.key in held or not change.action.mutates:
                continue
            if change.is_paid and change.address in refused:
                continue
            if self._waits_for(ledger, change, stuck):
                if self._waits_for(ledger, change, stuck - told):
                    self._report(ledger, change, TuneformError("was left: something it depends on failed"), "warning")
                else:
                    told.add(change.address)
                stuck.add(change.address)
                continue
            if not self._carry_out(ledger, change):
                stuck.add(change.address)
        self._hold_what_waited(ledger, plan)
        specs: list[TunedModel | Endpoint] = [*self.desired.models.values(), *self.desired.endpoints.values()]
        for spec in specs:
            ledger.protect(spec)
        return ledger

    def _hold_what_waited(self, ledger: Ledger, plan: Plan) -> None:
        """An endpoint that waited for a judgement of this very pass, which was not passed, is held from now on."""
        for change in plan.of(Action.WAIT):
            endpoint = self.desired.endpoints.get(change.address)
            if endpoint is None or change.reasons[0].code != Code.GATE_PENDING:
                continue
            for address in endpoint.depends_on:
                record, model = ledger.state.resources.get(address), self.desired.models.get(address)
                version = record.version(change.version) if record is not None else None
                if model is None or version is None:
                    continue
                if verdict(version, model, self.desired.contents) is Verdict.FAILED:
                    ledger.held.append((change.address, because(Code.GATE_FAILED, failure_in_words(address, version))))

    def _waits_for(self, ledger: Ledger, change: Change, stuck: set[Address]) -> bool:
        endpoint = self.desired.endpoints.get(change.address)
        if endpoint is not None:
            # Its traffic must not move to what could not be deployed.
            return change.address in stuck or not stuck.isdisjoint(endpoint.depends_on)
        if change.action is Action.DELETE:
            return _is_carried(ledger, change.address, stuck)
        model = self.desired.models.get(change.address)
        return model is not None and not stuck.isdisjoint(model.depends_on)

    def _carry_out(self, ledger: Ledger, change: Change) -> bool:
        try:
            self._step(ledger, change)()
        except InDoubt as doubt:
            ledger.doubts.append(doubt)
            self._report(ledger, change, doubt, "warning")
            return False
        except TuneformError as error:
            if change.is_paid and isinstance(error, ApiError):
                ledger.refused.add(change.address)
            self._report(ledger, change, error, "failed")
            return False
        ledger.done[change.action] += 1
        return True

    def _step(self, ledger: Ledger, change: Change) -> Callable[[], None]:
        if change.action is Action.FORGET:
            return lambda: ledger.drop(change.address)
        dataset = self.desired.datasets.get(change.address)
        if dataset is not None:
            return lambda: self._upload(ledger, dataset)
        if change.address.kind == "Endpoint":
            return self._endpoint_step(ledger, change)
        hands = self._hands(ledger, change.address)
        model = self.desired.models.get(change.address)
        simple: dict[Action, Callable[[Change], None]] = {
            Action.PROMOTE: hands.promote,
            Action.ROLLBACK: hands.promote,
            Action.CANCEL: hands.cancel,
            Action.DELETE: hands.delete,
        }
        if change.action in simple:
            return lambda: simple[change.action](change)
        if model is None:
            raise TuneformError(f"cannot {change.action} what no spec declares", where=str(change.address))
        declared: dict[Action, Callable[[Change, TunedModel], None]] = {
            Action.CREATE: hands.create,
            Action.RETUNE: hands.create,
            Action.ADOPT: hands.adopt,
            Action.UPDATE: hands.update,
            Action.DEPLOY: hands.deploy,
            Action.EVALUATE: lambda change, model: self._evaluate(ledger, hands, change, model),
        }
        if change.action not in declared:
            raise TuneformError(f"this version cannot {change.action}", where=str(change.address))
        return lambda: declared[change.action](change, model)

    def _endpoint_step(self, ledger: Ledger, change: Change) -> Callable[[], None]:
        provider = self._provider("vertex", change.address)
        hands = EndpointActions(
            desired=self.desired,
            ledger=ledger,
            provider=provider,
            waiter=self._waiter(provider),
            clock=self.tools.clock,
            emit=self.tools.emit,
        )
        if change.action is Action.DELETE:
            return lambda: hands.delete(change)
        endpoint = self.desired.endpoints.get(change.address)
        steps: dict[Action, Callable[[Change, Endpoint], None]] = {
            Action.CREATE: hands.create,
            Action.DEPLOY: hands.deploy,
            Action.PROMOTE: hands.promote,
            Action.ROLLBACK: hands.promote,
            Action.UPDATE: hands.update,
        }
        if endpoint is None or change.action not in steps:
            raise TuneformError(f"this version cannot {change.action} an endpoint", where=str(change.address))
        return lambda: steps[change.action](change, endpoint)

    def _evaluate(self, ledger: Ledger, hands: ModelActions, change: Change, model: TunedModel) -> None:
        """Judge a finished version, and let it serve at once if it passes: nothing else stood in its way.

        What served when the plan was made is judged for the record only: it may have handed over by now.
        """
        judge = Judge(
            self.desired, ledger, hands.provider, self.tools.clock, self.tools.interrupt, emit=self.tools.emit
        )
        passed = judge.judge(change, model)
        if change.reasons[0].code == Code.GATES_CHANGED.value:
            return
        if passed:
            hands.promote(change)
            ledger.done[Action.PROMOTE] += 1
        else:
            ledger.hold(model.address, change.version)

    def _hands(self, ledger: Ledger, address: Address) -> ModelActions:
        model = self.desired.models.get(address)
        backend = model.backend if model else ledger.record(address).backend
        provider = self._provider(backend, address)
        return ModelActions(
            desired=self.desired,
            ledger=ledger,
            provider=provider,
            creator=self.tools.creator,
            waiter=self._waiter(provider),
            clock=self.tools.clock,
            emit=self.tools.emit,
            base=self.base,
        )

    def _provider(self, backend: str, address: Address) -> TuningProvider:
        provider = driver_of(self.tools.providers, backend)
        if provider is None:
            raise TuneformError(f"this version does not drive {backend}", where=str(address))
        return provider

    def _waiter(self, provider: TuningProvider) -> OperationWaiter:
        return OperationWaiter(provider, self.tools.clock, self.tools.interrupt, self.tools.pace)

    def _upload(self, ledger: Ledger, dataset: Dataset) -> None:
        content = self.desired.contents[dataset.address]
        uri = dataset.uri(content.sha256)
        stored = self.tools.objects.upload(dataset.path, uri, sha256=content.sha256)
        ledger.observed = ledger.observed.merged(Observed(objects={stored.uri: stored}))
        project = self.desired.project.google
        record = ledger.state.resources.get(dataset.address) or Record(
            dataset.address, "storage", project.project, project.location
        )
        objects = record.objects if uri in record.objects else (*record.objects, uri)
        ledger.put(Record(record.address, record.backend, record.project, record.location, objects=objects))
        self.tools.emit(
            Event(
                "uploaded",
                f"{counted(content.rows, 'row')}, {content.size} bytes at {uri}",
                address=str(dataset.address),
                fields={"uri": uri, "size": content.size, "rows": content.rows},
            )
        )

    def _report(self, ledger: Ledger, change: Change, error: TuneformError, kind: str) -> None:
        event = Event(
            kind,
            error.what,
            address=str(change.address),
            fields={"action": str(change.action), "where": error.where, "next_step": error.next_step},
        )
        if kind == "failed":
            ledger.failed.append(event)
        self.tools.emit(event)


def _is_carried(ledger: Ledger, address: Address, stuck: set[Address]) -> bool:
    """Whether an endpoint that could not be dealt with still carries a model: Google would refuse to delete that."""
    routes = (r.route for a in stuck if (r := ledger.state.resources.get(a)) is not None and r.route is not None)
    return any(share.spec == str(address) for route in routes for share in (*route.shares, *route.base))
