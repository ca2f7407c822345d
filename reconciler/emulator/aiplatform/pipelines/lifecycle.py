"""How a pipeline job moves from state to state.

    PENDING -> RUNNING -> SUCCEEDED | FAILED        any but the last two -> CANCELLING -> CANCELLED

Parameters and data are looked at when it runs. The label `emulator-outcome` decides another fate, as for tuning jobs:
fail-internal, fail-data, orphan-model, cancel-race, slow.
"""

from collections.abc import Callable

from reconciler.emulator.aiplatform.lifecycle import DATA_ERROR_SHARE, PENDING_SHARE, SLOWDOWN
from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.pipelines.outcome import publish, task_details
from reconciler.emulator.aiplatform.pipelines.template import refusal, rows_of
from reconciler.emulator.aiplatform.records import Event, Pipeline
from reconciler.emulator.aiplatform.training_data import TrainingData, read_training_data
from reconciler.emulator.clock import timestamp
from reconciler.emulator.google_errors import RPC_CODE, failed_precondition

MIN_ROWS = 10
DATASETS = ("dataset_uri", "evaluation_data_uri")


def begin(memory: Memory, pipeline: Pipeline, at: float) -> None:
    """Let a new pipeline start."""
    whole = memory.options.run_seconds * (SLOWDOWN if pipeline.fate == "slow" else 1)
    pipeline.running_at = at + whole * PENDING_SHARE
    pipeline.whole_at = at + whole
    _move(memory, pipeline, "PENDING", at)
    memory.schedule(pipeline.running_at, "pipeline_running", pipeline.parent, pipeline.id)


def cancel(memory: Memory, pipeline: Pipeline, at: float) -> None:
    """Ask a pipeline to stop. Raises ApiError (400) for one that has ended."""
    if pipeline.finished:
        name = pipeline.wire["name"]
        raise failed_precondition(f'The PipelineJob "{name}" is in state {pipeline.state} and cannot be cancelled.')
    if pipeline.state == "PIPELINE_STATE_CANCELLING":
        return
    _move(memory, pipeline, "CANCELLING", at)
    if pipeline.fate != "cancel-race":
        memory.schedule(at + memory.options.operation_time(), "pipeline_cancelled", pipeline.parent, pipeline.id)


def _run(memory: Memory, event: Event) -> None:
    pipeline = memory.site(event.parent).pipelines.get(event.resource)
    if pipeline is None or pipeline.finished:
        return
    pipeline.data_error = refusal(pipeline.parameters, pipeline.parent) or _read(memory, pipeline)
    pipeline.wire["startTime"] = timestamp(event.due)
    if pipeline.state == "PIPELINE_STATE_PENDING":
        _move(memory, pipeline, "RUNNING", event.due)
    doomed = pipeline.data_error or pipeline.fate == "fail-data"
    took = (pipeline.whole_at - pipeline.running_at) * (DATA_ERROR_SHARE if doomed else 1)
    memory.schedule(pipeline.running_at + took, "pipeline_ended", pipeline.parent, pipeline.id)


def _read(memory: Memory, pipeline: Pipeline) -> str:
    """Read the training data and that for evaluation; answers what is wrong with either."""
    for parameter in DATASETS:
        uri = pipeline.parameters.get(parameter, "")
        if not uri and parameter != "dataset_uri":
            continue
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        found = memory.buckets.find(bucket, name) if uri.startswith("gs://") else None
        if found is None:
            return f"{parameter} {uri[:300]} does not exist or cannot be read."
        data = read_training_data(found.content, rows_of(pipeline.wire["templateUri"]))
        if data.error:
            return f"{parameter}: {data.error}"
        if parameter == "dataset_uri":
            if data.rows < MIN_ROWS:
                return f"The dataset has {data.rows} examples; at least {MIN_ROWS} are needed."
            _keep(memory, pipeline, data)
    return ""


def _keep(memory: Memory, pipeline: Pipeline, data: TrainingData) -> None:
    memory.data[data.digest] = data
    pipeline.data = data.digest


def _end(memory: Memory, event: Event) -> None:
    pipeline = memory.site(event.parent).pipelines.get(event.resource)
    too_late = pipeline is not None and pipeline.fate == "cancel-race"
    if pipeline is None or pipeline.finished or (pipeline.state == "PIPELINE_STATE_CANCELLING" and not too_late):
        return
    if pipeline.data_error or pipeline.fate == "fail-data":
        text = pipeline.data_error or "dataset_uri: Dataset validation failed. Row: 7. Field output_text is missing."
        _fail(memory, pipeline, "INVALID_ARGUMENT", text, "validate-pipeline", event.due)
    elif pipeline.fate == "fail-internal":
        text = "The DAG failed because some tasks failed. The failed tasks are: [large-language-model-tuner]."
        _fail(memory, pipeline, "INTERNAL", text, "large-language-model-tuner", event.due)
    elif pipeline.fate == "orphan-model":
        model = publish(memory, pipeline, event.due, deploy=False)
        text = "The DAG failed because some tasks failed. The failed tasks are: [deploy-llm-model]."
        _fail(memory, pipeline, "INTERNAL", text, "deploy-llm-model", event.due, model)
    else:
        model = publish(memory, pipeline, event.due)
        pipeline.wire["jobDetail"] = {"taskDetails": task_details(memory, pipeline, event.due, model=model)}
        _stop(memory, pipeline, "SUCCEEDED", event.due)


def _fail(memory: Memory, pipeline: Pipeline, code: str, text: str, task: str, at: float, model: str = "") -> None:
    pipeline.wire["error"] = {"code": RPC_CODE[code], "message": text}
    details = task_details(memory, pipeline, at, model=model, failed=task)
    pipeline.wire["jobDetail"] = {"taskDetails": details}
    _stop(memory, pipeline, "FAILED", at)


def _cancelled(memory: Memory, event: Event) -> None:
    pipeline = memory.site(event.parent).pipelines.get(event.resource)
    if pipeline is None or pipeline.state != "PIPELINE_STATE_CANCELLING":
        return
    pipeline.wire["error"] = {"code": RPC_CODE["CANCELLED"], "message": "The pipeline job was cancelled."}
    _stop(memory, pipeline, "CANCELLED", event.due)


def _stop(memory: Memory, pipeline: Pipeline, state: str, at: float) -> None:
    pipeline.wire["endTime"] = timestamp(at)
    _move(memory, pipeline, state, at)


def _move(memory: Memory, pipeline: Pipeline, state: str, at: float) -> None:
    pipeline.wire["state"] = f"PIPELINE_STATE_{state}"
    pipeline.wire["updateTime"] = timestamp(at)
    pipeline.changed()
    memory.revision += 1


PIPELINE_EVENTS: dict[str, Callable[[Memory, Event], None]] = {
    "pipeline_running": _run,
    "pipeline_ended": _end,
    "pipeline_cancelled": _cancelled,
}
