"""What all parts of a spec have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class OneOf:
    """Fields that exclude each other; one of them is needed when `required`.

    With `in_one_spec`, defaults may still speak of several: each is for the specs that have it.
    """

    __slots__ = ("fields", "in_one_spec", "required")

    def __init__(self, *fields: str, required: bool = False, in_one_spec: bool = False) -> None:
        self.fields = fields
        self.required = required
        self.in_one_spec = in_one_spec


class Block(BaseModel):
    """A mapping with known fields, stored in camelCase.

    `one_of` are groups of fields that exclude each other. `elsewhere` says of a field that does not belong here where
    it does; `server_fields` are those that only the server writes.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    one_of: ClassVar[tuple[OneOf, ...]] = ()
    elsewhere: ClassVar[Mapping[str, str]] = {}
    server_fields: ClassVar[frozenset[str]] = frozenset()
