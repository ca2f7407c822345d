"""Vertex AI's whole memory: sites, what is due, and where ids come from."""

import hashlib
import heapq
from collections import Counter, deque

from reconciler.emulator.aiplatform.names import Parent, parse_name
from reconciler.emulator.aiplatform.records import Endpoint, Event, Job, Model, ModelVersion, Operation, Pipeline, Site
from reconciler.emulator.aiplatform.training_data import TrainingData
from reconciler.emulator.clock import Clock
from reconciler.emulator.google_errors import not_found
from reconciler.emulator.options import Options
from reconciler.emulator.storage.buckets import Buckets


class Memory:
    """Data and lookups only; what changes it stands in the modules named for what they do.

    `prepared` has when the first dataset was created, by project.
    """

    def __init__(self, options: Options, clock: Clock, buckets: Buckets) -> None:
        self.options = options
        self.clock = clock
        self.buckets = buckets
        self.revision = 0
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.sites: dict[Parent, Site] = {}
        self.agenda: list[Event] = []
        self.data: dict[str, TrainingData] = {}
        self.under_way: Counter[str] = Counter()
        self.waiting: dict[str, deque[tuple[str, str]]] = {}
        self.prepared: dict[str, float] = {}
        self.sequence = 0
        self.revision += 1

    def now(self) -> float:
        """Virtual time."""
        return self.clock.now()

    def site(self, parent: Parent) -> Site:
        """What is in one project and location; nothing, where nothing was made."""
        site = self.sites.get(parent)
        if site is None:
            site = self.sites[parent] = Site()
        return site

    def next_sequence(self) -> int:
        """A number higher than all before it."""
        self.sequence += 1
        return self.sequence

    def new_id(self, sequence: int) -> str:
        """A resource id of nineteen digits, as Vertex AI makes them; always the same for one seed and sequence."""
        digest = hashlib.blake2b(f"{self.options.seed}/{sequence}".encode(), digest_size=8).digest()
        return str(10**18 + int.from_bytes(digest, "big") % (8 * 10**18))

    def schedule(self, due: float, kind: str, parent: Parent, resource: str) -> None:
        """Let `kind` happen to a resource at the virtual time `due`."""
        event = Event(due, self.next_sequence(), kind, parent.project, parent.location, resource)
        heapq.heappush(self.agenda, event)

    def job(self, parent: Parent, job_id: str) -> Job:
        """A tuning job. Raises ApiError (404)."""
        found = self.site(parent).jobs.get(job_id)
        if found is None:
            raise not_found("TuningJob", parent.name("tuningJobs", job_id))
        return found

    def pipeline(self, parent: Parent, pipeline_id: str) -> Pipeline:
        """A pipeline job. Raises ApiError (404)."""
        found = self.site(parent).pipelines.get(pipeline_id)
        if found is None:
            raise not_found("PipelineJob", parent.name("pipelineJobs", pipeline_id))
        return found

    def endpoint(self, parent: Parent, endpoint_id: str) -> Endpoint:
        """An endpoint. Raises ApiError (404)."""
        found = self.site(parent).endpoints.get(endpoint_id)
        if found is None:
            raise not_found("Endpoint", parent.name("endpoints", endpoint_id))
        return found

    def operation(self, parent: Parent, operation_id: str) -> Operation:
        """An operation. Raises ApiError (404)."""
        found = self.site(parent).operations.get(operation_id)
        if found is None:
            raise not_found("Operation", parent.name("operations", operation_id))
        return found

    def model(self, parent: Parent, model_id: str) -> Model:
        """A model. Raises ApiError (404)."""
        found = self.site(parent).models.get(model_id)
        if found is None:
            raise not_found("Model", parent.name("models", model_id))
        return found

    def model_version(self, parent: Parent, model_id: str, version: str) -> ModelVersion:
        """A version of a model by id or alias, or the default one. Raises ApiError (404)."""
        found = self.model(parent, model_id).version(version)
        if found is None:
            raise not_found("Model", parent.name("models", f"{model_id}@{version}"))
        return found

    def maker(self, version: ModelVersion) -> Job | None:
        """The tuning job that made a model version, if it was one."""
        location, job_id = version.made_by
        parent = parse_name(version.wire["name"], "models", "name").parent
        return self.site(parent.at(location)).jobs.get(job_id) if job_id else None
