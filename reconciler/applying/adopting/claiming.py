"""What a person names for one address: is the address free, and where does the name lead?"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.applying.adopting.candidates import Candidate, Sorted, lost_its_spec
from reconciler.applying.adopting.endpoints import EndpointCandidate, SortedEndpoints
from reconciler.core.address import Address
from reconciler.core.desired import Backend, Desired
from reconciler.core.observed import Observed
from reconciler.core.resource_names import key_of, parse_resource_name
from reconciler.core.state import State
from reconciler.errors import StateError, TuneformError, UsageError

_BACKENDS: Mapping[str, tuple[Backend, ...]] = {
    "tuningJobs": ("vertex",),
    "pipelineJobs": ("palm",),
    "models": ("vertex", "palm"),
    "endpoints": ("vertex", "palm"),
}


def check_free(address: Address, base: State, desired: Desired) -> None:
    """Raises UsageError or StateError when nothing can be adopted under an address."""
    if address.kind == "Dataset":
        raise UsageError(
            "a Dataset cannot be adopted",
            where=str(address),
            next_step="Declare it: apply finds its content in the bucket, or uploads it.",
        )
    record = base.resources.get(address)
    if record is not None and (record.versions or record.route) and not lost_its_spec(record, desired):
        raise StateError(
            "is recorded already", where=str(address), next_step=f"`tuneform state show {address}` says as what."
        )
    if base.intent_for(address) is not None:
        raise StateError("has a create under way", where=str(address), next_step="`tuneform apply` settles it first.")


def backends_of(name: str, kind: str) -> tuple[Backend, ...]:
    """Which services a resource name may lead to. Raises UsageError for what is no name for that kind of address."""
    parsed = parse_resource_name(name)
    if kind == "Endpoint":
        if parsed is not None and parsed.collection == "endpoints":
            return _BACKENDS["endpoints"]
        raise UsageError(
            f"{name[:200]!r} is not the name of an endpoint",
            next_step="Give its full name, such as projects/acme-ml/locations/us-central1/endpoints/123.",
        )
    if name.startswith("tunedModels/"):
        return ("gemini",)
    found = _BACKENDS.get(parsed.collection) if parsed else None
    if found is None:
        raise UsageError(
            f"{name[:200]!r} is not the name of a tuned model",
            next_step="Give the full name of a tuning job, model or endpoint, such as "
            "projects/acme-ml/locations/us-central1/tuningJobs/123, or tunedModels/ID.",
        )
    return found


def called(name: str, found: Sorted, observed: Observed) -> Candidate:
    """The candidate that a name leads to. Raises TuneformError with the reason when there is none."""
    for candidate in found.candidates:
        if candidate.is_called(name):
            return candidate
    key = key_of(name)
    reason = next((item.reason for item in found.left if key_of(item.name) == key), "")
    if not reason:
        run = next((r for r in observed.runs.values() if key_of(r.model) == key or key_of(r.endpoint) == key), None)
        known = next((i.reason for i in found.left if run and key_of(i.name) == key_of(run.name)), "")
        reason = f"comes from {run.name}: {known or 'it is managed already'}" if run else ""
    if not reason and observed.run(name) is not None:
        reason = "is managed already"
    raise _not_to_be_had(name, reason, observed)


def called_endpoint(name: str, found: SortedEndpoints, observed: Observed) -> EndpointCandidate:
    """The endpoint of that name. Raises TuneformError with the reason when it cannot be adopted."""
    key = key_of(name)
    for candidate in found.candidates:
        if key_of(candidate.live.name) == key:
            return candidate
    reason = next((item.reason for item in found.left if key_of(item.name) == key), "")
    if not reason and observed.endpoint(name) is not None:
        reason = "belongs to the model whose run made it, or is managed already"
    raise _not_to_be_had(name, reason, observed)


def _not_to_be_had(name: str, reason: str, observed: Observed) -> TuneformError:
    unseen = "; ".join(f"{u.what}: {u.reason}" for u in observed.unreadable)
    missing = f"was not found{f', and not everything could be read: {unseen}' if unseen else ''}"
    hint = "`tuneform import --all --dry-run` lists what can be adopted."
    return TuneformError(reason or missing, where=name, next_step=hint)
