"""Everything specs and records concern, by listing: the number of requests grows with pages, not with resources.

Tuning jobs are listed where specs and records put them, models and endpoints where records and our own runs say that
theirs live: for Gemini 3 that is a multi-region, not the job's own location.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from reconciler.cloud.client import Client
from reconciler.core.desired import TunedModel
from reconciler.core.labels import PROJECT
from reconciler.core.observed import LiveEndpoint, LiveModel, Observed, Run, Unreadable
from reconciler.core.resource_names import key_of, location_of
from reconciler.core.state import Record, VersionStatus
from reconciler.errors import CloudError, CredentialsError
from reconciler.providers.vertex import paths, wire
from reconciler.providers.vertex.normalise import endpoint_of, model_of, run_of

PAGE_SIZE = 100
WORKERS = 6

R = TypeVar("R")
Place = tuple[str, str]
"""A project and a location."""


def list_runs(client: Client, project: str, location: str) -> dict[str, Run]:
    """Every tuning job of a location by key; one that came twice counts once. Raises CloudError."""
    path = paths.collection(project, location, "tuningJobs")
    pages = client.typed_pages(
        paths.in_location(location, path), "tuningJobs", wire.decode_jobs, {"pageSize": PAGE_SIZE}
    )
    return {key_of(job.name): run_of(job) for page in pages for job in page.tuning_jobs}


def list_models(client: Client, project: str, location: str) -> dict[str, LiveModel]:
    """Every model of a location by key. Raises CloudError."""
    path = paths.collection(project, location, "models")
    pages = client.typed_pages(paths.in_location(location, path), "models", wire.decode_models, {"pageSize": PAGE_SIZE})
    return {key_of(model.name): model_of(model) for page in pages for model in page.models}


def list_endpoints(client: Client, project: str, location: str) -> dict[str, LiveEndpoint]:
    """Every endpoint of a location by key. Raises CloudError."""
    path = paths.collection(project, location, "endpoints")
    pages = client.typed_pages(
        paths.in_location(location, path), "endpoints", wire.decode_endpoints, {"pageSize": PAGE_SIZE}
    )
    return {key_of(endpoint.name): endpoint_of(endpoint) for page in pages for endpoint in page.endpoints}


@dataclass(frozen=True, slots=True)
class RunSource:
    """What lists the runs of a project and location by key, and the collection that they are in."""

    collection: str
    read: Callable[[Client, str, str], dict[str, Run]]


TUNING_JOBS = RunSource("tuningJobs", list_runs)


def observe(
    client: Client,
    project_label: str,
    models: Sequence[TunedModel],
    records: Sequence[Record],
    source: RunSource = TUNING_JOBS,
) -> Observed:
    """Runs, models and endpoints of all places that concern these specs and records.

    `project_label` marks runs as this project's own. A list that fails is `unreadable`; raises CredentialsError when
    there are no credentials to read anything with, and UsageError when no Google project is known.
    """
    refresh = _Refresh(client, source)
    recorded = set(_recorded_places(records))
    with ThreadPoolExecutor(WORKERS) as pool:
        tasks = [pool.submit(refresh.list_runs, place) for place in sorted(_job_places(models, records))]
        _wait(tasks + _submit_lists(pool, refresh, recorded))
        own = {key_of(v.run) for record in records for v in record.versions if v.run}
        landed = {
            (project, location)
            for (project, _), runs in refresh.runs.items()
            for key, run in runs.items()
            if key in own or run.labels.get(PROJECT) == project_label
            for location in _locations(run.resources)
        }
        _wait(_submit_lists(pool, refresh, landed - recorded))
    return refresh.observed()


@dataclass
class _Refresh:
    """What the lists of one refresh have come to. Each writes keys of its own, so they may run side by side."""

    client: Client
    source: RunSource
    runs: dict[Place, dict[str, Run]] = field(default_factory=dict)
    models: dict[str, LiveModel] = field(default_factory=dict)
    endpoints: dict[str, LiveEndpoint] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)

    def list_runs(self, place: Place) -> None:
        self.runs[place] = self._list(self.source.collection, place, self.source.read)

    def list_models(self, place: Place) -> None:
        self.models.update(self._list("models", place, list_models))

    def list_endpoints(self, place: Place) -> None:
        self.endpoints.update(self._list("endpoints", place, list_endpoints))

    def _list(self, what: str, place: Place, read: Callable[[Client, str, str], dict[str, R]]) -> dict[str, R]:
        try:
            return read(self.client, *place)
        except CredentialsError:
            raise  # not a matter of one location: nothing at all can be read, and there is one thing to say about it
        except CloudError as error:
            self.unreadable.append(Unreadable(paths.collection(*place, what), error.what))
            return {}

    def observed(self) -> Observed:
        runs = {key: run for found in self.runs.values() for key, run in found.items()}
        unreadable = tuple(sorted(self.unreadable, key=lambda u: u.what))
        return Observed(runs, self.models, self.endpoints, unreadable=unreadable)


def _submit_lists(pool: ThreadPoolExecutor, refresh: _Refresh, places: Iterable[Place]) -> list[Future[None]]:
    kinds = (refresh.list_models, refresh.list_endpoints)
    return [pool.submit(read, place) for place in sorted(places) for read in kinds]


def _wait(tasks: Iterable[Future[None]]) -> None:
    for task in tasks:
        task.result()


def _job_places(models: Iterable[TunedModel], records: Iterable[Record]) -> Iterator[Place]:
    """Where tuning jobs are looked for."""
    places = {(model.project, model.location) for model in models}
    for record in records:
        if record.address.kind == "Endpoint":
            continue
        places.add((record.project, record.location))
        places.update((record.project, location) for location in _locations(v.run for v in record.versions))
    return iter(places)


def _recorded_places(records: Iterable[Record]) -> Iterator[Place]:
    """Where the models and endpoints of versions that are not deleted live."""
    for record in records:
        yield record.project, record.location
        for version in record.versions:
            if version.status is not VersionStatus.DELETED:
                endpoints = (c.endpoint for c in version.checkpoints)
                for location in _locations((version.model, version.endpoint, *endpoints)):
                    yield record.project, location
        if record.route is not None:
            for location in _locations((record.route.name,)):
                yield record.project, location


def _locations(names: Iterable[str]) -> set[str]:
    return {location for name in names if (location := location_of(name))}
