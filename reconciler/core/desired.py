"""What the specs ask for, resolved: defaults merged, casing settled, references checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from reconciler.core.address import Address
from reconciler.core.diagnostics import Source
from reconciler.core.ignoring import IgnoreRule

Backend = Literal["vertex", "gemini", "palm"]
DatasetFormat = Literal["supervised", "preference", "inputOutput", "textPairs"]


class Sources(Protocol):
    """Where each field of a spec stands."""

    def at(self, path: str) -> Source:
        """The place of a dotted path such as `vertex.baseModel`, or of its nearest declared ancestor."""
        ...


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """How a tuned model is kept. `expire_after` and `keep_checkpoint_endpoints` are in seconds; None is for ever."""

    keep_last: int = 2
    prevent_destroy: bool = False
    on_remove: Literal["delete", "retain"] = "delete"
    on_dataset_change: Literal["warn", "retune"] = "warn"
    while_running: Literal["wait", "cancelAndReplace"] = "wait"
    max_attempts: int = 2
    expire_after: int | None = None
    rebase: bool = False
    priority: int = 0
    keep_checkpoint_endpoints: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one pass may do. None is no limit."""

    max_concurrent_jobs: int = 1
    max_cost_usd: float | None = None
    max_deletes: int = 0


@dataclass(frozen=True, slots=True)
class TunedModel:
    """A model that is to be tuned.

    `body` is the provider block: the API's own resource, camelCase, declared fields only. References to other
    resources stay addresses in it (`Dataset/x`, `TunedModel/y`).
    """

    address: Address
    backend: Backend
    project: str
    location: str
    body: Mapping[str, Any]
    display_name: str
    description: str | None
    labels: Mapping[str, str]
    lifecycle: Lifecycle
    sources: Sources
    gates: Mapping[str, Any] = field(default_factory=dict)
    depends_on: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class Dataset:
    """A local file that is uploaded once per content. `path` is absolute, `file` as the spec wrote it."""

    address: Address
    path: str
    file: str
    format: DatasetFormat
    bucket: str
    sources: Sources

    def uri(self, sha256: str) -> str:
        """Where content of that digest (hex) lands: `<bucket>/<name>/<first 16 hex>.jsonl`."""
        return f"{self.bucket.rstrip('/')}/{self.address.name}/{sha256.removeprefix('sha256:')[:16]}.jsonl"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A stable Vertex endpoint that applications keep."""

    address: Address
    project: str
    location: str
    body: Mapping[str, Any]
    display_name: str
    labels: Mapping[str, str]
    sources: Sources
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    depends_on: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetContent:
    """What reading a local dataset found. `sha256` is hex; `characters` per field feed the token estimate."""

    sha256: str
    size: int
    rows: int
    tokens: int | None = None

    @property
    def digest(self) -> str:
        """`sha256:<hex>`."""
        return f"sha256:{self.sha256}"


@dataclass(frozen=True, slots=True)
class Policy:
    """What specs may ask for; empty is no restriction. Patterns are shell globs."""

    base_models: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    require_labels: tuple[str, ...] = ()
    require_service_account: bool = False
    require_cmek: bool = False
    dataset_buckets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GoogleSettings:
    """How Google is reached."""

    project: str = ""
    location: str = ""
    quota_project: str = ""
    impersonate: str = ""


@dataclass(frozen=True, slots=True)
class Project:
    """A project file, or its defaults. `root` is the absolute folder everything stays beneath.

    `ignores` are differences that an audit passes over.
    """

    name: str
    root: str
    state: str
    google: GoogleSettings
    limits: Limits
    policy: Policy
    publish: str = ""
    catalog: str = ""
    ignores: tuple[IgnoreRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything a project declares. `spec_digest` covers every resolved spec; `contents` is by Dataset address."""

    project: Project
    models: Mapping[Address, TunedModel]
    datasets: Mapping[Address, Dataset]
    endpoints: Mapping[Address, Endpoint]
    spec_digest: str
    contents: Mapping[Address, DatasetContent] = field(default_factory=dict)

    def __contains__(self, address: Address) -> bool:
        return address in self.models or address in self.datasets or address in self.endpoints
