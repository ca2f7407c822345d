"""Everything one plan is made from, with the few indexes that keep it linear in the number of specs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from reconciler.catalog import Catalog
from reconciler.core import labels
from reconciler.core.address import Address, is_address
from reconciler.core.client_ids import client_id_of
from reconciler.core.desired import Backend, Desired, Endpoint, TunedModel
from reconciler.core.observed import Observed, Run
from reconciler.core.resource_names import key_of, model_key, parse_resource_name
from reconciler.core.state import Intent, Record, Route, State
from reconciler.planning.blocks import PARENT_PATHS, base_model, first_at, value_at
from reconciler.planning.sight import Sight, sight_of


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the caller of a plan asks for. `max_cost` in US dollars wins over the project's limit.

    `spent` is what earlier passes of the same apply have spent of it. `evaluates` says that apply judges gates by
    itself; without it a finished version that has gates is held.
    """

    targets: tuple[Address, ...] = ()
    destroy: bool = False
    allow_retired: bool = False
    max_cost: float | None = None
    spent: float = 0.0
    evaluates: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """The arguments of a plan, and what follows from them.

    `scope` is the addresses that a decision is asked for. `intents` are the unfinished creates. `strays` are runs with
    this project's labels that no record knows, by address label, oldest first; `foreign` are runs without them;
    `unlabelled` has the same by service and display name. `users`
    says which declared specs that stay refer to an address. `named` are the keys of models that specs or runs under
    way name directly. `carriers` are the endpoints on which a model version is deployed, or that stay and were last
    written to carry it, by `model_key`; `routes` says whose the recorded endpoints are, by key.
    """

    desired: Desired
    state: State
    observed: Observed
    catalog: Catalog
    now: datetime
    options: PlanOptions
    scope: frozenset[Address]
    sight: Sight
    intents: Mapping[Address, Intent]
    strays: Mapping[str, tuple[Run, ...]]
    foreign: tuple[Run, ...]
    unlabelled: Mapping[tuple[Backend, str], tuple[Run, ...]]
    users: Mapping[Address, tuple[Address, ...]]
    named: frozenset[str]
    carriers: Mapping[str, tuple[str, ...]]
    routes: Mapping[str, Address]

    def strays_of(self, address: Address) -> tuple[Run, ...]:
        """Unrecorded runs that carry this project's and that address's labels."""
        return self.strays.get(labels.address_label(address), ())

    def base_model_of(self, model: TunedModel) -> str:
        """The base model of a spec, of one tuned from another spec's model that one's; empty when it is not known."""
        seen: set[Address] = set()
        current: TunedModel | None = model
        while current is not None and current.address not in seen:
            if name := base_model(current.body):
                return name
            seen.add(current.address)
            parent = first_at(current.body, PARENT_PATHS)
            current = self.desired.models.get(Address.parse(parent)) if is_address(parent) else None
        return ""

    def record(self, address: Address) -> Record | None:
        """What the state knows of an address."""
        return self.state.resources.get(address)


def look(
    desired: Desired,
    state: State,
    observed: Observed,
    catalog: Catalog,
    now: datetime,
    options: PlanOptions,
    scope: frozenset[Address],
) -> World:
    """The world of one plan."""
    stays: list[TunedModel | Endpoint] = [
        *(m for a, m in desired.models.items() if not (options.destroy and a in scope)),
        *(e for a, e in desired.endpoints.items() if not (options.destroy and a in scope)),
    ]
    users: dict[Address, list[Address]] = {}
    for spec in stays:
        for address in spec.depends_on:
            users.setdefault(address, []).append(spec.address)
    strays, foreign = _unrecorded(desired.project.name, state, observed)
    return World(
        desired=desired,
        state=state,
        observed=observed,
        catalog=catalog,
        now=now,
        options=options,
        scope=scope,
        sight=sight_of(observed.unreadable),
        intents={i.address: i for i in state.intents if i.is_open},
        strays=strays,
        foreign=foreign,
        unlabelled=_by_name(foreign),
        users={address: tuple(sorted(by)) for address, by in users.items()},
        carriers=_carriers(observed, (r.route for s in stays if (r := state.resources.get(s.address)) and r.route)),
        routes={key_of(r.route.name): a for a, r in state.resources.items() if r.route is not None},
        named=frozenset(_named_models((s for s in stays if isinstance(s, TunedModel)), state)),
    )


def _carriers(observed: Observed, routes: Iterable[Route]) -> dict[str, tuple[str, ...]]:
    """Live endpoints by what is deployed on them, and recorded ones by what would be deployed again if it were lost."""
    found: dict[str, dict[str, str]] = {}
    for endpoint in observed.endpoints.values():
        for deployed in endpoint.deployed:
            found.setdefault(model_key(deployed.model), {})[key_of(endpoint.name)] = endpoint.name
    for route in routes:
        for share in (*route.shares, *route.base):
            found.setdefault(model_key(share.model), {}).setdefault(key_of(route.name), route.name)
    return {model: tuple(names.values()) for model, names in found.items()}


def _unrecorded(project: str, state: State, observed: Observed) -> tuple[dict[str, tuple[Run, ...]], tuple[Run, ...]]:
    """Runs that no record knows: those with this project's labels, by address label, and all others."""
    known = {key_of(v.run) for record in state.resources.values() for v in record.versions if v.run}
    known.update(key_of(i.run) for i in state.intents if i.run)
    attempts = {client_id_of(i.attempt) for i in state.intents if i.is_open}
    ours: dict[str, list[Run]] = {}
    foreign = []
    for key, run in observed.runs.items():
        if key in known or client_id_of(run.labels.get(labels.ATTEMPT, "")) in attempts:
            continue
        if run.labels.get(labels.PROJECT) == project:
            ours.setdefault(run.labels.get(labels.ADDRESS, ""), []).append(run)
        else:
            foreign.append(run)
    strays = {label: tuple(sorted(runs, key=_age)) for label, runs in sorted(ours.items())}
    return strays, tuple(sorted(foreign, key=_age))


def _by_name(runs: Iterable[Run]) -> dict[tuple[Backend, str], tuple[Run, ...]]:
    found: dict[tuple[Backend, str], list[Run]] = {}
    for run in runs:
        found.setdefault((run.backend, run.display_name), []).append(run)
    return {key: tuple(named) for key, named in found.items()}


def _age(run: Run) -> tuple[str, str]:
    return run.created_at, run.name


def _named_models(models: Iterable[TunedModel], state: State) -> Iterable[str]:
    bodies = [m.body for m in models]
    bodies.extend(v.resolved for r in state.resources.values() for v in r.versions if v.is_live)
    for body in bodies:
        for path in PARENT_PATHS:
            if path[0] not in body:
                continue
            name = value_at(body, path)
            if isinstance(name, str) and (parse_resource_name(name) or name.startswith("tunedModels/")):
                yield key_of(name)
