"""Extract the part of the Gemini API that the emulator serves.

    python scripts/extract_generativelanguage.py [--check]

Google ships no discovery document of it for Python. What there is: the message types and URLs in the installed
google-ai-generativelanguage. This writes them to reconciler/emulator/schemas/ in the form of the other extracts.
`--check` only says whether the files are up to date.
"""

import importlib
import inspect
import json
import re
import sys
from typing import Any

from extracts import write_or_check
from google.longrunning import operations_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

PACKAGE = "google.ai.generativelanguage_"
# What the front end takes for every method, as in every discovery document of Google's.
GLOBAL_PARAMETERS = (
    "$.xgafv", "access_token", "alt", "callback", "fields", "key", "oauth_token", "prettyPrint", "quotaUser",
    "uploadType", "upload_protocol",
)  # fmt: skip
READS_AND_ANSWERS = {
    "models.get": ("ModelService", "GetModel", "Model"),
    "models.list": ("ModelService", "ListModels", "ListModelsResponse"),
    "tunedModels.generateContent": ("GenerativeService", "GenerateContent", "GenerateContentResponse"),
    "tunedModels.streamGenerateContent": ("GenerativeService", "StreamGenerateContent", "GenerateContentResponse"),
    "tunedModels.operations.get": ("ModelService", "GetOperation", "Operation"),
    "tunedModels.operations.list": ("ModelService", "ListOperations", "ListOperationsResponse"),
}
# By version and method: the service, the call and the type of the answer.
METHODS = {
    "v1": READS_AND_ANSWERS | {"tunedModels.operations.cancel": ("ModelService", "CancelOperation", "Empty")},
    "v1beta": READS_AND_ANSWERS
    | {
        "tunedModels.create": ("ModelService", "CreateTunedModel", "Operation"),
        "tunedModels.get": ("ModelService", "GetTunedModel", "TunedModel"),
        "tunedModels.list": ("ModelService", "ListTunedModels", "ListTunedModelsResponse"),
        "tunedModels.patch": ("ModelService", "UpdateTunedModel", "TunedModel"),
        "tunedModels.delete": ("ModelService", "DeleteTunedModel", "Empty"),
        "tunedModels.transferOwnership": ("PermissionService", "TransferOwnership", "TransferOwnershipResponse"),
        "tunedModels.permissions.create": ("PermissionService", "CreatePermission", "Permission"),
        "tunedModels.permissions.get": ("PermissionService", "GetPermission", "Permission"),
        "tunedModels.permissions.list": ("PermissionService", "ListPermissions", "ListPermissionsResponse"),
        "tunedModels.permissions.patch": ("PermissionService", "UpdatePermission", "Permission"),
        "tunedModels.permissions.delete": ("PermissionService", "DeletePermission", "Empty"),
    },
}
# Types that no method names because they travel inside `Any`.
EXTRA_TYPES = {"v1": [], "v1beta": ["CreateTunedModelMetadata"]}
ANYTHING = {"type": "object", "additionalProperties": {"type": "any"}}
WELL_KNOWN: dict[str, dict[str, Any]] = {
    "google.protobuf.Any": ANYTHING,
    "google.protobuf.Struct": ANYTHING,
    "google.protobuf.Value": {"type": "any"},
    "google.protobuf.ListValue": {"type": "array", "items": {"type": "any"}},
    "google.protobuf.Timestamp": {"type": "string", "format": "google-datetime"},
    "google.protobuf.Duration": {"type": "string", "format": "google-duration"},
    "google.protobuf.FieldMask": {"type": "string", "format": "google-fieldmask"},
}
SCALARS = {
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BYTES: {"type": "string", "format": "byte"},
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.TYPE_INT64: {"type": "string", "format": "int64"},
    FieldDescriptor.TYPE_FLOAT: {"type": "number", "format": "float"},
    FieldDescriptor.TYPE_DOUBLE: {"type": "number", "format": "double"},
}
ATTRIBUTE = re.compile(r"^    (?:    )?(\w+) \(.*?\):\n((?:[ ]{8,}.*\n?|\n)+)", re.MULTILINE)


