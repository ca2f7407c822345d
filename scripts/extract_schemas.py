"""Extract the part of Google's discovery documents that the emulator serves.

    python scripts/extract_schemas.py [--check]

Reads the documents that google-api-python-client ships and writes reconciler/emulator/schemas/*.json: the methods named
below and every type reachable from them, without prose. `--check` only says whether the files are up to date.
"""

import json
import sys
from pathlib import Path
from typing import Any

import googleapiclient.discovery_cache
from extracts import write_or_check

DOCUMENTS = Path(googleapiclient.discovery_cache.__file__).parent / "documents"

LOCATION = "aiplatform.projects.locations."
OPERATION_VERBS = ("get", "list", "cancel", "delete", "wait")
OPERATION_PARENTS = ("", "tuningJobs.", "models.", "endpoints.", "datasets.")
AIPLATFORM_METHODS = [
    *(LOCATION + "tuningJobs." + verb for verb in ("create", "get", "list", "cancel", "rebaseTunedModel")),
    *(
        LOCATION + "models." + verb
        for verb in (
            "get", "list", "patch", "delete", "deleteVersion", "listVersions", "listCheckpoints", "mergeVersionAliases",
            "copy",
        )
    ),
    *(
        LOCATION + "endpoints." + verb
        for verb in (
            "create", "get", "list", "patch", "delete", "deployModel", "undeployModel", "generateContent",
            "streamGenerateContent", "countTokens", "computeTokens", "predict",
        )
    ),
    *(
        LOCATION + "pipelineJobs." + verb
        for verb in ("create", "get", "list", "cancel", "delete", "batchCancel", "batchDelete")
    ),
    *(LOCATION + "datasets." + verb for verb in ("create", "get", "list", "delete")),
    *(LOCATION + "metadataStores.contexts." + verb for verb in ("get", "list")),
    *(LOCATION + "tensorboards." + verb for verb in ("get", "list", "batchRead")),
    *(LOCATION + "tensorboards.experiments." + verb for verb in ("get", "list")),
    *(LOCATION + "tensorboards.experiments.runs." + verb for verb in ("get", "list")),
    *(LOCATION + "tensorboards.experiments.runs.timeSeries." + verb for verb in ("get", "list", "read")),
    *(LOCATION + parent + "operations." + verb for parent in OPERATION_PARENTS for verb in OPERATION_VERBS),
]  # fmt: skip
# Types that no method names because they travel inside `Any`: what long-running operations carry.
OPERATION_TYPES = (
    "CopyModelOperationMetadata", "CopyModelResponse", "CreateDatasetOperationMetadata",
    "CreateEndpointOperationMetadata", "DeleteOperationMetadata", "DeployModelOperationMetadata", "DeployModelResponse",
    "UndeployModelOperationMetadata", "UndeployModelResponse",
)  # fmt: skip
# Those that stand in genai_tuning_service.proto and pipeline_service.proto alone, and one with the same fields. (A list
# of pipelines could have a next page too; an answer that has none is the same.)
UNPUBLISHED = {
    "RebaseTunedModelOperationMetadata": "UndeployModelOperationMetadata",
    "BatchCancelPipelineJobsOperationMetadata": "UndeployModelOperationMetadata",
    "BatchCancelPipelineJobsResponse": "ListPipelineJobsResponse",
    "BatchDeletePipelineJobsResponse": "ListPipelineJobsResponse",
}
# A version may lack a method (v1beta1 cannot list a tuning job's operations).
DOCUMENTS_SERVED = {
    "aiplatform.v1": (AIPLATFORM_METHODS, ["GoogleCloudAiplatformV1" + name for name in OPERATION_TYPES]),
    "aiplatform.v1beta1": (AIPLATFORM_METHODS, ["GoogleCloudAiplatformV1beta1" + name for name in OPERATION_TYPES]),
}
KEPT_OF_A_SCHEMA = ("$ref", "type", "format", "enum", "readOnly", "repeated")


def extract(package: str, document: dict[str, Any], methods: list[str], extra_types: list[str]) -> dict[str, Any]:
    """The part of `document` that `methods` need, in a stable order."""
    known = dict(walk_methods(document))
    served = {name: compact_method(known[name]) for name in methods if name in known}
    wanted = [m[side] for m in served.values() for side in ("request", "response") if side in m]
    wanted += [name for name in extra_types if name in document["schemas"]]
    return {
        "package": package,
        "revision": document["revision"],
        "globalParameters": sorted(document["parameters"]),
        "methods": served,
        "schemas": reachable(document["schemas"], wanted),
    }


def walk_methods(node: dict[str, Any]) -> Any:
    """Every (method id, method) beneath a discovery document or resource."""
    for method in node.get("methods", {}).values():
        yield method["id"], method
    for resource in node.get("resources", {}).values():
        yield from walk_methods(resource)


def compact_method(method: dict[str, Any]) -> dict[str, Any]:
    compact = {"httpMethod": method["httpMethod"], "path": method["flatPath"]}
    for side in ("request", "response"):
        if side in method:
            compact[side] = method[side]["$ref"]
    query = {n: compact_schema(p) for n, p in method["parameters"].items() if p["location"] == "query"}
    return compact | {"query": query}


def compact_schema(schema: dict[str, Any]) -> dict[str, Any]:
    compact = {key: schema[key] for key in KEPT_OF_A_SCHEMA if key in schema}
    if "properties" in schema:
        compact["properties"] = {name: compact_schema(p) for name, p in schema["properties"].items()}
    for nested in ("items", "additionalProperties"):
        if nested in schema:
            compact[nested] = compact_schema(schema[nested])
    return compact


def reachable(schemas: dict[str, Any], roots: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = compact_schema(schemas[name])
            waiting += references(found[name])
    return dict(sorted(found.items()))


def references(schema: dict[str, Any]) -> list[str]:
    found = [schema["$ref"]] if "$ref" in schema else []
    nested = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
    return found + [name for part in nested if part for name in references(part)]


def render(name: str) -> str:
    """The text of the extract of one document, such as `aiplatform.v1`."""
    document = json.loads((DOCUMENTS / f"{name}.json").read_text())
    methods, extra_types = DOCUMENTS_SERVED[name]
    prefix = extra_types[0].removesuffix(OPERATION_TYPES[0])
    for unpublished, alike in UNPUBLISHED.items():
        document["schemas"].setdefault(prefix + unpublished, document["schemas"][prefix + alike])
    extra_types = [*extra_types, *(prefix + unpublished for unpublished in UNPUBLISHED)]
    return json.dumps(extract(f"google.cloud.{name}", document, methods, extra_types), separators=(",", ":")) + "\n"


if __name__ == "__main__":
    sys.exit(write_or_check({f"{name}.json": render(name) for name in DOCUMENTS_SERVED}, sys.argv[1:]))
