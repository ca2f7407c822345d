"""What the APIs answered just now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.core.desired import Backend
from reconciler.core.resource_names import key_of
from reconciler.core.runs import RunState
from reconciler.core.state import Checkpoint, RunError


@dataclass(frozen=True, slots=True)
class Run:
    """A tuning job, a tunedModels resource or a tuning pipeline. `body` is its input side, camelCase.

    `doing` is what it does or waits for just now, in words; empty where the service does not tell.
    """

    name: str
    backend: Backend
    state: RunState
    body: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    display_name: str = ""
    description: str = ""
    created_at: str = ""
    started_at: str = ""
    ended_at: str = ""
    error: RunError | None = None
    model: str = ""
    endpoint: str = ""
    checkpoints: tuple[Checkpoint, ...] = ()
    experiment: str = ""
    billed_tokens: int | None = None
    dropped_examples: int | None = None
    examples: int | None = None
    completed_steps: int | None = None
    total_steps: int | None = None
    loss: float | None = None
    doing: str = ""

    @property
    def resources(self) -> tuple[str, ...]:
        """What it left as far as its own answer tells: the model, then endpoints, checkpoints' too."""
        return tuple(n for n in (self.model, self.endpoint, *(c.endpoint for c in self.checkpoints)) if n)


@dataclass(frozen=True, slots=True)
class LiveModel:
    """A model of the registry. `deployments` are (endpoint name, deployed model id).

    `settings` is what else of it can be patched, in the API's names; None where there is nothing, or nobody looked.
    """

    name: str
    display_name: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    default_checkpoint: str = ""
    deployments: tuple[tuple[str, str], ...] = ()
    created_at: str = ""
    settings: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Deployed:
    """A model on an endpoint."""

    id: str
    model: str
    checkpoint: str = ""
    display_name: str = ""


@dataclass(frozen=True, slots=True)
class LiveEndpoint:
    """An endpoint. `traffic` maps deployed model ids to percent; `etag` is what its next change may be bound to, and
    `encryption` the Cloud KMS key that it was made with.
    """

    name: str
    display_name: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    deployed: tuple[Deployed, ...] = ()
    traffic: Mapping[str, int] = field(default_factory=dict)
    created_at: str = ""
    etag: str = ""
    encryption: str = ""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object in Cloud Storage. `crc32c` is base64 as the JSON API gives it, `size` in bytes."""

    uri: str
    generation: str
    crc32c: str
    size: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that could not be seen, and why. What is under it must never be called missing.

    `what` is a service (`vertex`), a location (`projects/P/locations/L`), a collection in it, a resource name, or a
    bucket or object (`gs://…`); anything else is taken to hide everything.
    """

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything seen in one refresh. Runs, models and endpoints are keyed by `key_of(name)`; objects by URI.

    A URI that was looked for and is not there maps to None. `base_methods` is what the Gemini API's base models can be
    used for, by name; None when nobody asked.
    """

    runs: Mapping[str, Run] = field(default_factory=dict)
    models: Mapping[str, LiveModel] = field(default_factory=dict)
    endpoints: Mapping[str, LiveEndpoint] = field(default_factory=dict)
    objects: Mapping[str, StoredObject | None] = field(default_factory=dict)
    unreadable: tuple[Unreadable, ...] = ()
    base_methods: Mapping[str, frozenset[str]] | None = None

    @property
    def complete(self) -> bool:
        """Whether everything asked for could be read."""
        return not self.unreadable

    def run(self, name: str) -> Run | None:
        """The run of that resource name."""
        return self.runs.get(key_of(name))

    def model(self, name: str) -> LiveModel | None:
        """The model of that resource name, whatever version the name carries."""
        return self.models.get(key_of(name))

    def endpoint(self, name: str) -> LiveEndpoint | None:
        """The endpoint of that resource name."""
        return self.endpoints.get(key_of(name))

    def merged(self, other: Observed) -> Observed:
        """Both views in one."""
        return Observed(
            runs={**self.runs, **other.runs},
            models={**self.models, **other.models},
            endpoints={**self.endpoints, **other.endpoints},
            objects={**self.objects, **other.objects},
            unreadable=(*self.unreadable, *other.unreadable),
            base_methods=self.base_methods if other.base_methods is None else other.base_methods,
        )
