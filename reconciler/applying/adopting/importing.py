"""Import: look, sort, draft, compare, and only then write: state first, so that nothing is ever bought twice.

An import that dies on the way leaves models in the state whose removal would merely forget them; running it again
writes the specs that are missing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.applying.adopting.candidates import Candidate, Sorted, sort_out
from reconciler.applying.adopting.claiming import backends_of, called, check_free
from reconciler.applying.adopting.drafting import Draft, draft
from reconciler.applying.adopting.files import create_file, folder_in_project
from reconciler.applying.adopting.looking import look_around
from reconciler.applying.adopting.naming import name_from, unique_name
from reconciler.applying.adopting.outcomes import Adopted, ImportOptions, ImportResult, Left
from reconciler.applying.adopting.recording import bare_version, record_of, unknown_data
from reconciler.applying.clock import Clock
from reconciler.applying.outcomes import Cloud
from reconciler.applying.references import dataset_uris
from reconciler.catalog import Catalog
from reconciler.core.address import Address
from reconciler.core.desired import Desired, TunedModel
from reconciler.core.observed import Observed
from reconciler.core.plan import Action, FieldChange
from reconciler.core.resource_names import location_of
from reconciler.core.state import Record, State
from reconciler.errors import SpecError, TuneformError, UsageError
from reconciler.planning.blocks import TRAINING_PATHS
from reconciler.planning.compare import training_changes
from reconciler.planning.plan import PlanOptions, make_plan
from reconciler.planning.sight import sight_of
from reconciler.planning.world import World, look
from reconciler.spec.kinds.vertex import DEFAULT_LOCATION
from reconciler.state.lock import Lock
from reconciler.state.store import StateStore

UNTOLD = "the Gemini API does not tell what a model was tuned from: write its spec with the data"
KEEP_LAST = 2
"""How many versions a spec keeps that does not say."""

Prepare = Callable[[Mapping[str, str]], Desired]
"""Everything declared, with drafts by path as if they were written, and every dataset read. Raises SpecError."""


@dataclass(slots=True)
class _Entry:
    """One model on its way in. `path` is relative to the project's folder."""

    candidate: Candidate
    address: Address
    path: str
    keep_last: int | None
    draft: Draft
    record: Record | None = None


