"""What every document has around its spec: apiVersion, kind and metadata."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from reconciler.core.labels import KEY_PATTERN, OWN_PREFIX, VALUE_PATTERN, is_servers
from reconciler.spec.kinds.base import Block
from reconciler.spec.kinds.dataset import DatasetSpec
from reconciler.spec.kinds.endpoint import EndpointSpec
from reconciler.spec.kinds.tuned_model import TunedModelSpec
from reconciler.spec.kinds.values import Form, Name

API_VERSION = "tuneform/v1"


def _label_key(key: str) -> str:
    if KEY_PATTERN.fullmatch(key) is None:
        raise PydanticCustomError(
            "invalid_label",
            "must have a key of at most 63 lowercase letters, digits, underscores and hyphens, beginning with a letter",
        )
    if key.startswith(OWN_PREFIX) or is_servers(key):
        raise PydanticCustomError("reserved_label", "is a label that tuneform or Google writes; choose another key")
    return key


LabelKey = Annotated[str, AfterValidator(_label_key)]
LabelValue = Annotated[
    str,
    Form(VALUE_PATTERN.pattern, "at most 63 lowercase letters, digits, underscores and hyphens", code="invalid_label"),
]


class Metadata(Block):
    """What a resource is called."""

    name: Name
    """Unique among the specs of its kind; never changes."""
    labels: dict[LabelKey, LabelValue] | None = None
    """Labels of the resource at Google."""


class Document(Block):
    """One resource of a project."""

    api_version: Literal["tuneform/v1"]
    """The version of the spec language."""
    metadata: Metadata
    """What the resource is called."""


class TunedModelDocument(Document):
    """A model that is to be tuned."""

    kind: Literal["TunedModel"]
    """The kind of resource."""
    spec: TunedModelSpec
    """One of vertex, gemini and palm; gates and lifecycle."""


class DatasetDocument(Document):
    """A local JSONL file, uploaded once per content."""

    kind: Literal["Dataset"]
    """The kind of resource."""
    spec: DatasetSpec
    """File, format and bucket."""


class EndpointDocument(Document):
    """A stable Vertex AI endpoint that applications keep."""

    kind: Literal["Endpoint"]
    """The kind of resource."""
    spec: EndpointSpec
    """Location, traffic and strategy."""
