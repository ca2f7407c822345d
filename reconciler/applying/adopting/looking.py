"""Everything live in the locations an import is about: runs, models and endpoints. Sends nothing but GETs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.core.address import Address
from reconciler.core.desired import Backend
from reconciler.core.observed import Observed, Run, Unreadable
from reconciler.core.runs import RunState
from reconciler.core.state import Record, Version, VersionStatus
from reconciler.errors import CloudError, CredentialsError
from reconciler.providers.protocol import TuningReader

# Stands for what is not recorded anywhere: readers list the places that records speak of.
_NOBODY = Address("TunedModel", "nobody")


def look_around(
    readers: Mapping[Backend, TuningReader], project: str, locations: Sequence[str], known: Iterable[Record] = ()
) -> Observed:
    """Runs of the given locations, and models and endpoints there and wherever those runs put theirs.

    `known` are records whose places are looked at too. Raises CredentialsError and UsageError; what else cannot be
    read is `unreadable`.
    """
    seen = Observed()
    for backend, reader in sorted(readers.items()):
        places = [""] if backend == "gemini" else list(locations)
        recorded = [record for record in known if record.backend == backend]
        try:
            seen = seen.merged(_look(reader, backend, project, places, recorded))
        except CredentialsError:
            raise
        except CloudError as error:
            seen = replace(seen, unreadable=(*seen.unreadable, Unreadable(backend, error.what)))
    return seen


def _look(
    reader: TuningReader, backend: Backend, project: str, places: Sequence[str], known: Sequence[Record]
) -> Observed:
    empty = [Record(_NOBODY, backend, project, place) for place in places]
    first = reader.observe((), (*empty, *known))
    landed = tuple(
        _landmark(number, run)
        for number, run in enumerate(first.runs.values(), 1)
        if run.backend == backend and run.model and first.model(run.model) is None
    )
    if not landed:
        return first
    # Models may land elsewhere than their jobs; where that is only the runs could tell.
    return reader.observe((), (*empty, Record(_NOBODY, backend, project, places[0], landed), *known))


def _landmark(number: int, run: Run) -> Version:
    return Version(
        number,
        VersionStatus.SUPERSEDED,
        "",
        {},
        "",
        run=run.name,
        run_state=RunState.SUCCEEDED,
        model=run.model,
        endpoint=run.endpoint,
        checkpoints=run.checkpoints,
    )
