"""From the wire to core nouns, in one spelling.

int64 that came as strings are integers, doubles are floats, states lose their prefix, output-only fields are not part
of a run's body. Labels stay whole, and names keep the project as Google wrote it: comparing is planning's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from sys import intern
from typing import Any

from reconciler.cloud.failures import clean
from reconciler.core.observed import Deployed, LiveEndpoint, LiveModel, Run
from reconciler.core.runs import RunState
from reconciler.core.state import Checkpoint, RunError
from reconciler.providers.vertex import wire

_STATES = {f"JOB_STATE_{state}": state for state in RunState if state is not RunState.UNKNOWN}
_NO_LABELS: Mapping[str, str] = {}
_NO_STATS = wire.DataStats()


def run_of(job: wire.TuningJob) -> Run:
    """A tuning job as a run. A state that is not known is UNKNOWN, which counts as under way."""
    tuned = job.tuned_model or wire.TunedModel()
    stats = _stats(job)
    return Run(
        name=job.name,
        backend="vertex",
        state=_STATES.get(job.state, RunState.UNKNOWN),
        body=_body(job),
        labels=job.labels or _NO_LABELS,
        display_name=job.tuned_model_display_name or "",
        description=job.description or "",
        created_at=job.create_time or "",
        started_at=job.start_time or "",
        ended_at=job.end_time or "",
        error=_error(job.error),
        model=tuned.model,
        endpoint=tuned.endpoint,
        checkpoints=tuple(_checkpoint(c) for c in tuned.checkpoints or ()),
        experiment=job.experiment or "",
        billed_tokens=stats.total_billable_token_count,
        dropped_examples=_dropped(stats),
        examples=stats.tuning_dataset_example_count,
        completed_steps=job.tuning_job_metadata.completed_step_count if job.tuning_job_metadata else None,
        total_steps=stats.tuning_step_count,
        doing=_doing(job.tuning_job_state or ""),
    )


def _doing(state: str) -> str:
    """`TUNING_JOB_STATE_WAITING_FOR_QUOTA` in words: `waiting for quota`."""
    words = state.removeprefix("TUNING_JOB_STATE_").lower().replace("_", " ")
    return "" if words == "unspecified" else words


def model_of(model: wire.Model) -> LiveModel:
    """A model of the registry."""
    return LiveModel(
        name=model.name,
        display_name=model.display_name or "",
        description=model.description or "",
        labels=model.labels or _NO_LABELS,
        version=intern(model.version_id or ""),
        default_checkpoint=model.default_checkpoint_id or "",
        deployments=tuple((d.endpoint, d.deployed_model_id) for d in model.deployed_models or ()),
        created_at=model.create_time or "",
    )


def endpoint_of(endpoint: wire.Endpoint) -> LiveEndpoint:
    """An endpoint with what is deployed on it."""
    return LiveEndpoint(
        name=endpoint.name,
        display_name=endpoint.display_name or "",
        description=endpoint.description or "",
        labels=endpoint.labels or _NO_LABELS,
        deployed=tuple(_deployed(d) for d in endpoint.deployed_models or ()),
        traffic=endpoint.traffic_split or {},
        created_at=endpoint.create_time or "",
        etag=endpoint.etag,
        encryption=str((endpoint.encryption_spec or {}).get("kmsKeyName", "")),
    )


def _deployed(deployed: wire.DeployedModel) -> Deployed:
    """The version is part of the name where Google gives it apart."""
    model = deployed.model
    if deployed.model_version_id and "@" not in model:
        model = f"{model}@{deployed.model_version_id}"
    return Deployed(deployed.id, model, deployed.checkpoint_id, deployed.display_name)


def _checkpoint(checkpoint: wire.Checkpoint) -> Checkpoint:
    return Checkpoint(checkpoint.checkpoint_id, checkpoint.epoch, checkpoint.step, checkpoint.endpoint)


def _error(status: wire.Status | None) -> RunError | None:
    if status is None or not (status.code or status.message):
        return None
    return RunError(status.code, clean(status.message))


def _stats(job: wire.TuningJob) -> wire.DataStats:
    union = job.tuning_data_stats
    if union is None:
        return _NO_STATS
    return union.supervised_tuning_data_stats or union.preference_optimization_data_stats or _NO_STATS


def _dropped(stats: wire.DataStats) -> int | None:
    """Supervised tuning counts what it dropped, for whatever reason, as truncated; preference tuning lists it."""
    if stats.dropped_example_indices is not None:
        return len(stats.dropped_example_indices)
    return stats.total_truncated_example_count


def _body(job: wire.TuningJob) -> dict[str, Any]:
    """The input side of a job, which a spec's block can be compared with."""
    fields = {
        "baseModel": intern(job.base_model) if job.base_model else None,
        "preTunedModel": _pre_tuned(job.pre_tuned_model),
        "supervisedTuningSpec": _spec(job.supervised_tuning_spec),
        "preferenceOptimizationSpec": _spec(job.preference_optimization_spec),
        "tunedModelDisplayName": job.tuned_model_display_name,
        "description": job.description,
        "encryptionSpec": job.encryption_spec,
        "serviceAccount": job.service_account,
    }
    return {name: value for name, value in fields.items() if value}


def _pre_tuned(pre_tuned: dict[str, Any] | None) -> dict[str, Any] | None:
    """`baseModel` in it is output only."""
    return {k: v for k, v in pre_tuned.items() if k != "baseModel"} if pre_tuned else None


def _spec(spec: dict[str, Any] | None) -> dict[str, Any] | None:
    parameters = spec.get("hyperParameters") if spec else None
    if spec is None or not isinstance(parameters, dict):
        return spec
    return {**spec, "hyperParameters": {name: _parameter(name, value) for name, value in parameters.items()}}


def _parameter(name: str, value: Any) -> Any:
    if name == "epochCount" and isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if name in ("learningRateMultiplier", "beta") and isinstance(value, int):
        return float(value)
    return intern(value) if isinstance(value, str) else value
