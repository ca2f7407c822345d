"""Cancelling and deleting several pipelines at once: all of them, or none.

Source: BatchCancelPipelineJobs and BatchDeletePipelineJobs of pipeline_service.proto. Jobs that have ended are passed
over by a cancel; that a delete of one that has not is refused is as for a single one.
"""

from typing import Any

from reconciler.emulator.aiplatform.call import Answer, Call, Handler
from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.names import parse_name
from reconciler.emulator.aiplatform.operations import Effect, start
from reconciler.emulator.aiplatform.pipelines import lifecycle
from reconciler.emulator.aiplatform.records import Operation, Pipeline
from reconciler.emulator.google_errors import failed_precondition, invalid_argument

MOST = 32


def _named(call: Call) -> list[Pipeline]:
    """The pipelines of a request. Raises ApiError (400, 404)."""
    names = call.body.get("names", [])
    if not 1 <= len(names) <= MOST:
        raise invalid_argument(f"Between 1 and {MOST} names are needed, not {len(names)}.", "names")
    parsed = [parse_name(name, "pipelineJobs", "names") for name in names]
    for name in parsed:
        if name.parent != call.parent:
            raise invalid_argument("All pipeline jobs must be in the location of the request.", "names")
    return [call.memory.pipeline(call.parent, name.id) for name in parsed]


def _cancel(call: Call) -> Answer:
    under_way = [pipeline for pipeline in _named(call) if not pipeline.finished]
    for pipeline in under_way:
        lifecycle.cancel(call.memory, pipeline, call.now)
    target = {"pipelines": [pipeline.id for pipeline in under_way]}
    kinds = ("BatchCancelPipelineJobsResponse", "BatchCancelPipelineJobsOperationMetadata")
    return start(call, "", "cancel_pipelines", target, *kinds)


def _finish_cancel(memory: Memory, operation: Operation, _: float) -> dict[str, Any]:
    pipelines = memory.site(operation.parent).pipelines
    found = (pipelines.get(pipeline_id) for pipeline_id in operation.target["pipelines"])
    return {"pipelineJobs": [pipeline.view() for pipeline in found if pipeline is not None]}


def _delete(call: Call) -> Answer:
    pipelines = _named(call)
    for pipeline in pipelines:
        if not pipeline.finished:
            name = pipeline.wire["name"]
            raise failed_precondition(f'The PipelineJob "{name}" is in state {pipeline.state}; cancel it first.')
    target = {"pipelines": [pipeline.id for pipeline in pipelines]}
    return start(call, "", "delete_pipelines", target, "BatchDeletePipelineJobsResponse", "DeleteOperationMetadata")


def _finish_delete(memory: Memory, operation: Operation, _: float) -> dict[str, Any]:
    pipelines = memory.site(operation.parent).pipelines
    gone = [memory.pipeline(operation.parent, pipeline_id) for pipeline_id in operation.target["pipelines"]]
    for pipeline in gone:
        pipelines.remove(pipeline.id)
    return {"pipelineJobs": [pipeline.view() for pipeline in gone]}


METHODS: dict[str, Handler] = {"pipelineJobs.batchCancel": _cancel, "pipelineJobs.batchDelete": _delete}
EFFECTS: dict[str, Effect] = {"cancel_pipelines": _finish_cancel, "delete_pipelines": _finish_delete}
