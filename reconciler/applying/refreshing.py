"""Looking at everything a project concerns: runs, models, endpoints, stored objects. Sends nothing but GETs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.applying.references import dataset_uris
from reconciler.core.desired import Backend, Desired
from reconciler.core.observed import Observed, Unreadable
from reconciler.core.resource_names import key_of
from reconciler.core.state import Record, State, VersionStatus
from reconciler.errors import CloudError
from reconciler.providers.protocol import ObjectReader, TuningReader, driver_of


def refresh(desired: Desired, state: State, readers: Mapping[Backend, TuningReader], objects: ObjectReader) -> Observed:
    """What is there now, for every declared and every recorded address."""
    wanted = wanted_objects(desired, state)
    unknown = wanted & _never_known(state)
    observed = objects.look_up(sorted(wanted - unknown))
    if unknown:
        # What was never known cannot have changed: a model that was adopted without it needs no access to it.
        observed = observed.merged(replace(objects.look_up(sorted(unknown)), unreadable=()))
    known = [*state.resources.values(), *_places_of_endpoints(desired)]
    backends = {m.backend for m in desired.models.values()} | {r.backend for r in known}
    for backend in sorted(backends - {"storage"}):
        models = [m for m in desired.models.values() if m.backend == backend]
        records = [r for r in known if r.backend == backend]
        reader = driver_of(readers, backend)
        if reader is None:
            unseen = Unreadable(backend, "this version of tuneform does not drive it")
            observed = replace(observed, unreadable=(*observed.unreadable, unseen))
        else:
            observed = observed.merged(reader.observe(models, records))
    return observed


def with_progress(observed: Observed, state: State, readers: Mapping[Backend, TuningReader]) -> Observed:
    """The same with the steps and the loss of every recorded run under way, which lists do not tell.

    A run is asked for by itself; one that cannot be asked stays as it was listed.
    """
    runs = dict(observed.runs)
    live = {(r.backend, v.run) for r in state.resources.values() for v in r.versions if v.is_live and v.run}
    for backend, name in sorted(live):
        listed = runs.get(key_of(name))
        reader = driver_of(readers, backend)
        if listed is None or reader is None:
            continue
        try:
            asked = reader.run(name)
        except CloudError:
            continue
        runs[key_of(name)] = replace(
            listed,
            completed_steps=asked.completed_steps,
            total_steps=asked.total_steps,
            loss=asked.loss,
            doing=asked.doing,
        )
    return replace(observed, runs=runs)


def _places_of_endpoints(desired: Desired) -> list[Record]:
    """Records of declared endpoints that say nothing but where they are looked for."""
    return [Record(a, "vertex", e.project, e.location) for a, e in desired.endpoints.items()]


def _never_known(state: State) -> frozenset[str]:
    """URIs of data of adopted versions whose content nobody could tell, and that no other version has a digest of."""
    versions = [v for record in state.resources.values() for v in record.versions]
    known = {pin.uri for v in versions for pin in v.datasets if pin.crc32c or not v.adopted}
    return frozenset(pin.uri for v in versions for pin in v.datasets) - known


def wanted_objects(desired: Desired, state: State) -> set[str]:
    """The `gs://` URIs that matter: declared ones, uploaded ones, and those the newest versions were given."""
    uploaded = {a: d for a, d in desired.datasets.items() if a in desired.contents and d.format != "textPairs"}
    uris = {dataset.uri(desired.contents[address].sha256) for address, dataset in uploaded.items()}
    for address, model in desired.models.items():
        uris.update(dataset_uris(model.body))
        record = state.resources.get(address)
        if record is not None:
            live = [v for v in record.versions if v.status is not VersionStatus.DELETED]
            serving = (record.serving,) if record.serving else ()
            uris.update(pin.uri for v in (*live[-2:], *serving) for pin in v.datasets)
    return uris