class Extractor:
    """One version's types, gathered as methods refer to them."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.package = importlib.import_module(PACKAGE + version)
        self.schemas: dict[str, dict[str, Any]] = {}

    def whole(self) -> dict[str, Any]:
        """The extract, in a stable order."""
        methods = {name: self.method(name, *told) for name, told in METHODS[self.version].items()}
        for name in EXTRA_TYPES[self.version]:
            self.message(_descriptor(getattr(self.package, name)))
        return {
            "package": f"google.ai.generativelanguage.{self.version}",
            "globalParameters": sorted(GLOBAL_PARAMETERS),
            "methods": methods,
            "schemas": dict(sorted(self.schemas.items())),
        }

    def method(self, name: str, service: str, call: str, response: str) -> dict[str, Any]:
        """One method in the form of a discovery document."""
        http, template, body = self.binding(service, call, name.partition(".")[0])
        # A stream is asked for with the same request.
        request = self.type_of(f"{call.removeprefix('Stream')}Request")
        in_path = re.findall(r"\{([\w.]+)=", template)
        compact = {"httpMethod": http.upper(), "path": _flat(template), "response": self.referred(response)}
        if body == "*":
            return compact | {"request": self.message(request), "query": {}}
        if body is not None:
            compact["request"] = self.message(request.fields_by_name[body].message_type)
        own = [f for f in request.fields if f.name != body and f.name not in in_path]
        return compact | {"query": {f.json_name: self.field(f) for f in own}}

    def binding(self, service: str, call: str, collection: str) -> tuple[str, str, str | None]:
        """HTTP method, URL template and body of a call, as the service's REST transport has them."""
        module = re.sub(r"(?<=[a-z])([A-Z])", r"_\1", service).lower()
        base = importlib.import_module(f"{PACKAGE}{self.version}.services.{module}.transports.rest_base")
        rules = getattr(getattr(base, f"_Base{service}RestTransport"), f"_Base{call}")
        options = rules._get_http_options()  # noqa: SLF001 - nothing public has them
        beneath = re.compile(rf"/{self.version}/(\{{[\w.]+=)?{collection}\b")
        found = next(option for option in options if beneath.match(option["uri"]))
        return found["method"], found["uri"], found.get("body")

    def type_of(self, name: str) -> Descriptor:
        """A message type of the package, or of google.longrunning."""
        found = getattr(self.package, name, None)
        return _descriptor(found) if found is not None else operations_pb2.DESCRIPTOR.message_types_by_name[name]

    def referred(self, name: str) -> str:
        """The name of a response's type, with all it refers to extracted."""
        if name == "Empty":
            self.schemas[name] = {"properties": {}}
            return name
        return self.message(self.type_of(name))

    def message(self, descriptor: Descriptor) -> str:
        """Extract a type and what it refers to; answers its name."""
        name = _name(descriptor)
        if name not in self.schemas:
            schema: dict[str, Any] = {"properties": {}}
            self.schemas[name] = schema
            notes = self.notes(descriptor)
            for field in descriptor.fields:
                schema["properties"][field.json_name] = self.field(field) | notes.get(field.name, {})
        return name

    def field(self, field: FieldDescriptor) -> dict[str, Any]:
        """One field in the form of a discovery document, and `presence` where a zero that was set is written."""
        entry = field.message_type if field.type == FieldDescriptor.TYPE_MESSAGE else None
        if entry is not None and entry.GetOptions().map_entry:
            return {"type": "object", "additionalProperties": self.single(entry.fields_by_name["value"])}
        if field.is_repeated:
            return {"type": "array", "items": self.single(field)}
        return self.single(field) | ({"presence": True} if field.has_presence and entry is None else {})

    def single(self, field: FieldDescriptor) -> dict[str, Any]:
        """One value of a field."""
        if field.type == FieldDescriptor.TYPE_ENUM:
            return {"type": "string", "enum": [value.name for value in field.enum_type.values]}
        if field.type != FieldDescriptor.TYPE_MESSAGE:
            return dict(SCALARS[field.type])
        known = WELL_KNOWN.get(field.message_type.full_name)
        return dict(known) if known is not None else {"$ref": self.message(field.message_type)}

    def notes(self, descriptor: Descriptor) -> dict[str, dict[str, Any]]:
        """What only the documentation of a type's fields tells: which of them are output only, which input only."""
        owner: Any = self.package
        for part in descriptor.full_name.removeprefix(f"google.ai.generativelanguage.{self.version}.").split("."):
            owner = getattr(owner, part, None)
        notes = {}
        for name, text in ATTRIBUTE.findall((inspect.getdoc(owner) or "") + "\n") if owner is not None else ():
            leading = re.match(r"(?:(?:Required|Optional|Output only|Input only|Immutable)\.\s+)*", text.strip() + " ")
            marks = leading.group() if leading else ""
            notes[name] = {key: True for key, mark in MARKS.items() if mark in marks}
        return notes


MARKS = {"readOnly": "Output only", "inputOnly": "Input only"}


def _descriptor(message: Any) -> Descriptor:
    descriptor: Descriptor = message.pb(message()).DESCRIPTOR
    return descriptor


def _name(descriptor: Descriptor) -> str:
    """`Content`, or `Candidate_FinishMessage` for what is nested."""
    parts = [descriptor.name]
    outer = descriptor.containing_type
    while outer is not None:
        parts.append(outer.name)
        outer = outer.containing_type
    return "_".join(reversed(parts))


def _flat(template: str) -> str:
    """`/v1/{name=tunedModels/*}:cancel` -> `v1/tunedModels/{id}:cancel`."""
    return re.sub(r"\{[\w.]+=([^}]*)\}", r"\1", template).replace("*", "{id}").lstrip("/")


def render(version: str) -> str:
    """The text of the extract of one version."""
    return json.dumps(Extractor(version).whole(), separators=(",", ":")) + "\n"


if __name__ == "__main__":
    texts = {f"generativelanguage.{version}.json": render(version) for version in METHODS}
    sys.exit(write_or_check(texts, sys.argv[1:]))
