"""The types of single values: what is accepted, what it becomes, how JSON Schema describes it.

Google's JSON takes int64 as number or text, and its pages write floats either way; so do specs. What is stored is
always the number.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, MaxLen, MinLen
from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from reconciler.core.address import NAME_PATTERN
from reconciler.spec.paths import BadPath, check_relative

_INTEGER = re.compile(r"[-+]?[0-9]{1,19}")
_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})(?:[eE][-+]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Reads:
    """An annotation: `reader` turns other spellings into the stored one, `also` describes them for JSON Schema."""

    reader: Callable[[Any], Any]
    also: dict[str, Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.reader, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [handler(schema), self.also]}

    def __hash__(self) -> int:
        return hash(self.reader)


@dataclass(frozen=True, slots=True)
class Parsed:
    """An annotation: `parser` alone says what the value is; `schema` describes what it reads."""

    parser: Callable[[Any], Any]
    schema: dict[str, Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.parser)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return self.schema

    def __hash__(self) -> int:
        return hash(self.parser)


class Form:
    """An annotation: the text is written like `pattern`; `what` says so in words."""

    def __init__(self, pattern: str, what: str, *, code: str = "invalid_format") -> None:
        self.pattern = pattern
        self._matches = re.compile(pattern).fullmatch
        self._what = what
        self._code = code

    def check(self, value: str) -> str:
        """The value itself; raises when it is written otherwise."""
        if self._matches(value) is None:
            raise PydanticCustomError(self._code, "must be {what}", {"what": self._what})
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$"}


def _whole(value: Any) -> Any:
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def _number(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value) and math.isfinite(float(value)):
        return float(value)
    return value


def _id_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


WHOLE = Reads(_whole, {"type": "string", "pattern": "^[-+]?[0-9]+$"})
DECIMAL = Reads(_number, {"type": "string", "pattern": r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"})

Whole = Annotated[int, WHOLE]
NotNegative = Annotated[int, Ge(0), WHOLE]
Positive = Annotated[int, Ge(1), WHOLE]
Percent = Annotated[int, Ge(1), Le(100), WHOLE]
Number = Annotated[float, DECIMAL]
PositiveNumber = Annotated[float, Gt(0), DECIMAL]
NotNegativeNumber = Annotated[float, Ge(0), DECIMAL]
Ratio = Annotated[float, Ge(0), Le(1), DECIMAL]

Text = Annotated[str, MinLen(1)]
DisplayName = Annotated[str, MinLen(1), MaxLen(128)]
IdText = Annotated[str, MinLen(1), MaxLen(128), Reads(_id_text, {"type": "integer"})]

_ADAPTER_SIZES = {
    1: "ADAPTER_SIZE_ONE",
    2: "ADAPTER_SIZE_TWO",
    4: "ADAPTER_SIZE_FOUR",
    8: "ADAPTER_SIZE_EIGHT",
    16: "ADAPTER_SIZE_SIXTEEN",
    32: "ADAPTER_SIZE_THIRTY_TWO",
}


def _adapter_size(value: Any) -> Any:
    size = _whole(value)
    return _ADAPTER_SIZES.get(size, value) if type(size) is int else value


AdapterSize = Annotated[
    Literal[
        "ADAPTER_SIZE_ONE",
        "ADAPTER_SIZE_TWO",
        "ADAPTER_SIZE_FOUR",
        "ADAPTER_SIZE_EIGHT",
        "ADAPTER_SIZE_SIXTEEN",
        "ADAPTER_SIZE_THIRTY_TWO",
    ],
    Reads(_adapter_size, {"enum": [*_ADAPTER_SIZES, *map(str, _ADAPTER_SIZES)]}),
]

_BUCKET = r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"
_DATASET = f"Dataset/{NAME_PATTERN}"
_MODEL = f"TunedModel/{NAME_PATTERN}"
_OBJECT = rf"{_BUCKET}/[^/\s](?:.*\S)?"
_RESOURCE = r"projects/[^/\s]+/locations/[a-z0-9-]+/"


def _project_path(value: str) -> str:
    try:
        check_relative(value)
    except BadPath as error:
        raise PydanticCustomError(error.code, "{reason}", {"reason": str(error)}) from None
    return value


def _day(value: str) -> str:
    try:
        dt.date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("invalid_format", "must be a day of the calendar, such as 2027-03-31") from None
    return value


Day = Annotated[str, Form(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day, such as 2027-03-31"), AfterValidator(_day)]
ProjectPath = Annotated[str, MinLen(1), AfterValidator(_project_path)]
Name = Annotated[
    str,
    Form(
        NAME_PATTERN,
        "1 to 63 lowercase letters, digits and hyphens, beginning with a letter and not ending in a hyphen",
        code="invalid_name",
    ),
]
Location = Annotated[
    str, Form(r"[a-z]{2,20}(?:-[a-z]{2,20}[0-9]{1,2})?", "a Google Cloud location, such as us-central1")
]
GoogleProject = Annotated[str, Form(r"[a-z0-9](?:[a-z0-9.:-]{0,60}[a-z0-9])?", "a Google Cloud project's id or number")]
Email = Annotated[str, Form(r"[^@\s/]+@[^@\s/]+", "an email address, such as tuner@acme-ml.iam.gserviceaccount.com")]
KmsKey = Annotated[
    str,
    Form(
        rf"{_RESOURCE}keyRings/[^/\s]+/cryptoKeys/[^/\s]+",
        "projects/…/locations/…/keyRings/…/cryptoKeys/…",
    ),
]
# Google warns of these characters in names: other tools read them as wildcards, versions and parents.
_UPLOADS = rf"(?=.{{1,900}}$){_BUCKET}(?:/(?!\.\.?(?:/|$))[^\s/#?*\[\]]+)*/?"
UploadFolder = Annotated[
    str,
    Form(_UPLOADS, "a Cloud Storage folder, such as gs://bucket/folder, with plain names and at most 900 characters"),
]
GcsFolder = Annotated[str, Form(rf"{_BUCKET}(?:/(?:.*\S)?)?", "a Cloud Storage folder, such as gs://bucket/folder")]
DatasetUri = Annotated[
    str,
    Form(
        rf"{_DATASET}|{_OBJECT}|{_RESOURCE}datasets/[^/\s]+",
        "Dataset/name, gs://bucket/file.jsonl or projects/…/locations/…/datasets/…",
        code="invalid_reference",
    ),
]
FileUri = Annotated[
    str, Form(rf"{_DATASET}|{_OBJECT}", "Dataset/name or gs://bucket/file.jsonl", code="invalid_reference")
]
DatasetAddress = Annotated[str, Form(_DATASET, "Dataset/name", code="invalid_reference")]
ModelAddress = Annotated[str, Form(_MODEL, "TunedModel/name", code="invalid_reference")]
VertexModel = Annotated[
    str,
    Form(
        rf"{_MODEL}|{_RESOURCE}models/[^/\s@]+(?:@[^/\s@]+)?",
        "TunedModel/name or projects/…/locations/…/models/…",
        code="invalid_reference",
    ),
]
GeminiTunedModel = Annotated[
    str, Form(rf"{_MODEL}|tunedModels/[a-z0-9-]+", "TunedModel/name or tunedModels/id", code="invalid_reference")
]
