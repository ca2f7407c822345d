"""Tuning pipelines by listing, the models and endpoints they left with Vertex AI's own lists.

A list does not tell which model a pipeline made, so one that has just succeeded is asked for by itself, once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from reconciler.cloud.client import Client
from reconciler.core.desired import TunedModel
from reconciler.core.labels import ATTEMPT, PROJECT
from reconciler.core.moments import is_within
from reconciler.core.observed import LiveModel, Observed, Run
from reconciler.core.palm_templates import is_tuning_template
from reconciler.core.resource_names import key_of
from reconciler.core.runs import RunState
from reconciler.core.state import Record
from reconciler.providers.decoding import read
from reconciler.providers.palm import wire
from reconciler.providers.palm.creating import COLLECTION
from reconciler.providers.palm.normalise import run_of
from reconciler.providers.vertex import observing, paths

# What the registry says a tuned PaLM model was tuned from, such as text-bison-001.
BASE_MODEL_LABEL = "google-vertex-llm-tuning-base-model-id"


def list_runs(client: Client, project: str, location: str) -> dict[str, Run]:
    """Every pipeline of a location that tunes a model, by key; without the models they made. Raises CloudError."""
    path = paths.collection(project, location, COLLECTION)
    pages = client.typed_pages(
        paths.in_location(location, path), COLLECTION, wire.decode_jobs, {"pageSize": observing.PAGE_SIZE}
    )
    jobs = (job for page in pages for job in page.pipeline_jobs)
    return {key_of(job.name): run_of(job) for job in jobs if is_tuning_template(job.template_uri)}


def get_run(client: Client, name: str) -> Run:
    """One pipeline with the model that it made. Raises NotFound."""
    return run_of(read(wire.PipelineJob, client.get(paths.resource(name)), where=name))


def observe(client: Client, project_label: str, models: Sequence[TunedModel], records: Sequence[Record]) -> Observed:
    """Pipelines, models and endpoints of all places that concern these specs and records; see Vertex AI's."""
    versions = [v for record in records for v in record.versions if v.run]
    settled = {key_of(v.run) for v in versions if not v.is_live}
    open_ones = {key_of(v.run) for v in versions if v.is_live}

    def listed(client: Client, project: str, location: str) -> dict[str, Run]:
        runs = list_runs(client, project, location)
        for key, run in runs.items():
            ours = key in open_ones or run.labels.get(PROJECT) == project_label
            if run.state is RunState.SUCCEEDED and ours and key not in settled:
                runs[key] = get_run(client, run.name)
        return runs

    source = observing.RunSource(COLLECTION, listed)
    seen = observing.observe(client, project_label, models, records, source)
    return replace(seen, runs={key: _landed(run, seen.models) for key, run in seen.runs.items()})


def _landed(run: Run, models: Mapping[str, LiveModel]) -> Run:
    """The run with its model, by its label where the pipeline does not name it, and the endpoint that serves it."""
    if run.state is not RunState.SUCCEEDED:
        return run
    model = models.get(key_of(run.model)) if run.model else _labelled(run, models.values())
    if model is None:
        return run
    endpoint = model.deployments[0][0] if model.deployments else ""
    return replace(run, model=run.model or model.name, endpoint=run.endpoint or endpoint)


def _labelled(run: Run, models: Collection[LiveModel]) -> LiveModel | None:
    attempt = run.labels.get(ATTEMPT)
    if not attempt:
        return _made_meanwhile(run, models)
    found = [m for m in models if m.labels.get(ATTEMPT) == attempt]
    return min(found, key=lambda m: (m.created_at, m.name), default=None)


def _made_meanwhile(run: Run, models: Collection[LiveModel]) -> LiveModel | None:
    """The only model with the base and name that a pipeline asked for that was made while it ran."""
    parameters = run.body.get("runtimeConfig", {}).get("parameterValues", {})
    base = str(parameters.get("large_model_reference", "")).replace("@", "-")
    found = [
        m
        for m in models
        if m.labels.get(BASE_MODEL_LABEL) == base
        and m.display_name == parameters.get("model_display_name")
        and is_within(m.created_at, run.created_at, run.ended_at)
    ]
    return found[0] if len(found) == 1 else None
