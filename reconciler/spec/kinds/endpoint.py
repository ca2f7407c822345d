"""The Endpoint kind: a stable Vertex AI endpoint that applications keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, MinLen

from reconciler.spec.kinds.base import Block
from reconciler.spec.kinds.lifecycle import EndpointLifecycle
from reconciler.spec.kinds.values import (
    WHOLE,
    DisplayName,
    Form,
    IdText,
    Location,
    ModelAddress,
    Percent,
    Reads,
    Text,
)
from reconciler.spec.kinds.vertex import EncryptionSpec


def _version(value: Any) -> Any:
    return WHOLE.reader(value.removeprefix("v")) if isinstance(value, str) else value


class Traffic(Block):
    """A share of the traffic for one model."""

    model: ModelAddress
    """TunedModel/name; its current version unless version says otherwise."""
    percent: Percent
    """1 to 100; all shares add up to 100."""
    version: Annotated[int, Ge(1), Reads(_version, {"type": "string", "pattern": "^v?[0-9]+$"})] | None = None
    """A version of the model, such as 2."""
    checkpoint: IdText | None = None
    """A checkpoint of that version; the default one when unset."""


class Strategy(Block):
    """How traffic moves from one version to the next."""

    type: Literal["blueGreen", "canary"]
    """blueGreen: all at once; canary: in steps, one a pass."""
    steps: Annotated[list[Percent], MinLen(1)] | None = None
    """With canary: rising percentages that end in 100, such as [10, 50, 100]."""


class EndpointSpec(Block):
    """A stable Vertex AI endpoint that applications keep."""

    server_fields = frozenset({"name", "createTime", "updateTime", "deployedModels", "trafficSplit", "etag"})
    elsewhere: ClassVar[Mapping[str, str]] = {"labels": "belongs to metadata.labels"}

    location: Location | None = None
    """Where the endpoint is; else google.location of the project file, else us-central1."""
    display_name: DisplayName | None = None
    """Name shown in the console, at most 128 characters; metadata.name when unset."""
    description: Text | None = None
    """What the endpoint is for."""
    endpoint_id: (
        Annotated[
            str,
            Form(
                r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?|[1-9][0-9]{0,8}",
                "up to 63 lowercase letters, digits and hyphens beginning with a letter, or up to 9 digits",
            ),
        ]
        | None
    ) = None
    """The last part of the endpoint's resource name; derived from project and address when unset."""
    encryption_spec: EncryptionSpec | None = None
    """Encrypts the endpoint with this key."""
    traffic: Annotated[list[Traffic], MinLen(1)]
    """Which models serve, and how much each."""
    strategy: Strategy | None = None
    """How traffic moves; blueGreen when unset."""
    lifecycle: EndpointLifecycle | None = None
    """How the endpoint is kept."""
