"""The methods of pipeline jobs."""

import hashlib
import re
from typing import Any

from reconciler.emulator.aiplatform.call import Answer, Call, Handler, Raw, Typed
from reconciler.emulator.aiplatform.filters import resource_fields
from reconciler.emulator.aiplatform.first_run import refuse_unprepared
from reconciler.emulator.aiplatform.labels import check_labels
from reconciler.emulator.aiplatform.lifecycle import FATE_LABEL
from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.operations import Effect, start
from reconciler.emulator.aiplatform.paging import list_page
from reconciler.emulator.aiplatform.pipelines import lifecycle
from reconciler.emulator.aiplatform.pipelines.template import NAME, check_template
from reconciler.emulator.aiplatform.records import Operation, Pipeline
from reconciler.emulator.aiplatform.rendering import renderer, write
from reconciler.emulator.aiplatform.updating import MAX_DISPLAY_NAME
from reconciler.emulator.clock import timestamp
from reconciler.emulator.google_errors import ApiError, failed_precondition, invalid_argument, not_found

PIPELINE_ID = re.compile(r"[a-z0-9-]{1,127}")
FILTERS = resource_fields(
    {
        "display_name": lambda pipeline: pipeline.wire.get("displayName", ""),
        "state": lambda pipeline: pipeline.state,
        "create_time": lambda pipeline: pipeline.wire["createTime"],
        "update_time": lambda pipeline: pipeline.wire["updateTime"],
        "end_time": lambda pipeline: pipeline.wire.get("endTime", ""),
        "template_uri": lambda pipeline: pipeline.wire["templateUri"],
    }
)
_listed = renderer("PipelineJob")


def _create(call: Call) -> Answer:
    body = call.body
    check_labels(body.get("labels", {}), "pipeline_job.labels")
    if len(body.get("displayName", "")) > MAX_DISPLAY_NAME:
        text = f"The display name must be at most {MAX_DISPLAY_NAME} characters long."
        raise invalid_argument(text, "pipeline_job.display_name")
    check_template(body)
    pipeline_id = _new_id(call)
    refuse_unprepared(call.memory, call.parent.project, call.now)
    now = timestamp(call.now)
    digest = hashlib.sha256(body["templateUri"].encode()).hexdigest()
    wire: dict[str, Any] = body | {
        "name": call.parent.name("pipelineJobs", pipeline_id),
        "createTime": now,
        "templateMetadata": {"version": f"sha256:{digest}"},
    }
    wire.setdefault("displayName", pipeline_id)
    pipeline = Pipeline(
        pipeline_id,
        call.memory.next_sequence(),
        wire,
        call.now + call.memory.options.list_lag,
        parent=call.parent,
        fate=body.get("labels", {}).get(FATE_LABEL, ""),
    )
    lifecycle.begin(call.memory, pipeline, call.now)
    call.memory.site(call.parent).pipelines.add(pipeline)
    return _answer(call, pipeline)


def _new_id(call: Call) -> str:
    """The id that was asked for, or a new one. Raises ApiError (400, 409)."""
    asked: str = call.query.get("pipelineJobId", "")
    if not asked:
        return f"{NAME}-{call.memory.new_id(call.memory.next_sequence())}"
    if not PIPELINE_ID.fullmatch(asked):
        text = f"Invalid pipeline_job_id {asked[:150]!r}: it must match {PIPELINE_ID.pattern}."
        raise invalid_argument(text, "pipeline_job_id")
    if call.memory.site(call.parent).pipelines.get(asked) is not None:
        name = call.parent.name("pipelineJobs", asked)
        raise ApiError("ALREADY_EXISTS", f'PipelineJob "{name}" already exists.')
    return asked


def _find(call: Call) -> Pipeline:
    return call.memory.pipeline(call.parent, call.ids["pipelineJobs"])


def _answer(call: Call, pipeline: Pipeline) -> Answer:
    return Raw(write(call.api, "PipelineJob", pipeline.wire))


def _get(call: Call) -> Answer:
    return _answer(call, _find(call))


def _list(call: Call) -> Answer:
    return list_page(call, call.memory.site(call.parent).pipelines, "pipelineJobs", FILTERS, _listed)


def _cancel(call: Call) -> Answer:
    lifecycle.cancel(call.memory, _find(call), call.now)
    return Typed()


def _delete(call: Call) -> Answer:
    pipeline = _find(call)
    if not pipeline.finished:
        name = pipeline.wire["name"]
        raise failed_precondition(f'The PipelineJob "{name}" is in state {pipeline.state}; cancel it first.')
    return start(call, "", "delete_pipeline", {"pipeline": pipeline.id}, "Empty", "DeleteOperationMetadata")


def _finish_delete(memory: Memory, operation: Operation, _: float) -> dict[str, Any]:
    pipelines = memory.site(operation.parent).pipelines
    pipeline_id = operation.target["pipeline"]
    if pipelines.get(pipeline_id) is None:
        raise not_found("PipelineJob", operation.parent.name("pipelineJobs", pipeline_id))
    pipelines.remove(pipeline_id)
    return {}


METHODS: dict[str, Handler] = {
    "pipelineJobs.create": _create,
    "pipelineJobs.get": _get,
    "pipelineJobs.list": _list,
    "pipelineJobs.cancel": _cancel,
    "pipelineJobs.delete": _delete,
}
EFFECTS: dict[str, Effect] = {"delete_pipeline": _finish_delete}
