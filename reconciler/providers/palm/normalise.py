"""From a pipeline job to a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.cloud.failures import clean
from reconciler.core.observed import Run
from reconciler.core.resource_names import parse_resource_name
from reconciler.core.runs import RunState
from reconciler.core.state import RunError
from reconciler.providers.palm import wire

# Where a finished pipeline says which model it made. Source: google-cloud-aiplatform, _language_models.
UPLOAD_TASK = "upload-llm-model"
MODEL_OUTPUT = "output:model_resource_name"
_STATES = {f"PIPELINE_STATE_{state}": state for state in RunState if state is not RunState.UNKNOWN}


def run_of(job: wire.PipelineJob) -> Run:
    """A pipeline job as a run. A state that is not known is UNKNOWN, which counts as under way."""
    return Run(
        name=job.name,
        backend="palm",
        state=_STATES.get(job.state, RunState.UNKNOWN),
        body=_body(job),
        labels=job.labels or {},
        display_name=job.display_name,
        created_at=job.create_time,
        started_at=job.start_time,
        ended_at=job.end_time,
        error=RunError(job.error.code, clean(job.error.message)) if job.error and job.error.code else None,
        model=_model(job.job_detail),
    )


def _model(detail: Mapping[str, Any] | None) -> str:
    """The model that the pipeline uploaded; empty where it is not told."""
    found = dict(_uploaded(detail))
    return found.get(UPLOAD_TASK) or next(iter(found.values()), "")


def _uploaded(detail: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    tasks = detail.get("taskDetails") if detail else None
    for task in tasks if isinstance(tasks, list) else ():
        execution = task.get("execution") if isinstance(task, Mapping) else None
        metadata = execution.get("metadata") if isinstance(execution, Mapping) else None
        name = metadata.get(MODEL_OUTPUT) if isinstance(metadata, Mapping) else None
        if isinstance(name, str) and parse_resource_name(name):
            yield str(task.get("taskName")), name


def _body(job: wire.PipelineJob) -> dict[str, Any]:
    """The input side, which a spec's block can be compared with."""
    fields = {
        "displayName": job.display_name,
        "templateUri": job.template_uri,
        "runtimeConfig": job.runtime_config,
        "serviceAccount": job.service_account,
        "network": job.network,
        "encryptionSpec": job.encryption_spec,
    }
    return {name: value for name, value in fields.items() if value}
