"""Import: look, sort, draft, compare, and only then write: state first, so that nothing is ever bought twice.

An import that dies on the way leaves models in the state whose removal would merely forget them; running it again
writes the specs that are missing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.applying.adopting.agreeing import Agreement, Entry, Prepare
from reconciler.applying.adopting.candidates import Candidate, Sorted, sort_out
from reconciler.applying.adopting.claiming import backends_of, called, called_endpoint, check_free
from reconciler.applying.adopting.declared import declared_models
from reconciler.applying.adopting.endpoints import EndpointCandidate, sort_endpoints
from reconciler.applying.adopting.entries import Drafter, adopted
from reconciler.applying.adopting.files import create_file, folder_in_project
from reconciler.applying.adopting.looking import look_around
from reconciler.applying.adopting.outcomes import Adopted, ImportOptions, ImportResult, Left
from reconciler.applying.adopting.recording import (
    differences,
    endpoint_record,
    in_words,
    record_of,
    shares_of,
    unknown_data,
)
from reconciler.applying.clock import Clock
from reconciler.applying.outcomes import Cloud
from reconciler.applying.references import dataset_uris
from reconciler.catalog import Catalog
from reconciler.core.address import Address
from reconciler.core.desired import Desired
from reconciler.core.observed import Observed
from reconciler.core.resource_names import location_of
from reconciler.core.state import State
from reconciler.errors import TuneformError, UsageError
from reconciler.planning.plan import PlanOptions
from reconciler.planning.world import World, look
from reconciler.spec.kinds.vertex import DEFAULT_LOCATION
from reconciler.state.lock import Lock
from reconciler.state.store import StateStore


@dataclass(slots=True)
class Importer:
    """Adopts what is live for one project."""

    prepare: Prepare
    store: StateStore
    lock: Lock
    cloud: Cloud
    catalog: Catalog
    clock: Clock

    def everything(self, options: ImportOptions) -> ImportResult:
        """Adopt all that is live in the chosen places and fits the filters.

        Raises UsageError, SpecError, StateError, Locked, CredentialsError. What one model lacks stops no other.
        """
        with nullcontext() if options.dry_run else self.lock.held("import"):
            desired, base = self.prepare({}), self.store.read()
            folder = folder_in_project(options.out, desired.project.root)
            readers = {b: r for b, r in self.cloud.providers.items() if not options.providers or b in options.providers}
            locations = options.locations or (desired.project.google.location or DEFAULT_LOCATION,)
            records = base.resources.values()
            observed = look_around(readers, desired.project.google.project, sorted(set(locations)), records)
            found = sort_out(observed, base, desired)
            chosen = [c for c in found.candidates if self._fits(c, options)]
            drafter = Drafter(desired, base, folder)
            observed = self._with_objects(observed, chosen)
            agreement = self._agreement(drafter, observed)
            declared = declared_models(self._world(desired, base, observed), chosen)
            agreement.left.update(declared.left)
            agreement.models = [
                drafter.declared(candidate, observed, address)
                if (address := declared.addresses.get(candidate.current.name))
                else drafter.model(candidate, observed)
                for candidate in chosen
                if candidate.current.name not in declared.left
            ]
            agreement.reach()
            if not options.dry_run:
                self._write(agreement.entries, base, desired.project.root)
            filtered = len(found.candidates) - len(chosen)
            return ImportResult(
                adopted=tuple(entry.adopted() for entry in agreement.entries),
                left=_left(found, agreement, options),
                managed=found.managed,
                filtered=filtered,
                unreadable=tuple(dict.fromkeys(observed.unreadable)),
                dry_run=options.dry_run,
            )

    def one(self, address: Address, name: str, *, out: Path | None, locations: Sequence[str] = ()) -> ImportResult:
        """Adopt the live model or endpoint that a resource name leads to under an address.

        A declared address is only recorded; otherwise a spec is written to the folder `out`, or without one given
        back as text, and nothing is recorded. Raises TuneformError when there is nothing to adopt, or when the spec
        asks for another model than the live one; UsageError, SpecError, StateError, Locked, CredentialsError.
        """
        with self.lock.held("import"):
            desired, base = self.prepare({}), self.store.read()
            check_free(address, base, desired)
            places = {*locations, location_of(name), desired.project.google.location or DEFAULT_LOCATION} - {""}
            if address in desired.models and desired.models[address].location:
                places.add(desired.models[address].location)
            readers = {b: r for b, r in self.cloud.providers.items() if b in backends_of(name, address.kind)}
            observed = look_around(readers, desired.project.google.project, sorted(places), base.resources.values())
            if address.kind == "Endpoint":
                return self._endpoint(desired, address, name, base, observed, out)
            candidate = called(name, sort_out(observed, base, desired, claimed=address), observed)
            observed = self._with_objects(observed, [candidate])
            if address in desired.models:
                return self._declared(desired, address, candidate, base, observed)
            return self._undeclared(desired, address, candidate, base, observed, out)

    def _declared(
        self, desired: Desired, address: Address, candidate: Candidate, base: State, observed: Observed
    ) -> ImportResult:
        model = desired.models[address]
        if model.backend != candidate.backend:
            raise UsageError(
                f"is declared as a {model.backend} model and {candidate.current.name} is a {candidate.backend} model",
                where=str(address),
                next_step="Adopt it under another address.",
            )
        differing = differences(self._world(desired, base, observed), model, candidate)
        if differing:
            raise TuneformError(
                f"asks for another model than {candidate.current.name}: {in_words(differing)}",
                where=str(address),
                next_step="Nothing was recorded: the next apply would have tuned it again. Make the spec say what is "
                "live, then import again.",
            )
        record = record_of(model, candidate, desired, observed)
        self.store.write(base.with_record(record), base)
        notes = unknown_data(candidate.current, observed)
        return ImportResult((adopted(address, "", candidate, notes),), (), 0, 0)

    def _undeclared(
        self,
        desired: Desired,
        address: Address,
        candidate: Candidate,
        base: State,
        observed: Observed,
        out: Path | None,
    ) -> ImportResult:
        drafter = Drafter(desired, base, self._folder(out, desired))
        entry = drafter.model(candidate, observed, address)
        agreement = self._agreement(drafter, observed)
        agreement.models = [entry]
        agreement.wants = lambda endpoint: any(portion.model == address for portion in endpoint.portions)
        return self._finish(agreement, candidate.current.name, entry, out)

    def _endpoint(
        self, desired: Desired, address: Address, name: str, base: State, observed: Observed, out: Path | None
    ) -> ImportResult:
        candidate = called_endpoint(name, sort_endpoints(observed, base, desired, ()), observed)
        if address in desired.endpoints:
            return self._declared_endpoint(desired, address, candidate, base)
        drafter = Drafter(desired, base, self._folder(out, desired))
        (entry,) = drafter.endpoints([candidate], {candidate.live.name: address})
        agreement = self._agreement(drafter, observed)
        agreement.wants = lambda endpoint: endpoint.live.name == candidate.live.name
        agreement.endpoint_address = address
        return self._finish(agreement, candidate.live.name, entry, out)

    def _declared_endpoint(
        self, desired: Desired, address: Address, candidate: EndpointCandidate, base: State
    ) -> ImportResult:
        """What the spec says otherwise than what is live is left to the plan: none of it is paid for."""
        endpoint, live = desired.endpoints[address], candidate.live
        if location_of(live.name) != endpoint.location:
            raise UsageError(
                f"is declared in {endpoint.location} and {live.name} is in {location_of(live.name)}",
                where=str(address),
                next_step="Set `location` in the spec, then import again.",
            )
        record = endpoint_record(endpoint, live, shares_of(candidate, base), self.clock.now())
        self.store.write(base.with_record(record), base)
        return ImportResult((Adopted(address, "", "", "", live.name, 0),), (), 0, 0)

    def _world(self, desired: Desired, base: State, observed: Observed) -> World:
        return look(desired, base, observed, self.catalog, self.clock.now(), PlanOptions(), frozenset())

    def _folder(self, out: Path | None, desired: Desired) -> str:
        return folder_in_project(out, desired.project.root) if out is not None else ""

    def _agreement(self, drafter: Drafter, observed: Observed) -> Agreement:
        return Agreement(self.prepare, drafter, observed, self.catalog, self.clock)

    def _finish(self, agreement: Agreement, name: str, entry: Entry, out: Path | None) -> ImportResult:
        """One resource that was asked for by name: its spec as text, or everything that comes with it written."""
        if out is None:
            return ImportResult((), (), 0, 0, text=entry.draft.text)
        root = agreement.drafter.desired.project.root
        if os.path.lexists(Path(root) / entry.path):
            raise UsageError("is there already", where=entry.path, next_step="Choose another folder with --out.")
        agreement.reach()
        if name in agreement.left:
            raise TuneformError(agreement.left[name].reason, where=name, next_step="Nothing was changed.")
        self._write(agreement.entries, agreement.drafter.base, root)
        return ImportResult(tuple(entry.adopted() for entry in agreement.entries), (), 0, 0)

    def _fits(self, candidate: Candidate, options: ImportOptions) -> bool:
        now = self.clock.now()
        return all(f.fits(candidate.current, candidate.display_name, candidate.labels, now) for f in options.filters)

    def _with_objects(self, observed: Observed, candidates: Iterable[Candidate]) -> Observed:
        """The view with the data that was tuned from; what of it cannot be read counts as not known, no more."""
        uris = {uri for c in candidates for run in c.runs for uri in dataset_uris(run.body)}
        if not uris:
            return observed
        return observed.merged(replace(self.cloud.objects.look_up(sorted(uris)), unreadable=()))

    def _write(self, entries: Sequence[Entry], base: State, root: str) -> None:
        """State with a protection first, then the files, then the state as the specs have it."""
        if not entries:
            return
        recorded = [e.record for e in entries if e.record is not None]
        state = base
        for record in recorded:
            state = state.with_record(replace(record, on_remove="retain"))
        written = self.store.write(state, base)
        for entry in (e for e in entries if e.path):
            create_file(Path(root) / entry.path, entry.draft.text, shown_as=entry.path)
        final = written
        for record in recorded:
            final = final.with_record(record)
        self.store.write(final, written)


def _left(found: Sorted, agreement: Agreement, options: ImportOptions) -> tuple[Left, ...]:
    """What is not adopted; where only a part was asked for, only what belongs to that part."""
    late = tuple(agreement.left.values())
    if options.filters:
        return late
    if options.providers:
        # Which service made a model or an endpoint is not known where no run of it was looked at.
        return (*(item for item in found.left if item.state), *late)
    return (*found.left, *late, *agreement.unfit)
