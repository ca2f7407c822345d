"""The provider blocks know exactly the fields of Google's own descriptions."""

import json
import typing
from pathlib import Path
from typing import Any

import googleapiclient
import pytest

from reconciler.spec.kinds import evaluation, vertex
from reconciler.spec.kinds.base import Block
from reconciler.spec.kinds.endpoint import EndpointSpec
from reconciler.spec.kinds.gemini import Gemini, Hyperparameters, TunedModelSource, TuningExample, TuningTask
from reconciler.spec.kinds.palm import Palm, RuntimeConfig
from reconciler.spec.shape import shape_of

DOCUMENT = Path(googleapiclient.__file__).parent / "discovery_cache/documents/aiplatform.v1.json"
SCHEMAS: dict[str, Any] = {
    name.removeprefix("GoogleCloudAiplatformV1"): schema
    for name, schema in json.loads(DOCUMENT.read_text())["schemas"].items()
}
BLOCKS: dict[str, type[Block]] = {
    "TuningJob": vertex.Vertex,
    "EncryptionSpec": vertex.EncryptionSpec,
    "PreTunedModel": vertex.PreTunedModel,
    "SupervisedTuningSpec": vertex.SupervisedTuningSpec,
    "SupervisedHyperParameters": vertex.SupervisedHyperParameters,
    "PreferenceOptimizationSpec": vertex.PreferenceOptimizationSpec,
    "PreferenceOptimizationHyperParameters": vertex.PreferenceHyperParameters,
    **{
        name: block
        for name, block in vars(evaluation).items()
        if isinstance(block, type) and issubclass(block, Block) and block is not Block
    },
}


def choices(annotation: Any) -> set[str]:
    if typing.get_origin(annotation) is typing.Literal:
        return set(typing.get_args(annotation))
    return set[str]().union(*map(choices, typing.get_args(annotation)))


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_has_the_fields_that_can_be_set_and_knows_those_that_cannot(name: str) -> None:
    block, properties = BLOCKS[name], SCHEMAS[name].get("properties", {})
    settable = {field for field, schema in properties.items() if not schema.get("readOnly")}
    assert set(shape_of(block).fields) - {"location"} == settable - block.elsewhere.keys()
    assert block.server_fields == properties.keys() - settable


@pytest.mark.parametrize("name", BLOCKS)
def test_enums_are_those_of_the_discovery_document(name: str) -> None:
    for python_name, info in BLOCKS[name].model_fields.items():
        schema = SCHEMAS[name]["properties"].get(info.alias or python_name, {})
        values = schema.get("enum") or schema.get("items", {}).get("enum") or []
        assert choices(info.annotation) == {v for v in values if not v.endswith("UNSPECIFIED")}, python_name


def test_fields_that_google_calls_required_are_required() -> None:
    # Google calls these optional; without them their blocks say nothing.
    required = {("PreTunedModel", "tunedModelName"), ("OutputConfig", "gcsDestination")}
    for name in BLOCKS:
        for field, schema in SCHEMAS[name].get("properties", {}).items():
            if schema.get("description", "").startswith("Required"):
                required.add((name, field))
    ours = {
        (name, info.alias or python_name)
        for name, block in BLOCKS.items()
        for python_name, info in block.model_fields.items()
        if info.is_required()
    }
    assert ours == required


def test_pipelines_and_endpoints_have_no_field_that_google_has_not() -> None:
    assert set(shape_of(Palm).fields) - {"location"} <= SCHEMAS["PipelineJob"]["properties"].keys()
    assert set(shape_of(RuntimeConfig).fields) <= SCHEMAS["PipelineJobRuntimeConfig"]["properties"].keys()
    assert Palm.server_fields == {n for n, s in SCHEMAS["PipelineJob"]["properties"].items() if s.get("readOnly")}
    own = {"location", "endpointId", "traffic", "strategy", "lifecycle"}
    assert set(shape_of(EndpointSpec).fields) - own <= SCHEMAS["Endpoint"]["properties"].keys()


def test_the_gemini_block_has_the_fields_of_google_s_client() -> None:
    from google.ai import generativelanguage_v1beta as google

    def fields(message: Any) -> set[str]:
        return set(message.meta.fields)

    permissions, set_by_server = {"readers", "writers"}, {"name", "state", "create_time", "update_time"}
    assert set(Gemini.model_fields) - permissions == fields(google.TunedModel) - set_by_server
    assert set(Hyperparameters.model_fields) == fields(google.Hyperparameters)
    assert set(TuningTask.model_fields) == fields(google.TuningTask) - {"start_time", "complete_time", "snapshots"}
    assert set(TuningExample.model_fields) == fields(google.TuningExample)
    assert set(TunedModelSource.model_fields) == fields(google.TunedModelSource) - {"base_model"}
