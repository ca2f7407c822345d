"""The Project kind: the file tuneform.yaml."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import MinLen
from pydantic import Field

from reconciler.core.labels import VALUE_PATTERN
from reconciler.spec.kinds.base import Block
from reconciler.spec.kinds.dataset import DatasetSpec
from reconciler.spec.kinds.endpoint import EndpointSpec
from reconciler.spec.kinds.tuned_model import TunedModelSpec
from reconciler.spec.kinds.values import (
    Day,
    Email,
    Form,
    GoogleProject,
    Location,
    NotNegative,
    NotNegativeNumber,
    Positive,
    Reads,
    Text,
)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


ProjectName = Annotated[
    str,
    MinLen(1),
    Form(
        VALUE_PATTERN.pattern,
        "at most 63 lowercase letters, digits, underscores and hyphens, as it becomes a label",
        code="invalid_name",
    ),
]


class Google(Block):
    """How Google is reached."""

    project: GoogleProject | None = None
    """The Google Cloud project; else GOOGLE_CLOUD_PROJECT, else what the credentials say."""
    location: Location | None = None
    """The location of specs that name none; us-central1 when unset."""
    quota_project: GoogleProject | None = None
    """The project that quota is counted against."""
    impersonate: Email | None = None
    """A service account to act as."""


class Limits(Block):
    """What one pass may do."""

    max_concurrent_jobs: Positive | None = None
    """Tuning jobs that may run at once, foreign ones counted; 1 when unset."""
    max_cost_usd: NotNegativeNumber | None = Field(default=None, alias="maxCostUSD")
    """The most one apply may cost, all its passes together; no limit when unset."""
    max_deletes: NotNegative | None = None
    """How many resources may be deleted without being asked for; 0 when unset."""


class ByKind(Block):
    """Fields for every spec of a kind."""

    tuned_model: TunedModelSpec | None = Field(default=None, alias="TunedModel")
    """Fields of TunedModel specs; a provider block applies to the specs that have it."""
    dataset: DatasetSpec | None = Field(default=None, alias="Dataset")
    """Fields of Dataset specs."""
    endpoint: EndpointSpec | None = Field(default=None, alias="Endpoint")
    """Fields of Endpoint specs."""


class Match(Block):
    """Which specs an override concerns; everything given must fit."""

    labels: dict[str, str] | None = None
    """Labels; values may hold * and ?."""
    name: Annotated[list[Text], Reads(_listed, {"type": "string", "minLength": 1})] | None = None
    """A name, or several; they may hold * and ?."""
    kind: Literal["TunedModel", "Dataset", "Endpoint"] | None = None
    """A kind."""


class Override(ByKind):
    """Fields that win over those of the specs it matches."""

    match: Match
    """Which specs it concerns."""


class Policy(Block):
    """What specs may ask for. Texts may hold * and ?."""

    base_models: list[Text] | None = None
    """Allowed base models."""
    locations: list[Text] | None = None
    """Allowed locations."""
    require_labels: list[Text] | None = None
    """Labels that every tuned model needs."""
    require_service_account: bool | None = None
    """Whether every tuned model needs a service account."""
    require_cmek: bool | None = None
    """Whether every tuned model needs an encryption key."""
    dataset_buckets: list[Text] | None = None
    """Buckets that datasets may be read from and written to."""


class Ignore(Block):
    """One thing that an audit passes over; everything given must fit. It needs address, resource or kind."""

    address: Text | None = None
    """An address, such as TunedModel/support-*; it may hold * and ?."""
    resource: Text | None = None
    """A resource name or gs:// URI; it may hold * and ?."""
    kind: Literal["changed", "missing", "unmanaged", "dataset_changed", "retiring"] | None = None
    """What is found; what could not be read is never passed over."""
    path: Text | None = None
    """Only fields of that path, such as metadata.labels.*; it may hold * and ?."""
    reason: Text
    """Why it is accepted."""
    owner: Text
    """Who answers for it."""
    until: Day
    """The last day on which it is passed over (UTC)."""


class Drift(Block):
    """How the project is audited."""

    ignore: list[Ignore] | None = None
    """What an audit passes over, each for a reason, by an owner, until a day."""


class ProjectSpec(Block):
    """A folder of specs with one state."""

    specs: Annotated[list[Text], MinLen(1)] | None = None
    """Folders, files or patterns beneath this file's folder; specs/ when unset."""
    state: Text | None = None
    """A folder beneath this file's, or gs://bucket/prefix, or s3://bucket/prefix; state/ when unset."""
    google: Google | None = None
    """How Google is reached."""
    limits: Limits | None = None
    """What one pass may do."""
    defaults: ByKind | None = None
    """Fields for every spec of a kind, where the spec does not say otherwise."""
    overrides: list[Override] | None = None
    """Fields that win over those of the specs; the first match wins for each field."""
    policy: Policy | None = None
    """What specs may ask for."""
    drift: Drift | None = None
    """How the project is audited."""
    publish: Text | None = None
    """Where applications read which endpoint serves what: a path or gs://bucket/object. Not s3:// in this version."""
    catalog: Text | None = None
    """A JSON file with facts of your own about base models, such as prices, merged over the packaged ones."""


class ProjectMetadata(Block):
    """What a project is called."""

    name: ProjectName
    """The project's name; it is written on every resource as a label."""


class ProjectDocument(Block):
    """A folder of specs with one state."""

    api_version: Literal["tuneform/v1"]
    """The version of the spec language."""
    kind: Literal["Project"]
    """A project."""
    metadata: ProjectMetadata
    """What the project is called."""
    spec: ProjectSpec | None = None
    """Where specs and state are, and what holds for all."""
