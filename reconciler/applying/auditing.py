"""An audit: look at everything, compare it with what was last written, change nothing.

It holds no backend, no lock and no provider: a state that can only be read, and readers whose transport refuses
everything but GETs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from reconciler.applying.clock import Clock
from reconciler.applying.refreshing import refresh
from reconciler.catalog import Catalog
from reconciler.core.desired import Backend, Desired
from reconciler.core.drift import DriftReport
from reconciler.core.state import Record, State
from reconciler.planning.drift import audit
from reconciler.providers.protocol import ObjectReader, TuningReader


class StateReader(Protocol):
    """A state, as far as it can be read."""

    def read(self) -> State:
        """The snapshot. Raises StateError."""
        ...


@dataclass(frozen=True, slots=True)
class Eyes:
    """What an audit looks with."""

    readers: Mapping[Backend, TuningReader]
    objects: ObjectReader


@dataclass(frozen=True, slots=True)
class Auditor:
    """One project's audits. `specs` gives everything that it declares."""

    specs: Callable[[], Desired]
    state: StateReader
    eyes: Callable[[], Eyes]
    catalog: Catalog
    clock: Clock

    def run(self) -> DriftReport:
        """Look, and compare. Raises SpecError, StateError, CredentialsError."""
        desired, state = self.specs(), self.state.read()
        eyes = self.eyes()
        observed = refresh(desired, _everywhere(desired, state), eyes.readers, eyes.objects)
        return audit(desired, state, observed, self.catalog, self.clock.now())


def _everywhere(desired: Desired, state: State) -> State:
    """The state with an empty record for what is declared only, so that its place is looked at too."""
    for address, model in desired.models.items():
        if address not in state.resources:
            state = state.with_record(Record(address, model.backend, model.project, model.location))
    return state
