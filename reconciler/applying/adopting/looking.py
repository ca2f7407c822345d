"""Everything live in the locations an import is about: runs, models and endpoints. Sends nothing but GETs.

Lists of pipelines do not say which model each made, and lists of the Gemini API not which runs were cancelled nor who
may use a model: what no record knows is asked for one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from reconciler.core.address import Address
from reconciler.core.desired import Backend
from reconciler.core.moments import is_within
from reconciler.core.observed import LiveModel, Observed, Run, Unreadable
from reconciler.core.resource_names import key_of
from reconciler.core.runs import RunState
from reconciler.core.state import Record, Version, VersionStatus
from reconciler.errors import CloudError, CredentialsError, NotFound
from reconciler.providers.protocol import TuningReader

# Stands for what is not recorded anywhere: readers list the places that records speak of.
_NOBODY = Address("TunedModel", "nobody")
_WORKERS = 6
# The services whose lists do not tell all that adopting needs.
_TACITURN: frozenset[Backend] = frozenset({"gemini", "palm"})


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
    if backend in _TACITURN:
        first = _asked(reader, first, known)
    landed = tuple(
        _landmark(number, run)
        for number, run in enumerate(first.runs.values(), 1)
        if run.backend == backend and run.model and first.model(run.model) is None
    )
    if landed:
        # Models may land elsewhere than their jobs; where that is only the runs could tell.
        again = reader.observe((), (*empty, Record(_NOBODY, backend, project, places[0], landed), *known))
        first = replace(again, runs={**again.runs, **first.runs})
    return first if backend != "palm" else replace(first, runs=dict(_with_own_endpoints(first)))


def _asked(reader: TuningReader, seen: Observed, known: Sequence[Record]) -> Observed:
    """What lists do not tell of finished runs that no record knows. A run that is gone meanwhile is left out."""
    recorded = {key_of(v.run) for record in known for v in record.versions if v.run}
    asked = {key: run for key, run in seen.runs.items() if run.state.is_final and key not in recorded}
    with ThreadPoolExecutor(_WORKERS) as pool:
        answers = dict(zip(asked, pool.map(lambda run: _ask(reader, run), asked.values()), strict=True))
    runs, models, unreadable = dict(seen.runs), dict(seen.models), list(seen.unreadable)
    for key, answer in answers.items():
        run, model = answer if isinstance(answer, tuple) else (None, None)
        if isinstance(answer, Unreadable):
            unreadable.append(answer)
        if run is None:
            del runs[key]
            continue
        runs[key] = run
        if model is not None:
            models[key_of(model.name)] = model
        elif run.backend == "gemini":
            models.pop(key, None)
    return replace(seen, runs=runs, models=models, unreadable=tuple(unreadable))


def _ask(reader: TuningReader, run: Run) -> tuple[Run, LiveModel | None] | Unreadable | None:
    try:
        told = reader.run(run.name)
        learned = replace(run, state=told.state, error=told.error or run.error, model=told.model)
        if run.backend == "gemini":
            return learned, reader.model(told.model) if told.model else None
        return replace(learned, model=told.model or run.model), None
    except NotFound:
        return None
    except CredentialsError:
        raise
    except CloudError as error:
        return Unreadable(run.name, error.what)


def _with_own_endpoints(seen: Observed) -> Iterator[tuple[str, Run]]:
    """Pipelines with the endpoint that they deployed on: the one that was made while they ran."""
    for key, run in seen.runs.items():
        model = seen.model(run.model) if run.model else None
        lives = (seen.endpoint(name) for name, _ in model.deployments) if model else ()
        own = [e for e in lives if e is not None and is_within(e.created_at, run.created_at, run.ended_at)]
        yield key, replace(run, endpoint=min(own, key=lambda e: (e.created_at, e.name)).name if own else "")


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
