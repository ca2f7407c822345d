"""Vertex AI's memory as JSON values, and back."""

import heapq
from collections import deque
from typing import Any

from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.names import Parent
from reconciler.emulator.aiplatform.records import Endpoint, Event, Job, Model, ModelVersion, Operation, Pipeline
from reconciler.emulator.aiplatform.training_data import TrainingData
from reconciler.emulator.store import Resource


def save(memory: Memory) -> dict[str, Any]:
    """Everything worth keeping, in values that orjson writes (dataclasses among them)."""
    return {
        "revision": memory.revision,
        "sequence": memory.sequence,
        "agenda": memory.agenda,
        "data": memory.data,
        "prepared": memory.prepared,
        "waiting": {project: list(jobs) for project, jobs in memory.waiting.items() if jobs},
        "sites": [
            {
                "parent": parent,
                "jobs": list(site.jobs),
                "models": list(site.models),
                "endpoints": list(site.endpoints),
                "datasets": list(site.datasets),
                "pipelines": list(site.pipelines),
                "operations": list(site.operations),
                "experiments": site.experiments,
            }
            for parent, site in memory.sites.items()
        ],
    }


def load(memory: Memory, saved: dict[str, Any]) -> None:
    """Take back what `save` gave, into an empty memory. Raises KeyError or TypeError for anything else."""
    memory.sequence = saved["sequence"]
    memory.agenda = [Event(**event) for event in saved["agenda"]]
    heapq.heapify(memory.agenda)
    memory.data = {digest: TrainingData(**data) for digest, data in saved["data"].items()}
    memory.prepared = saved["prepared"]
    for project, jobs in saved["waiting"].items():
        memory.waiting[project] = deque((location, job_id) for location, job_id in jobs)
    for part in saved["sites"]:
        _load_site(memory, part)
    # Revisions rise over restarts too: what is kept is named by them.
    memory.revision = saved["revision"]


def _load_site(memory: Memory, part: dict[str, Any]) -> None:
    parent = Parent(**part["parent"])
    site = memory.site(parent)
    site.experiments = part["experiments"]
    for fields in part["jobs"]:
        job = Job(**fields | {"parent": parent})
        site.jobs.add(job)
        memory.under_way[parent.project] += not job.finished and job.state != "JOB_STATE_QUEUED"
    for model in part["models"]:
        versions = {name: _version(version) for name, version in model["versions"].items()}
        site.models.add(Model(**model | {"parent": parent, "versions": versions}))
    for endpoint in part["endpoints"]:
        site.endpoints.add(Endpoint(**endpoint | {"parent": parent}))
    for dataset in part["datasets"]:
        site.datasets.add(Resource(**dataset))
    for pipeline in part["pipelines"]:
        site.pipelines.add(Pipeline(**pipeline | {"parent": parent}))
    for operation in part["operations"]:
        site.operations.add(Operation(**operation | {"parent": parent}))


def _version(saved: dict[str, Any]) -> ModelVersion:
    location, job_id = saved["made_by"]
    return ModelVersion(**saved | {"made_by": (location, job_id)})
