"""What is remembered of each kind of resource beyond what the API shows."""

from dataclasses import dataclass, field
from typing import Any

from reconciler.emulator.aiplatform.names import Parent
from reconciler.emulator.store import Collection, Resource

TERMINAL = frozenset({"JOB_STATE_SUCCEEDED", "JOB_STATE_FAILED", "JOB_STATE_CANCELLED", "JOB_STATE_EXPIRED"})
PIPELINE_TERMINAL = frozenset({"PIPELINE_STATE_SUCCEEDED", "PIPELINE_STATE_FAILED", "PIPELINE_STATE_CANCELLED"})


@dataclass(slots=True, kw_only=True)
class Job(Resource):
    """A tuning job.

    `data` is the digest of its training data, `data_error` what is wrong with it, `fate` the value of the request label
    `emulator-outcome`. `replaces_on` is the endpoint whose models the outcome takes the place of, if one was named.
    Times are virtual seconds, 0 while unknown: when it begins to run, when a whole run would be over, and when it
    stopped for good.
    """

    parent: Parent
    base_model: str
    data: str
    data_error: str = ""
    fate: str = ""
    replaces_on: str = ""
    running_at: float = 0.0
    whole_at: float = 0.0
    stopped_at: float = 0.0

    @property
    def state(self) -> str:
        """The JobState by name."""
        return str(self.wire["state"])

    @property
    def finished(self) -> bool:
        """Whether the state will never change again."""
        return self.state in TERMINAL

    @property
    def spec(self) -> dict[str, Any]:
        """The supervised or the preference spec."""
        spec: dict[str, Any] = self.wire[self.spec_name]
        return spec

    @property
    def spec_name(self) -> str:
        """Under which field the spec stands."""
        return "supervisedTuningSpec" if "supervisedTuningSpec" in self.wire else "preferenceOptimizationSpec"


@dataclass(slots=True, kw_only=True)
class Pipeline(Resource):
    """A pipeline job that tunes a PaLM 2 model. Fields as of a job; data is only read when it runs."""

    parent: Parent
    data: str = ""
    data_error: str = ""
    fate: str = ""
    running_at: float = 0.0
    whole_at: float = 0.0

    @property
    def state(self) -> str:
        """The PipelineState by name."""
        return str(self.wire["state"])

    @property
    def finished(self) -> bool:
        """Whether the state will never change again."""
        return self.state in PIPELINE_TERMINAL

    @property
    def parameters(self) -> dict[str, Any]:
        """What the template was given."""
        values: dict[str, Any] = self.wire["runtimeConfig"]["parameterValues"]
        return values

    def view(self) -> dict[str, Any]:
        """What lists show: everything but the details of its tasks."""
        return {name: value for name, value in self.wire.items() if name != "jobDetail"}


@dataclass(slots=True, kw_only=True)
class ModelVersion:
    """One version of a model.

    `data` is the digest of what it was trained on, `made_by` the tuning job as (location, id), both empty if unknown.
    `being_deployed` counts deployments under way; until `held_until` an undeployed model still counts as deployed.
    """

    wire: dict[str, Any]
    base_model: str
    data: str
    made_by: tuple[str, str] = ("", "")
    being_deployed: int = 0
    held_until: float = 0.0


@dataclass(slots=True, kw_only=True)
class Model(Resource):
    """A model; what the API shows of it is its default version."""

    parent: Parent
    versions: dict[str, ModelVersion]

    def default(self) -> ModelVersion:
        """The version with the alias `default`."""
        return next(v for v in self.versions.values() if "default" in v.wire["versionAliases"])

    def view(self) -> dict[str, Any]:
        """The default version, as get and list show it."""
        return self.default().wire

    def version(self, name: str) -> ModelVersion | None:
        """A version by id or alias; the default one for an empty name."""
        if not name:
            return self.default()
        by_alias = (v for v in self.versions.values() if name in v.wire["versionAliases"])
        return self.versions.get(name) or next(by_alias, None)


@dataclass(slots=True, kw_only=True)
class Endpoint(Resource):
    """An endpoint. `being_deployed` and `held_until` as of a model version."""

    parent: Parent
    being_deployed: int = 0
    held_until: float = 0.0


@dataclass(slots=True, kw_only=True)
class Operation(Resource):
    """A long-running operation. `effect` names what happens when it is done, `target` to what (JSON values).

    `version` is the API version that began it, and whose types it answers where a URL names no version.
    `response` with the type named by `response_type`, or `error`, is there once it is done.
    """

    parent: Parent
    version: str
    metadata_type: str
    response_type: str
    effect: str
    target: dict[str, Any]
    metadata: dict[str, Any] = field(default_factory=dict)
    response: dict[str, Any] | None = None
    error: dict[str, Any] | None = None

    @property
    def done(self) -> bool:
        """Whether the effect has come, or failed."""
        return self.response is not None or self.error is not None


@dataclass(slots=True)
class Site:
    """Everything of one project in one location. `experiments` finds a job by its experiment's id."""

    jobs: Collection[Job] = field(default_factory=Collection)
    models: Collection[Model] = field(default_factory=Collection)
    endpoints: Collection[Endpoint] = field(default_factory=Collection)
    datasets: Collection[Resource] = field(default_factory=Collection)
    pipelines: Collection[Pipeline] = field(default_factory=Collection)
    operations: Collection[Operation] = field(default_factory=Collection)
    experiments: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, order=True)
class Event:
    """Something that will happen at `due`, unless what it is about has changed by then."""

    due: float
    sequence: int
    kind: str = field(compare=False)
    project: str = field(compare=False)
    location: str = field(compare=False)
    resource: str = field(compare=False)

    @property
    def parent(self) -> Parent:
        """Where the resource is."""
        return Parent(self.project, self.location)
