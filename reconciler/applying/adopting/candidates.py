"""Which live models can be adopted, with the runs that made their versions; and what cannot, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.applying.adopting.outcomes import Left
from reconciler.core.address import Address
from reconciler.core.desired import Backend, Desired
from reconciler.core.labels import ADDRESS, PROJECT, address_label
from reconciler.core.observed import LiveEndpoint, LiveModel, Observed, Run
from reconciler.core.resource_names import key_of, location_of
from reconciler.core.runs import RunState
from reconciler.core.state import Record, State
from reconciler.planning.sight import sight_of

SUCCEEDED = (RunState.SUCCEEDED, RunState.PARTIALLY_SUCCEEDED)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A live tuned model. `runs` made its versions, the oldest first; the last one is what serves.

    `address` is set when the state has it already and its spec is missing.
    """

    backend: Backend
    runs: tuple[Run, ...]
    model: LiveModel | None
    endpoint: LiveEndpoint | None
    address: Address | None = None

    @property
    def current(self) -> Run:
        """The run of the version that serves."""
        return self.runs[-1]

    @property
    def display_name(self) -> str:
        """What the model is called now."""
        return self.model.display_name if self.model else self.current.display_name

    @property
    def description(self) -> str:
        """What the model says it is for now."""
        return self.model.description if self.model else self.current.description

    @property
    def labels(self) -> Mapping[str, str]:
        """The model's labels as they are now."""
        return self.model.labels if self.model else self.current.labels

    @property
    def location(self) -> str:
        """Where its runs are."""
        return location_of(self.current.name)

    def endpoint_of(self, run: Run) -> str:
        """The endpoint that the version of a run has to itself; of the one that serves only if it carries it."""
        if run is self.current:
            return self.endpoint.name if self.endpoint else ""
        return run.endpoint

    def is_called(self, name: str) -> bool:
        """Whether a resource name leads here: one of its runs, the model, an endpoint."""
        wanted = key_of(name)
        names = {self.endpoint.name} if self.endpoint else set()
        if self.model is not None:
            names.update(name for name, _ in self.model.deployments)
        for run in self.runs:
            names.update((run.name, *run.resources))
        return wanted in {key_of(n) for n in names if n}


@dataclass(slots=True)
class Sorted:
    """Everything live, sorted. `managed` counts what the state knows."""

    candidates: list[Candidate] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    managed: int = 0


def sort_out(observed: Observed, state: State, desired: Desired, *, claimed: Address | None = None) -> Sorted:
    """Candidates, what is left and why, and how many runs are managed already.

    What a person claims for an address may be under way still, and may carry that address's labels.
    """
    found = Sorted()
    owners = owners_of(state)
    groups: dict[str, list[Run]] = {}
    for run in sorted(observed.runs.values(), key=lambda r: (r.created_at, r.name)):
        groups.setdefault(key_of(run.model) if run.model else run.name, []).append(run)
    for runs in groups.values():
        _sort_group(found, runs, owners, observed, desired, claimed)
    made = made_by_runs(observed)
    for key, model in sorted(observed.models.items()):
        if key not in owners and key not in made:
            reason = "was made by no tuning run of the services and locations looked at"
            found.left.append(Left(model.name, reason, model.display_name))
    return found


def _sort_group(
    found: Sorted,
    runs: list[Run],
    owners: Mapping[str, Record | None],
    observed: Observed,
    desired: Desired,
    claimed: Address | None,
) -> None:
    owned = [run for run in runs if key_of(run.name) in owners]
    record = owners.get(key_of(owned[0].name)) if owned else None
    if owned and not (record and lost_its_spec(record, desired)):
        found.managed += len(owned)
        found.left.extend(_left(run, "made a version of a model that is managed already") for run in runs[len(owned) :])
        return
    good = []
    for run in runs:
        reason = _unfit(run, observed, desired, claimed)
        if reason:
            found.left.append(_left(run, reason))
        else:
            good.append(run)
    if good:
        backend = good[-1].backend
        live = observed.model(good[-1].model) if good[-1].model else None
        endpoint = _endpoint_of(good[-1], live, observed)
        found.candidates.append(Candidate(backend, tuple(good), live, endpoint, record.address if record else None))


def lost_its_spec(record: Record, desired: Desired) -> bool:
    """Whether an import recorded it and then could not write its spec, or the spec of such a model was taken away."""
    adopted = all(version.adopted for version in record.versions) and bool(record.versions or record.route)
    return adopted and record.on_remove == "retain" and record.address not in desired


def owners_of(state: State) -> dict[str, Record | None]:
    """Which record knows a resource, by key."""
    owners: dict[str, Record | None] = {key_of(intent.run): None for intent in state.intents if intent.run}
    for record in state.resources.values():
        for v in record.versions:
            owners.update((key_of(name), record) for name in (v.run, *v.resources) if name)
        if record.route is not None:
            owners[key_of(record.route.name)] = record
    return owners


def made_by_runs(observed: Observed) -> frozenset[str]:
    """Keys of the models and endpoints that runs made by themselves. In the Gemini API a run is its own model."""
    return frozenset(key_of(name) for run in observed.runs.values() for name in (run.name, *run.resources))


def _unfit(run: Run, observed: Observed, desired: Desired, claimed: Address | None) -> str:
    """Why a run cannot be adopted; empty when it can."""
    project = desired.project.name
    live = observed.model(run.model) if run.model else None
    owner = run.labels.get(PROJECT, "") or (live.labels.get(PROJECT, "") if live else "")
    if owner and owner != project:
        return f"carries the labels of the tuneform project {owner!r}"
    label = run.labels.get(ADDRESS, "")
    declared = next((a for a in desired.models if owner and label == address_label(a)), None)
    if declared is not None and declared != claimed:
        return f"carries the labels of {declared}, which is declared: apply, or `tuneform import {declared} {run.name}`"
    if run.state.is_active and claimed is not None:
        return ""
    if run.state.is_active:
        return "is still under way; import again when it has finished"
    if run.state not in SUCCEEDED:
        return f"{run.state.lower()}: {run.error.message}" if run.error else f"{run.state.lower()}; it left no model"
    if run.backend == "gemini":
        return ""
    if not run.model:
        return "succeeded and names no model"
    if observed.model(run.model) is None:
        hidden = sight_of(observed.unreadable).hides(run.backend, run.model)
        return f"its model {run.model} {'could not be read' if hidden else 'was deleted'}"
    return ""


def _endpoint_of(run: Run, model: LiveModel | None, observed: Observed) -> LiveEndpoint | None:
    """The endpoint that the run made, while it carries the model; what else serves it is an Endpoint of its own."""
    own = observed.endpoint(run.endpoint) if run.endpoint else None
    return own if model is not None and own is not None and _carries(own, run.model) else None


def _carries(endpoint: LiveEndpoint, model: str) -> bool:
    version = model.partition("@")[2]
    return any(
        key_of(d.model) == key_of(model) and (not version or d.model.partition("@")[2] in ("", version))
        for d in endpoint.deployed
    )


def _left(run: Run, reason: str) -> Left:
    return Left(run.name, reason, run.display_name, str(run.state))
