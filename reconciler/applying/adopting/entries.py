"""What is on its way in: each model and endpoint with its name, its file and its spec."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.applying.adopting.candidates import Candidate
from reconciler.applying.adopting.drafting import Draft, draft, draft_endpoint
from reconciler.applying.adopting.endpoints import EndpointCandidate
from reconciler.applying.adopting.naming import file_of, name_from, name_of_resource, unique_name
from reconciler.applying.adopting.outcomes import Adopted
from reconciler.applying.adopting.recording import unknown_data
from reconciler.core.address import Address
from reconciler.core.desired import Desired
from reconciler.core.observed import Observed
from reconciler.core.state import Record, State

KEEP_LAST = 2
"""How many versions a spec keeps that does not say."""
_ENDPOINT = "endpoint"


@dataclass(slots=True)
class ModelEntry:
    """A tuned model. `path` is relative to the project's folder; empty when a spec declares it already.

    `explicit` is set where the project has defaults of its own, so that the spec has to name Google's too.
    """

    candidate: Candidate
    address: Address
    path: str
    keep_last: int | None
    draft: Draft
    record: Record | None = None
    explicit: bool = False

    def adopted(self) -> Adopted:
        """For the report."""
        return adopted(self.address, self.path, self.candidate, self.draft.notes)


@dataclass(slots=True)
class EndpointEntry:
    """An endpoint; `path` as for models."""

    candidate: EndpointCandidate
    address: Address
    path: str
    draft: Draft
    record: Record | None = None

    def adopted(self) -> Adopted:
        """For the report."""
        return Adopted(self.address, self.path, "", "", self.candidate.live.name, 0, self.draft.notes)


@dataclass(slots=True)
class Drafter:
    """Names, files and specs beneath one folder of a project. `taken` are addresses and files that are given."""

    desired: Desired
    base: State
    folder: str
    taken: set[str] = field(default_factory=set)

    def model(self, candidate: Candidate, observed: Observed, address: Address | None = None) -> ModelEntry:
        """The entry of a model, under the address that it has in the state, that was asked for, or a new one."""
        run = candidate.current.name
        wanted = name_from(candidate.display_name, name_of_resource(run, "tuned"))
        chosen = address or candidate.address or self._unique("TunedModel", wanted, run, self.taken)
        self.taken |= {str(chosen), self._path(chosen)}
        keep_last = len(candidate.runs) if len(candidate.runs) > KEEP_LAST else None
        entry = ModelEntry(candidate, chosen, self._path(chosen), keep_last, Draft("", ()))
        self.write(entry, observed)
        return entry

    def declared(self, candidate: Candidate, observed: Observed, address: Address) -> ModelEntry:
        """The entry of a model that a spec declares already."""
        self.taken.add(str(address))
        return ModelEntry(candidate, address, "", None, Draft("", unknown_data(candidate.current, observed)))

    def write(self, entry: ModelEntry, observed: Observed) -> None:
        """Give an entry the spec that it needs as it is now."""
        entry.draft = draft(
            entry.candidate,
            entry.address,
            project=self.desired.project.google.project,
            keep_last=entry.keep_last,
            unknown=unknown_data(entry.candidate.current, observed),
            explicit=entry.explicit,
        )

    def endpoints(
        self, candidates: Iterable[EndpointCandidate], addresses: Mapping[str, Address]
    ) -> list[EndpointEntry]:
        """The entries of endpoints beside those of the models, under new addresses or those given by resource name."""
        taken = set(self.taken)
        entries = []
        for candidate in candidates:
            name = candidate.live.name
            wanted = name_from(candidate.live.display_name, name_of_resource(name, _ENDPOINT))
            chosen = addresses.get(name) or candidate.address or self._unique("Endpoint", wanted, name, taken)
            taken |= {str(chosen), self._path(chosen)}
            if chosen in self.desired.endpoints:
                entries.append(EndpointEntry(candidate, chosen, "", Draft("", ())))
            else:
                entries.append(EndpointEntry(candidate, chosen, self._path(chosen), draft_endpoint(candidate, chosen)))
        return entries

    def _unique(self, kind: str, wanted: str, resource: str, taken: Set[str]) -> Address:
        known = {*self.desired.models, *self.desired.endpoints, *self.base.resources}

        def is_taken(name: str) -> bool:
            address = Address(kind, name)
            path = self._path(address)
            is_given = address in known or not taken.isdisjoint((str(address), path))
            return is_given or os.path.lexists(Path(self.desired.project.root) / path)

        return Address(kind, unique_name(wanted, resource, is_taken))

    def _path(self, address: Address) -> str:
        return os.path.normpath(f"{self.folder}/{file_of(address)}")


def adopted(address: Address, path: str, candidate: Candidate, notes: Sequence[str]) -> Adopted:
    """One adopted model, for the report."""
    run = candidate.current
    endpoint = candidate.endpoint.name if candidate.endpoint else ""
    return Adopted(address, path, run.name, run.model, endpoint, len(candidate.runs), tuple(notes))


def texts_of(entries: Iterable[ModelEntry | EndpointEntry]) -> dict[str, str]:
    """The specs that are to be written, by path."""
    return {entry.path: entry.draft.text for entry in entries if entry.path}
