"""The use cases: validate, plan, apply, status, outputs, and the care of the state. Prints nothing.

plan: load specs -> read datasets -> read state -> refresh -> absorb -> make_plan;
apply: the same under the lock, with doubts settled first; then approval, execution, and the state written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.applying.approval import as_it_was_planned
from reconciler.applying.clock import Clock
from reconciler.applying.curves import curves_of
from reconciler.applying.gates.overriding import overridden
from reconciler.applying.gates.reading import read_gates
from reconciler.applying.interrupt import Interrupt
from reconciler.applying.outcomes import (
    ApplyOptions,
    ApplyResult,
    Cloud,
    HeldItem,
    PlanOptions,
    Standing,
    Validation,
    View,
)
from reconciler.applying.passes import Approve, PassRunner, decide
from reconciler.applying.publishing import serving_by_address
from reconciler.applying.reading import read_datasets
from reconciler.applying.recorded import recorded_view
from reconciler.applying.refreshing import refresh, with_progress
from reconciler.applying.standings import check_seen, standing
from reconciler.applying.versions import version_of
from reconciler.applying.waiting import Waiting
from reconciler.catalog import Catalog
from reconciler.core.address import Address
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.events import EventSink
from reconciler.core.metrics import Curves
from reconciler.core.observed import Observed
from reconciler.core.plan import Plan
from reconciler.core.state import Record, State, Version
from reconciler.errors import SpecError, StateError, UsageError
from reconciler.planning.absorb import absorb
from reconciler.planning.base_models import misfits
from reconciler.planning.policy import policy_violations
from reconciler.spec.load import Loaded
from reconciler.state.history import Copy
from reconciler.state.lock import Holder, Lock, who
from reconciler.state.store import StateStore

if TYPE_CHECKING:
    # Auditing and adopting are large, and a plan, an apply and a status have no need of them.
    from reconciler.applying.adopting.importing import Importer
    from reconciler.applying.adopting.outcomes import ImportOptions, ImportResult
    from reconciler.applying.auditing import Eyes
    from reconciler.core.drift import DriftReport

__all__ = ["ApplyOptions", "ApplyResult", "Engine", "HeldItem", "PlanOptions", "Standing", "Validation"]


@dataclass
class Engine:
    """One project's use cases over its collaborators.

    `load_with` reads the specs with files that are about to be written, by path relative to the project's folder.
    `cloud` is built when first needed, so that offline stays so; so are `eyes`, which can only look. `locate` puts in
    the Google project that only the credentials know, where the specs and the environment name none.
    """

    load: Callable[[Sequence[Path]], Loaded]
    load_with: Callable[[Mapping[str, str]], Loaded]
    locate: Callable[[Desired], Desired]
    store: StateStore
    lock: Lock
    cloud: Callable[[], Cloud]
    eyes: Callable[[], Eyes]
    catalog: Catalog
    clock: Clock
    interrupt: Interrupt

    def validate(self, paths: Sequence[Path] = ()) -> Validation:
        """Check specs, references, datasets and policy, offline. Raises SpecError with every finding."""
        desired, diagnostics = self._read(paths)
        diagnostics = (*diagnostics, *policy_violations(desired))
        if any(d.severity == "error" for d in diagnostics):
            raise SpecError(diagnostics)
        counts = {
            "TunedModel": len(desired.models),
            "Dataset": len(desired.datasets),
            "Endpoint": len(desired.endpoints),
        }
        return Validation(diagnostics, counts)

    def plan(self, options: PlanOptions) -> Plan:
        """What apply would do now. Sends only GETs, takes no lock, writes nothing."""
        desired, diagnostics = self._resolved()
        recorded = self.store.read()
        observed = self._look(desired, recorded) if options.refresh else recorded_view(recorded)
        state = absorb(recorded, observed, self.clock.now())
        return decide(View(desired, recorded, state, observed, diagnostics), options, self.catalog, self.clock)

    def apply(self, options: ApplyOptions, approve: Approve, emit: EventSink) -> ApplyResult:
        """One pass, or with `wait` as many as it takes. Raises Locked, Held, IncompleteView, SpecError, StateError."""
        desired, diagnostics = self._resolved()
        options = as_it_was_planned(options)
        cloud = self.cloud()
        runner = PassRunner(
            desired, diagnostics, self.store, self.lock, cloud, self.catalog, self.clock, self.interrupt, emit
        )
        result = latest = runner.first(options, approve)
        if not options.wait or not result.approved:
            return result
        waiting = Waiting(
            cloud.providers, self.clock, self.interrupt, emit, timeout=options.timeout, reads_until=cloud.reads_until
        )
        while latest.moved or (
            waiting.worth_it(latest.pending, latest.doubts)
            and waiting.until_news(self.store.read(), queued=latest.queued)
        ):
            before, latest = latest, runner.following(options, result, ends=waiting.ends)
            latest = replace(latest, moved=latest.moved and latest.plan.changes != before.plan.changes)
            result = result.then(latest)
        return replace(result, interrupted=self.interrupt.requested, timed_out=waiting.timed_out)

    def drift(self) -> DriftReport:
        """Where live resources are not what was last written. Sends only GETs, takes no lock, writes nothing."""
        from reconciler.applying.auditing import Auditor

        return Auditor(lambda: self._resolved()[0], self.store, self.eyes, self.catalog, self.clock).run()

    def status(self, *, refresh_first: bool = True) -> tuple[Standing, ...]:
        """Every recorded address: which version serves, what runs. With `refresh_first` as of now, else as recorded.

        Raises IncompleteView where a recorded run could not be looked at: what was recorded would pass for news.
        """
        state = self.store.read()
        observed = Observed()
        if refresh_first and state.resources:
            desired, _ = self._resolved()
            observed = self._look(desired, state)
            check_seen(state, observed)
            observed = with_progress(observed, state, self.cloud().providers)
            state = absorb(state, observed, self.clock.now())
        found = (standing(record, observed, self.catalog) for _, record in sorted(state.resources.items()))
        return tuple(row for row in found if row is not None)

    def outputs(self, address: Address | None = None) -> Mapping[str, Mapping[str, Any]]:
        """What an application should call, by address, from the state alone."""
        state = self.store.read()
        serving = serving_by_address(state)
        if address is None:
            return serving
        _record(state, address)
        if str(address) not in serving:
            raise StateError(
                "nothing serves under this address yet",
                where=str(address),
                next_step="See `tuneform status`; apply once its run has finished.",
            )
        return {str(address): serving[str(address)]}

    def version(self, address: Address, number: int | None = None) -> Version:
        """One recorded version of an address, the newest without a number. Raises StateError when there is none."""
        return version_of(_record(self.store.read(), address), number)

    def override_gates(self, address: Address, number: int, reason: str) -> Mapping[str, Any]:
        """Let a version serve whatever its gates say; the decision as it is kept. Raises UsageError, StateError."""
        with self.lock.held("gates override"):
            base = self.store.read()
            record = overridden(_record(base, address), number, reason, by=who(), at=self.clock.now())
            self.store.write(base.with_record(record), base)
        kept: Mapping[str, Any] = version_of(record, number).evidence["override"]
        return kept

    def metrics(self, address: Address, numbers: Sequence[int] = ()) -> Curves:
        """What the runs of an address measured: of these versions, else of the newest and the one that serves.

        Raises UsageError for what is not tuned, StateError for what is not recorded, and CloudError for what cannot be
        read.
        """
        if address.kind != "TunedModel":
            raise UsageError(
                f"{address} is not tuned, so there is nothing to draw", next_step="Name a TunedModel: TunedModel/x."
            )
        return curves_of(_record(self.store.read(), address), numbers, self.cloud)

    def import_all(self, options: ImportOptions) -> ImportResult:
        """Adopt everything live in the chosen places: specs, state, and an empty plan afterwards.

        Raises UsageError, SpecError, StateError, Locked, CredentialsError.
        """
        return self._importer().everything(options)

    def import_one(
        self, address: Address, name: str, *, out: Path | None = None, locations: Sequence[str] = ()
    ) -> ImportResult:
        """Adopt the live model that a resource name leads to. Raises TuneformError when it cannot be."""
        return self._importer().one(address, name, out=out, locations=locations)

    def state_list(self) -> tuple[Address, ...]:
        """Every recorded address."""
        return tuple(sorted(self.store.read().resources))

    def state_show(self, address: Address) -> Record:
        """One record. Raises StateError when there is none."""
        return _record(self.store.read(), address)

    def state_remove(self, address: Address) -> None:
        """Forget an address; nothing remote is touched."""
        with self.lock.held("state rm"):
            base = self.store.read()
            _record(base, address)
            self.store.write(base.without(address), base)

    def state_move(self, old: Address, new: Address) -> None:
        """Give a record another address, for a renamed spec."""
        if old.kind != new.kind:
            raise UsageError(f"{old} cannot become a {new.kind}", next_step="An address keeps its kind when it moves.")
        with self.lock.held("state mv"):
            base = self.store.read()
            record = _record(base, old)
            if new in base.resources:
                raise StateError(
                    f"{new} is recorded already", next_step=f"tuneform state rm {new} first, if it may go."
                )
            moved = replace(record, address=new)
            self.store.write(base.without(old).with_record(moved), base)

    def state_pull(self) -> bytes:
        """The snapshot as it is stored, verified."""
        return self.store.pull()

    def state_push(self, data: bytes, *, force: bool = False) -> State:
        """Make a pulled snapshot the state. Raises StateError for another lineage or a serial that is not newer."""
        with self.lock.held("state push"):
            return self.store.push(data, force=force)

    def state_history(self) -> list[Copy]:
        """The kept copies, newest first."""
        return self.store.history()

    def state_restore(self, serial: int) -> State:
        """Make a kept copy the state again, under a new serial."""
        with self.lock.held("state restore"):
            return self.store.restore(serial)

    def state_unlock(self, *, force: bool = False) -> Holder | None:
        """Let the next run in; who held the lock. Raises Locked when that process lives and `force` is not given."""
        return self.lock.unlock(force=force)

    def _resolved(self) -> tuple[Desired, tuple[Diagnostic, ...]]:
        """Everything the project declares, ready to be planned. Raises SpecError, CredentialsError."""
        desired, found = self._read(())
        return self.locate(desired), found

    def _read(self, paths: Sequence[Path]) -> tuple[Desired, tuple[Diagnostic, ...]]:
        """The specs with every local dataset read. Raises SpecError for specs or datasets that are not valid."""
        return self._checked(self.load(paths))

    def _checked(self, loaded: Loaded) -> tuple[Desired, tuple[Diagnostic, ...]]:
        desired, findings = read_datasets(loaded.desired, self.catalog)
        desired, about_prompts = read_gates(desired)
        found = (*loaded.diagnostics, *findings, *about_prompts, *misfits(desired, self.catalog))
        if any(d.severity == "error" for d in found):
            raise SpecError(found)
        return desired, found

    def _importer(self) -> Importer:
        from reconciler.applying.adopting.importing import Importer

        def prepare(drafts: Mapping[str, str]) -> Desired:
            desired, _ = self._checked(self.load_with(drafts))
            return self.locate(desired)

        return Importer(prepare, self.store, self.lock, self.cloud(), self.catalog, self.clock)

    def _look(self, desired: Desired, state: State) -> Observed:
        cloud = self.cloud()
        return refresh(desired, state, cloud.providers, cloud.objects)


def _record(state: State, address: Address) -> Record:
    record = state.resources.get(address)
    if record is None:
        raise StateError(
            "nothing is recorded under this address",
            where=str(address),
            next_step="`tuneform state list` shows what is; `tuneform apply` records what it creates.",
        )
    return record
