"""In which order things happen: what is referred to before what refers to it, by address where that leaves a choice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from reconciler.core.address import Address, is_address
from reconciler.core.desired import Desired, Endpoint, TunedModel
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.resource_names import model_key
from reconciler.core.state import Record
from reconciler.errors import SpecError
from reconciler.planning.blocks import PARENT_PATHS, value_at


def declared_order(desired: Desired) -> list[Address]:
    """Every declared address, each behind what it refers to. Raises SpecError when specs refer to one another."""
    needs: dict[Address, Iterable[Address]] = dict.fromkeys(desired.datasets, ())
    specs: list[TunedModel | Endpoint] = [*desired.models.values(), *desired.endpoints.values()]
    for spec in specs:
        needs[spec.address] = [a for a in spec.depends_on if a in desired]
    try:
        return _in_order(needs)
    except CycleError as cycle:
        raise SpecError([_cycle(desired, cycle.args[1])]) from cycle


def removal_order(records: Iterable[Record]) -> list[Address]:
    """Recorded addresses in the order in which they go: endpoints before what they carry, and what was
    tuned from another model before that one.
    """
    going = {record.address: record for record in records}
    # By version, for one model may hold versions of several addresses.
    owners = {model_key(v.model): r.address for r in going.values() for v in r.versions if v.model}
    needs: dict[Address, set[Address]] = {address: set() for address in going}
    for address, record in going.items():
        for parent in _parents(record, owners):
            if parent in needs and parent != address:
                needs[parent].add(address)
    try:
        return _in_order(needs)
    except CycleError:
        # Two models tuned from each other's versions: there is no better order, and deleting does not need one.
        return sorted(going)


def with_needs(desired: Desired, targets: Iterable[Address]) -> frozenset[Address]:
    """These addresses and everything they refer to, directly or not."""
    found: set[Address] = set()
    waiting = list(targets)
    while waiting:
        address = waiting.pop()
        if address not in found:
            found.add(address)
            spec = desired.models.get(address) or desired.endpoints.get(address)
            waiting.extend(spec.depends_on if spec else ())
    return frozenset(found)


def _in_order(needs: Mapping[Address, Iterable[Address]]) -> list[Address]:
    """Level by level, each level by address, so that the order never depends on how a mapping was filled."""
    if not any(needs.values()):
        return sorted(needs)
    sorter = TopologicalSorter(needs)
    sorter.prepare()
    order: list[Address] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order.extend(ready)
        sorter.done(*ready)
    return order


def _parents(record: Record, owners: Mapping[str, Address]) -> set[Address]:
    """The addresses whose models a record's versions were tuned from, or that it carries."""
    shares = (*record.route.shares, *record.route.base) if record.route is not None else ()
    found = {owners[model_key(s.model)] for s in shares if model_key(s.model) in owners}
    for version in record.versions:
        for body in (version.body, version.resolved):
            for path in PARENT_PATHS:
                name = value_at(body, path)
                if is_address(name):
                    found.add(Address.parse(name))
                elif isinstance(name, str) and model_key(name) in owners:
                    found.add(owners[model_key(name)])
    return found


def _cycle(desired: Desired, members: list[Address]) -> Diagnostic:
    names = " -> ".join(str(a) for a in members)
    spec = desired.models.get(members[0])
    return Diagnostic(
        "error",
        "reference_cycle",
        f"these specs refer to one another: {names}",
        str(members[0]),
        spec.sources.at("metadata.name") if spec else None,
        "Take one of the references away.",
    )
