"""Where each recorded address stands, for `status`."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.applying.bills import in_words
from reconciler.applying.outcomes import Standing
from reconciler.applying.publishing import served_under
from reconciler.catalog import Catalog
from reconciler.core.observed import Observed, Run
from reconciler.core.resource_names import location_of
from reconciler.core.state import Record, Route, State, Version
from reconciler.errors import IncompleteView
from reconciler.planning.bill import bill
from reconciler.planning.sight import sight_of


def check_seen(state: State, observed: Observed) -> None:
    """Raise IncompleteView where the runs of a recorded model could not be read."""
    sight = sight_of(observed.unreadable)
    if any(
        record.versions and sight.hides_runs(record.backend, record.location) for record in state.resources.values()
    ):
        raise IncompleteView(
            f"not everything could be read: {'; '.join(f'{u.what}: {u.reason}' for u in observed.unreadable)}",
            next_step="Mend the access; or see what was recorded last with `tuneform status --no-refresh`.",
        )


def standing(record: Record, observed: Observed, catalog: Catalog) -> Standing | None:
    """Which version serves and what the newest one is doing; None for what neither runs nor serves."""
    if record.route is not None:
        return _of_endpoint(record, record.route)
    return _of_model(record, observed, catalog) if record.versions else None


def _of_model(record: Record, observed: Observed, catalog: Catalog) -> Standing:
    newest = record.newest
    run = observed.run(newest.run) if newest and newest.run else None
    serving = record.serving
    shown = serving or newest
    return Standing(
        address=record.address,
        serving=record.current,
        version=newest.number if newest else None,
        status=str(newest.status) if newest else "",
        run_state=str(newest.run_state) if newest else "",
        run=newest.run if newest else "",
        model=shown.model if shown else "",
        endpoint=served_under(record, shown) if shown else "",
        location=location_of(shown.endpoint) if shown and shown.endpoint else record.location,
        since=shown.finished_at or shown.created_at if shown else "",
        completed_steps=run.completed_steps if run else None,
        total_steps=run.total_steps if run else None,
        loss=run.loss if run else None,
        error=newest.error.message if newest and newest.error else "",
        details=(*_doing(newest, run), *_checkpoints(shown), *_cost(newest, catalog)),
    )


def _doing(version: Version | None, run: Run | None) -> Iterator[str]:
    if version is not None and version.is_live and run is not None and run.doing:
        yield f"v{version.number}: {run.doing}"


def _checkpoints(version: Version | None) -> Iterator[str]:
    for checkpoint in version.checkpoints if version else ():
        if version and checkpoint.endpoint and checkpoint.endpoint != version.endpoint:
            yield f"checkpoint {checkpoint.id}: {checkpoint.endpoint}"


def _cost(version: Version | None, catalog: Catalog) -> Iterator[str]:
    billed = bill(version, catalog) if version else None
    if version is not None and billed is not None:
        yield f"v{version.number}: {in_words(billed)}"


def _of_endpoint(record: Record, route: Route) -> Standing:
    first = max(route.shares, key=lambda share: share.percent, default=None)
    return Standing(
        address=record.address,
        serving=first.version if first else None,
        version=max((share.version for share in route.shares), default=None),
        status=f"canary {route.step} %" if route.base else "ready",
        run_state="",
        run="",
        model=first.model if first else "",
        endpoint=route.name,
        location=location_of(route.name),
        since=record.since,
        details=tuple(f"{share.percent} % {share.words}" for share in route.shares),
    )
