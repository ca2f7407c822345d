"""What a project's policy forbids, told with the spec line that asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from reconciler.core.address import Address
from reconciler.core.desired import Desired, Policy, TunedModel
from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.planning.blocks import METHODS, TRAINING_PATHS, base_model, base_model_place, value_at
from reconciler.planning.reasons import Code

NO_POLICY = Policy()
_DATA_FIELDS = (
    *((method, "validationDatasetUri") for method in METHODS),
    ("runtimeConfig", "gcsOutputDirectory"),
    ("runtimeConfig", "parameterValues", "evaluation_data_uri"),
)


def policy_violations(desired: Desired) -> tuple[Diagnostic, ...]:
    """Everything in the specs that the policy does not allow, as errors, by address. Empty without a policy."""
    policy = desired.project.policy
    if policy == NO_POLICY:
        return ()
    found: list[Diagnostic] = []
    for address in sorted(desired.models):
        found.extend(_of_model(desired.models[address], policy))
    for address, dataset in sorted(desired.datasets.items()):
        bucket = _bucket(dataset.bucket)
        if bucket and _is_barred(bucket, policy.dataset_buckets):
            found.append(_bucket_violation(address, bucket, policy, dataset.sources.at("bucket")))
    for address, endpoint in sorted(desired.endpoints.items()):
        if _is_barred(endpoint.location, policy.locations):
            found.append(_location_violation(address, endpoint.location, policy, endpoint.sources.at("location")))
    return tuple(found)


def _of_model(model: TunedModel, policy: Policy) -> Iterator[Diagnostic]:
    base = base_model(model.body)
    if base and _is_barred(base, policy.base_models):
        allowed = ", ".join(policy.base_models)
        yield _violation(
            model, Code.POLICY_BASE_MODEL, f"base model {base} is not among {allowed}", base_model_place(model)
        )
    if model.location and _is_barred(model.location, policy.locations):
        source = model.sources.at(f"{model.backend}.location")
        yield _location_violation(model.address, model.location, policy, source)
    for key in policy.require_labels:
        if not model.labels.get(key):
            yield _violation(model, Code.POLICY_LABEL, f"the label {key!r} is missing", "metadata.labels")
    if policy.require_service_account and not model.body.get("serviceAccount"):
        yield _violation(model, Code.POLICY_SERVICE_ACCOUNT, "a serviceAccount is missing", model.backend)
    if policy.require_cmek and not value_at(model.body, ("encryptionSpec", "kmsKeyName")):
        yield _violation(model, Code.POLICY_CMEK, "an encryptionSpec.kmsKeyName is missing", model.backend)
    for path in (*TRAINING_PATHS[model.backend], *_DATA_FIELDS):
        bucket = _bucket(value_at(model.body, path))
        if bucket and _is_barred(bucket, policy.dataset_buckets):
            source = model.sources.at(".".join((model.backend, *path)))
            yield _bucket_violation(model.address, bucket, policy, source)


def _violation(model: TunedModel, code: Code, message: str, at: str) -> Diagnostic:
    return Diagnostic("error", code.value, f"{message} (policy)", str(model.address), model.sources.at(at))


def _location_violation(address: Address, location: str, policy: Policy, source: Source) -> Diagnostic:
    message = f"location {location} is not among {', '.join(policy.locations)} (policy)"
    return Diagnostic("error", Code.POLICY_LOCATION.value, message, str(address), source)


def _bucket_violation(address: Address, bucket: str, policy: Policy, source: Source) -> Diagnostic:
    message = f"bucket {bucket} is not among {', '.join(policy.dataset_buckets)} (policy)"
    return Diagnostic("error", Code.POLICY_BUCKET.value, message, str(address), source)


def _is_barred(value: str, allowed: tuple[str, ...]) -> bool:
    return bool(allowed) and not any(fnmatchcase(value, pattern) for pattern in allowed)


def _bucket(uri: object) -> str:
    """The bucket of a `gs://` URI, or empty."""
    if not isinstance(uri, str) or not uri.startswith("gs://"):
        return ""
    return uri.removeprefix("gs://").partition("/")[0]