@dataclass(slots=True)
class Importer:
    """Adopts what is live for one project."""

    prepare: Prepare
    store: StateStore
    lock: Lock
    cloud: Cloud
    catalog: Catalog
    clock: Clock
    left: list[Left] = field(default_factory=list)

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
            observed = self._with_objects(observed, chosen)
            self.left = [item for item in found.left if not options.filters]
            entries = self._entries(chosen, desired, base, observed, folder)
            entries = self._agreed(entries, base, observed)
            if not options.dry_run and entries:
                self._write(entries, base, desired.project.root)
            return self._result(entries, found, len(found.candidates) - len(chosen), observed, options)

    def one(self, address: Address, name: str, *, out: Path | None, locations: Sequence[str] = ()) -> ImportResult:
        """Adopt the live model that a resource name leads to under an address.

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
            readers = {b: r for b, r in self.cloud.providers.items() if b in backends_of(name)}
            observed = look_around(readers, desired.project.google.project, sorted(places), base.resources.values())
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
        if candidate.backend == "gemini":
            raise TuneformError(UNTOLD, where=candidate.current.name, next_step="Then import it again.")
        keep_last = len(candidate.runs) if len(candidate.runs) > KEEP_LAST else None
        drafted = draft(candidate, address, keep_last=keep_last, unknown=unknown_data(candidate.current, observed))
        if out is None:
            return ImportResult((), (), 0, 0, text=drafted.text)
        path = os.path.normpath(f"{folder_in_project(out, desired.project.root)}/{address.name}.yaml")
        if os.path.lexists(Path(desired.project.root) / path):
            raise UsageError("is there already", where=path, next_step="Choose another folder with --out.")
        entries = self._agreed([_Entry(candidate, address, path, keep_last, drafted)], base, observed)
        if not entries:
            raise TuneformError(self.left[-1].reason, where=candidate.current.name, next_step="Nothing was changed.")
        self._write(entries, base, desired.project.root)
        return ImportResult((adopted(address, path, candidate, drafted.notes),), (), 0, 0)

    def _fits(self, candidate: Candidate, options: ImportOptions) -> bool:
        now = self.clock.now()
        return all(f.fits(candidate.current, candidate.display_name, candidate.labels, now) for f in options.filters)

    def _with_objects(self, observed: Observed, candidates: Iterable[Candidate]) -> Observed:
        uris = {uri for c in candidates for run in c.runs for uri in dataset_uris(run.body)}
        return observed.merged(self.cloud.objects.look_up(sorted(uris))) if uris else observed

    def _entries(
        self, candidates: Sequence[Candidate], desired: Desired, base: State, observed: Observed, folder: str
    ) -> list[_Entry]:
        """A name, a file and a draft for each; what reads data that cannot be seen is left."""
        taken = {a.name for a in (*desired.models, *base.resources) if a.kind == "TunedModel"}
        root = Path(desired.project.root)
        sight = sight_of(observed.unreadable)
        entries = []
        for candidate in candidates:
            if candidate.backend == "gemini":
                self._leave(candidate, f"{UNTOLD}, then `tuneform import TunedModel/NAME {candidate.current.name}`")
                continue
            hidden = [uri for uri in dataset_uris(candidate.current.body) if sight.hides_object(uri)]
            if hidden:
                self._leave(candidate, f"its data {hidden[0]} cannot be read, so that no plan would be complete")
                continue
            name = self._name(candidate, taken, lambda name: os.path.lexists(root / folder / f"{name}.yaml"))
            taken.add(name)
            address = Address("TunedModel", name)
            keep_last = len(candidate.runs) if len(candidate.runs) > KEEP_LAST else None
            drafted = draft(candidate, address, keep_last=keep_last, unknown=unknown_data(candidate.current, observed))
            path = os.path.normpath(f"{folder}/{name}.yaml")
            entries.append(_Entry(candidate, address, path, keep_last, drafted))
        return entries

    def _name(self, candidate: Candidate, taken: set[str], is_file: Callable[[str], bool]) -> str:
        if candidate.address is not None:
            return candidate.address.name
        run = candidate.current.name
        wanted = name_from(candidate.display_name, f"tuned-{name_from(run.rpartition('/')[2][-12:], 'model')}")
        return unique_name(wanted, run, lambda name: name in taken or is_file(name))

    def _agreed(self, entries: list[_Entry], base: State, observed: Observed) -> list[_Entry]:
        """The entries whose drafts load, say what the runs were given, and would plan to nothing."""
        while entries:
            try:
                desired = self.prepare({e.path: e.draft.text for e in entries})
            except SpecError as error:
                entries = self._without_the_invalid(entries, error)
                continue
            if self._keep_more(entries, desired, observed):
                continue
            world = self._world(desired, base, observed)
            agreed = [e for e in entries if self._matches(e, world)]
            if len(agreed) == len(entries):
                agreed = self._planned_to_nothing(entries, desired, base, observed)
            if len(agreed) == len(entries):
                return entries
            entries = agreed
        return entries

    def _without_the_invalid(self, entries: list[_Entry], error: SpecError) -> list[_Entry]:
        found = {d.source.file if d.source else "": d for d in reversed(error.diagnostics) if d.severity == "error"}
        if found.keys() - {e.path for e in entries}:
            raise error
        if any(d.code == "outside_specs" for d in found.values()):
            raise error
        for entry in entries:
            if entry.path in found:
                self._leave(entry.candidate, f"no spec can say it: {found[entry.path].message}")
        return [e for e in entries if e.path not in found]

    def _keep_more(self, entries: list[_Entry], desired: Desired, observed: Observed) -> bool:
        """Where the project's own defaults keep less than there is, the spec has to say so itself."""
        redrafted = False
        for entry in entries:
            count = len(entry.candidate.runs)
            if entry.keep_last is None and desired.models[entry.address].lifecycle.keep_last < count:
                entry.keep_last = count
                unknown = unknown_data(entry.candidate.current, observed)
                entry.draft = draft(entry.candidate, entry.address, keep_last=count, unknown=unknown)
                redrafted = True
        return redrafted

    def _world(self, desired: Desired, base: State, observed: Observed) -> World:
        return look(desired, base, observed, self.catalog, self.clock.now(), PlanOptions(), frozenset())

    def _matches(self, entry: _Entry, world: World) -> bool:
        model = world.desired.models[entry.address]
        differing = differences(world, model, entry.candidate)
        if differing:
            self._leave(entry.candidate, f"the project's defaults and overrides make it another: {in_words(differing)}")
            return False
        entry.record = record_of(model, entry.candidate, world.desired, world.observed)
        return True

    def _planned_to_nothing(
        self, entries: list[_Entry], desired: Desired, base: State, observed: Observed
    ) -> list[_Entry]:
        state = base
        for entry in entries:
            if entry.record is not None:
                state = state.with_record(entry.record)
        plan = make_plan(desired, state, observed, self.catalog, self.clock.now())
        planned = {c.address: c for c in plan.changes}
        for entry in entries:
            change = planned.get(entry.address)
            if change is not None and change.action is not Action.WAIT:
                self._leave(entry.candidate, f"the plan would still {change.action}: {change.reasons[0].message}")
        return [e for e in entries if e.address not in planned or planned[e.address].action is Action.WAIT]

    def _write(self, entries: Sequence[_Entry], base: State, root: str) -> None:
        """State with a protection first, then the files, then the state as the specs have it."""
        recorded = [e.record for e in entries if e.record is not None]
        state = base
        for record in recorded:
            state = state.with_record(replace(record, on_remove="retain"))
        written = self.store.write(state, base)
        for entry in entries:
            create_file(Path(root) / entry.path, entry.draft.text, shown_as=entry.path)
        final = written
        for record in recorded:
            final = final.with_record(record)
        self.store.write(final, written)

    def _leave(self, candidate: Candidate, reason: str) -> None:
        run = candidate.current
        self.left.append(Left(run.name, reason, candidate.display_name, str(run.state)))

    def _result(
        self, entries: Sequence[_Entry], found: Sorted, filtered: int, observed: Observed, options: ImportOptions
    ) -> ImportResult:
        return ImportResult(
            adopted=tuple(adopted(e.address, e.path, e.candidate, e.draft.notes) for e in entries),
            left=tuple(self.left),
            managed=found.managed,
            filtered=filtered,
            unreadable=observed.unreadable,
            dry_run=options.dry_run,
        )


def differences(world: World, model: TunedModel, candidate: Candidate) -> tuple[FieldChange, ...]:
    """The training fields in which a declared model is another than the candidate's last run.

    Data that the server never tells (Gemini API) cannot differ: the spec is believed.
    """
    untold = (
        {".".join((model.backend, *path)) for path in TRAINING_PATHS["gemini"]} if model.backend == "gemini" else ()
    )
    found = training_changes(world, model, bare_version(candidate.current))
    return tuple(c for c in found if not (c.before is None and c.path.startswith(tuple(untold))))


def adopted(address: Address, path: str, candidate: Candidate, notes: Sequence[str]) -> Adopted:
    """One adopted model, for the report."""
    run = candidate.current
    endpoint = candidate.endpoint.name if candidate.endpoint else ""
    return Adopted(address, path, run.name, run.model, endpoint, len(candidate.runs), tuple(notes))


def in_words(changes: Sequence[FieldChange]) -> str:
    """`path: live 3, declared 4; …`."""
    return "; ".join(f"{c.path}: live {_value(c.before)}, declared {_value(c.after)}" for c in changes)


def _value(value: object) -> str:
    return "nothing" if value is None else str(value)[:200]
