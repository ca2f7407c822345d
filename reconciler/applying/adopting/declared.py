"""Which declared addresses that the state does not know are these very candidates: after a lost state, for instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.applying.adopting.candidates import Candidate
from reconciler.applying.adopting.endpoints import EndpointCandidate
from reconciler.applying.adopting.outcomes import Left
from reconciler.applying.adopting.recording import differences
from reconciler.core.address import Address
from reconciler.core.desired import TunedModel
from reconciler.core.resource_names import location_of
from reconciler.planning.world import World


@dataclass(frozen=True, slots=True)
class Declared:
    """Addresses by run; `left` are candidates of which several could be the same declared model."""

    addresses: Mapping[str, Address]
    left: Mapping[str, Left]


def declared_models(world: World, candidates: Iterable[Candidate]) -> Declared:
    """The declared model that each candidate is: of the same name and tuned from the same, and in no record."""
    named: dict[tuple[str, str], list[Candidate]] = {}
    for candidate in candidates:
        named.setdefault((candidate.backend, candidate.display_name), []).append(candidate)
    addresses: dict[str, Address] = {}
    left: dict[str, Left] = {}
    for address, model in world.desired.models.items():
        if _is_known(world, address):
            continue
        alike = [c for c in named.get((model.backend, model.display_name), ()) if _is_same(world, model, c)]
        if len(alike) == 1:
            addresses.setdefault(alike[0].current.name, address)
        for candidate in alike if len(alike) > 1 else ():
            run = candidate.current
            reason = (
                f"is one of {len(alike)} that {address}, which is declared, could be: "
                f"`tuneform import {address} {run.name}` chooses it"
            )
            left[run.name] = Left(run.name, reason, candidate.display_name, str(run.state))
    return Declared(addresses, left)


def declared_endpoints(world: World, candidates: Iterable[EndpointCandidate]) -> dict[str, Address]:
    """The declared endpoints that candidates are: of the same place and name, and in no record; by resource name."""
    named: dict[tuple[str, str], list[EndpointCandidate]] = {}
    for candidate in candidates:
        named.setdefault((location_of(candidate.live.name), candidate.live.display_name), []).append(candidate)
    found: dict[str, Address] = {}
    for address, endpoint in world.desired.endpoints.items():
        alike = named.get((endpoint.location, endpoint.display_name), [])
        if not _is_known(world, address) and len(alike) == 1:
            found.setdefault(alike[0].live.name, address)
    return found


def _is_known(world: World, address: Address) -> bool:
    record = world.record(address)
    return address in world.intents or (record is not None and bool(record.versions or record.route))


def _is_same(world: World, model: TunedModel, candidate: Candidate) -> bool:
    return candidate.address is None and not differences(world, model, candidate)
