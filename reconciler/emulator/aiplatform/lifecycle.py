"""How a tuning job moves from state to state.

    QUEUED -> PENDING -> RUNNING -> SUCCEEDED | FAILED | EXPIRED
         any but the last -> CANCELLING -> CANCELLED

A job that the project's quota lets in is PENDING for a tenth of the run time and RUNNING for the rest; one whose data
is malformed fails before training. The request label `emulator-outcome` decides another fate:

    fail-internal  FAILED with code 13, nothing is left behind
    fail-data      FAILED with code 3, as if a row were malformed
    orphan-model   FAILED with code 13 after the model was made: it has no endpoint
    expire         EXPIRED
    cancel-race    a cancel comes too late: CANCELLING, and then SUCCEEDED all the same
    slow           takes ten times as long
"""

from collections import deque
from collections.abc import Callable

from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.outcome import publish
from reconciler.emulator.aiplatform.records import Event, Job
from reconciler.emulator.clock import timestamp
from reconciler.emulator.google_errors import RPC_CODE, ApiError, failed_precondition

FATE_LABEL = "emulator-outcome"
PENDING_SHARE = 0.1
DATA_ERROR_SHARE = 0.3
SLOWDOWN = 10


def admit(memory: Memory, job: Job, at: float) -> None:
    """Let a new job start, or queue it. Raises ApiError (429) over quota where that is how quota is set."""
    project = job.parent.project
    if memory.under_way[project] < memory.options.max_concurrent_jobs:
        _start_waiting_for_machines(memory, job, at)
        return
    if memory.options.over_quota == "reject":
        raise ApiError(
            "RESOURCE_EXHAUSTED",
            "The following quota metrics exceed quota limits: aiplatform.googleapis.com/global_concurrent_tuning_jobs",
        )
    job.wire["state"] = "JOB_STATE_QUEUED"
    memory.waiting.setdefault(project, deque()).append((job.parent.location, job.id))


def cancel(memory: Memory, job: Job, at: float) -> None:
    """Ask a job to stop. Raises ApiError (400) for one that has ended."""
    if job.finished:
        raise failed_precondition(
            f'The TuningJob "{job.wire["name"]}" is in state {job.state} and can no longer be cancelled.'
        )
    if job.state == "JOB_STATE_CANCELLING":
        return
    queued = job.state == "JOB_STATE_QUEUED"
    if queued:
        memory.waiting[job.parent.project].remove((job.parent.location, job.id))
        memory.under_way[job.parent.project] += 1
    _move(memory, job, "JOB_STATE_CANCELLING", at)
    if queued or job.fate != "cancel-race":
        memory.schedule(at + memory.options.operation_time(), "job_cancelled", job.parent, job.id)


def _start_waiting_for_machines(memory: Memory, job: Job, at: float) -> None:
    memory.under_way[job.parent.project] += 1
    _move(memory, job, "JOB_STATE_PENDING", at)
    whole = memory.options.run_seconds * (SLOWDOWN if job.fate == "slow" else 1)
    job.running_at = at + whole * PENDING_SHARE
    job.whole_at = at + whole
    doomed = job.data_error or job.fate == "fail-data"
    ends_at = job.running_at + (job.whole_at - job.running_at) * DATA_ERROR_SHARE if doomed else job.whole_at
    memory.schedule(job.running_at, "job_running", job.parent, job.id)
    memory.schedule(ends_at, "job_ended", job.parent, job.id)


def _run(memory: Memory, event: Event) -> None:
    job = memory.job(event.parent, event.resource)
    if job.state != "JOB_STATE_PENDING":
        return
    _move(memory, job, "JOB_STATE_RUNNING", event.due)
    begin_experiment(memory, job)


def begin_experiment(memory: Memory, job: Job) -> None:
    """Note when the run began, and name the experiment that its metrics go to."""
    began = timestamp(job.running_at)
    digits = "".join(c for c in began if c.isdigit())[:17]
    experiment = f"tuning-experiment-{digits}-{job.id[-6:]}"
    job.wire["startTime"] = began
    job.wire["experiment"] = job.parent.name("metadataStores", f"default/contexts/{experiment}")
    memory.site(job.parent).experiments[experiment] = job.id


def _end(memory: Memory, event: Event) -> None:
    job = memory.job(event.parent, event.resource)
    if job.finished or (job.state == "JOB_STATE_CANCELLING" and job.fate != "cancel-race"):
        return
    conclude(memory, job, event.due)
    _let_the_next_in(memory, job, event.due)


def conclude(memory: Memory, job: Job, at: float) -> None:
    """Bring a job to the end that is its fate."""
    if job.data_error or job.fate == "fail-data":
        text = job.data_error or "Dataset validation failed. Row: 7. The last content must have the role model."
        job.wire["error"] = {"code": RPC_CODE["INVALID_ARGUMENT"], "message": text}
        state = "JOB_STATE_FAILED"
    elif job.fate == "fail-internal":
        job.wire["error"] = {"code": RPC_CODE["INTERNAL"], "message": "An internal error has occurred."}
        state = "JOB_STATE_FAILED"
    elif job.fate == "orphan-model":
        publish(memory, job, at, deploy=False)
        text = f"Failed to create endpoint. Tuned model is uploaded: {job.wire['tunedModel']['model']}"
        job.wire["error"] = {"code": RPC_CODE["INTERNAL"], "message": text}
        state = "JOB_STATE_FAILED"
    elif job.fate == "expire":
        job.wire["error"] = {"code": RPC_CODE["DEADLINE_EXCEEDED"], "message": "The tuning job has expired."}
        state = "JOB_STATE_EXPIRED"
    else:
        publish(memory, job, at)
        state = "JOB_STATE_SUCCEEDED"
    _stop(memory, job, state, at)


def _cancelled(memory: Memory, event: Event) -> None:
    job = memory.job(event.parent, event.resource)
    if job.state != "JOB_STATE_CANCELLING":
        return
    job.wire["error"] = {"code": RPC_CODE["CANCELLED"], "message": "The tuning job was cancelled."}
    _stop(memory, job, "JOB_STATE_CANCELLED", event.due)
    _let_the_next_in(memory, job, event.due)


def _stop(memory: Memory, job: Job, state: str, at: float) -> None:
    job.stopped_at = at
    job.wire["endTime"] = timestamp(at)
    _move(memory, job, state, at)


def _let_the_next_in(memory: Memory, ended: Job, at: float) -> None:
    project = ended.parent.project
    memory.under_way[project] -= 1
    waiting = memory.waiting.get(project)
    if waiting and memory.under_way[project] < memory.options.max_concurrent_jobs:
        location, job_id = waiting.popleft()
        _start_waiting_for_machines(memory, memory.job(ended.parent.at(location), job_id), at)


def _move(memory: Memory, job: Job, state: str, at: float) -> None:
    job.wire["state"] = state
    job.wire["updateTime"] = timestamp(at)
    job.changed()
    memory.revision += 1


JOB_EVENTS: dict[str, Callable[[Memory, Event], None]] = {
    "job_running": _run,
    "job_ended": _end,
    "job_cancelled": _cancelled,
}
