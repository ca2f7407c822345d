"""Which live endpoints become Endpoint specs: those that people made for models that are, or are to be, managed.

Endpoints that runs made by themselves belong to the versions of their models.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.applying.adopting.candidates import Candidate, lost_its_spec, made_by_runs, owners_of
from reconciler.applying.adopting.outcomes import Left
from reconciler.core.address import Address
from reconciler.core.desired import Desired
from reconciler.core.labels import PROJECT
from reconciler.core.observed import LiveEndpoint, Observed
from reconciler.core.resource_names import model_key
from reconciler.core.state import Checkpoint, State, VersionStatus


@dataclass(frozen=True, slots=True)
class Place:
    """A version of a model that is managed, or is to be. `default` is the checkpoint that it serves by itself."""

    model: Address
    version: int
    is_current: bool
    default: str


Places = Mapping[str, Place]
"""By `model_key`."""


@dataclass(frozen=True, slots=True)
class Portion:
    """A share of a live endpoint's traffic. `version` is None for the current one, `checkpoint` for its default."""

    model: Address
    percent: int
    version: int | None
    checkpoint: str | None


@dataclass(frozen=True, slots=True)
class EndpointCandidate:
    """A live endpoint, all of whose traffic goes to models that are, or are to be, managed.

    `address` is set when the state has it already and its spec is missing.
    """

    live: LiveEndpoint
    portions: tuple[Portion, ...]
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class SortedEndpoints:
    """Endpoints that nobody manages: those to adopt, and the others with the reason."""

    candidates: tuple[EndpointCandidate, ...]
    left: tuple[Left, ...]


def sort_endpoints(
    observed: Observed, state: State, desired: Desired, adopting: Sequence[tuple[Address, Candidate]]
) -> SortedEndpoints:
    """What becomes of every live endpoint that neither a run made nor the state knows."""
    places = _places(state, adopting)
    candidates, left = [], []
    for live, address in _of_people(observed, state, desired):
        reason = _unfit(live, places, desired.project.name)
        if reason:
            left.append(Left(live.name, reason, live.display_name))
        else:
            candidates.append(EndpointCandidate(live, tuple(_portions(live, places)), address))
    return SortedEndpoints(tuple(candidates), tuple(left))


def _of_people(observed: Observed, state: State, desired: Desired) -> Iterator[tuple[LiveEndpoint, Address | None]]:
    """Endpoints that no run made; those of the state only where an import did not come to write their specs."""
    owners, made = owners_of(state), made_by_runs(observed)
    for key, live in sorted(observed.endpoints.items()):
        record = owners.get(key)
        if record is not None and record.route is not None and lost_its_spec(record, desired):
            yield live, record.address
        elif key not in owners and key not in made:
            yield live, None


def _places(state: State, adopting: Sequence[tuple[Address, Candidate]]) -> Places:
    found: dict[str, Place] = {}
    for record in state.resources.values():
        for v in record.versions:
            if v.model and v.status is not VersionStatus.DELETED:
                default = default_checkpoint(v.checkpoints, v.endpoint)
                found[model_key(v.model)] = Place(record.address, v.number, v.number == record.current, default)
    for address, candidate in adopting:
        for number, run in enumerate(candidate.runs, 1):
            if run.model:
                default = default_checkpoint(run.checkpoints, candidate.endpoint_of(run))
                found[model_key(run.model)] = Place(address, number, run is candidate.current, default)
    return found


def default_checkpoint(checkpoints: Sequence[Checkpoint], endpoint: str) -> str:
    """The checkpoint that a version serves by itself on its own endpoint; empty where it has none."""
    own = next((c.id for c in checkpoints if c.endpoint and c.endpoint == endpoint), "")
    return own or (checkpoints[-1].id if checkpoints else "")


def _unfit(live: LiveEndpoint, places: Places, project: str) -> str:
    """Why an endpoint cannot be adopted; empty when it can."""
    owner = live.labels.get(PROJECT, "")
    if owner and owner != project:
        return f"carries the labels of the tuneform project {owner!r}"
    if not live.deployed:
        return "carries no model"
    serving = [d for d in live.deployed if live.traffic.get(d.id, 0) > 0]
    if not serving:
        return "gets no traffic"
    stranger = next((d.model for d in serving if model_key(d.model) not in places), "")
    if stranger:
        return f"carries {stranger}, which is not managed and is not adopted with it"
    total = sum(live.traffic.get(d.id, 0) for d in serving)
    return "" if total == 100 else f"the shares of its traffic add up to {total}, not to 100"


def _portions(live: LiveEndpoint, places: Places) -> Iterator[Portion]:
    shares: dict[tuple[str, str], int] = {}
    for deployed in live.deployed:
        key = model_key(deployed.model), deployed.checkpoint
        shares[key] = shares.get(key, 0) + live.traffic.get(deployed.id, 0)
    for (model, checkpoint), percent in sorted(shares.items(), key=lambda item: -item[1]):
        if percent > 0:
            place = places[model]
            named = checkpoint if checkpoint not in ("", place.default) else None
            yield Portion(place.model, percent, None if place.is_current else place.version, named)
