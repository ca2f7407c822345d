"""The methods of tuning jobs. There is no patch and no delete: a job is a permanent record."""

from typing import Any

import orjson

from reconciler.emulator.aiplatform import lifecycle
from reconciler.emulator.aiplatform.call import Answer, Call, Handler, Raw, Typed
from reconciler.emulator.aiplatform.filters import resource_fields
from reconciler.emulator.aiplatform.first_run import refuse_unprepared
from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.names import Parent
from reconciler.emulator.aiplatform.paging import list_page
from reconciler.emulator.aiplatform.progress import progress
from reconciler.emulator.aiplatform.records import Job
from reconciler.emulator.aiplatform.rendering import renderer
from reconciler.emulator.aiplatform.tuning_rules import Accepted, check_create
from reconciler.emulator.clock import timestamp
from reconciler.emulator.shaping import shape_message

FILTERS = resource_fields(
    {
        "state": lambda job: job.state,
        "base_model": lambda job: job.base_model,
        "tuned_model_display_name": lambda job: job.wire["tunedModelDisplayName"],
        "create_time": lambda job: job.wire["createTime"],
    }
)
_finished = renderer("TuningJob")


def _create(call: Call) -> Answer:
    """Not idempotent, as with Google: the same request twice makes two jobs."""
    accepted = check_create(call.memory, call.parent, call.body)
    refuse_unprepared(call.memory, call.parent.project, call.now)
    return Raw(_render(call, add_job(call.memory, call.parent, accepted, call.now)))


def add_job(memory: Memory, parent: Parent, accepted: Accepted, at: float) -> Job:
    """A job of what was accepted, under way or queued. Raises ApiError (429) over quota."""
    job = new_job(memory, parent, accepted.wire, accepted.base_model.id, at)
    job.data = accepted.data.digest
    job.data_error = accepted.data_error
    lifecycle.admit(memory, job, at)
    memory.data[accepted.data.digest] = accepted.data
    memory.site(parent).jobs.add(job)
    memory.revision += 1
    return job


def new_job(memory: Memory, parent: Parent, wire: dict[str, Any], base_model: str, at: float) -> Job:
    """A job that is not yet admitted or stored."""
    sequence = memory.next_sequence()
    job_id = memory.new_id(sequence)
    now = timestamp(at)
    wire = wire | {"name": parent.name("tuningJobs", job_id), "createTime": now, "updateTime": now}
    if not wire.get("tunedModelDisplayName"):
        wire["tunedModelDisplayName"] = f"tuned-model-{job_id[-8:]}"
    fate = wire.get("labels", {}).get(lifecycle.FATE_LABEL, "")
    visible = at + memory.options.list_lag
    return Job(job_id, sequence, wire, visible, parent=parent, base_model=base_model, data="", fate=fate)


def _get(call: Call) -> Answer:
    return Raw(_render(call, call.memory.job(call.parent, call.ids["tuningJobs"])))


def _list(call: Call) -> Answer:
    return list_page(call, call.memory.site(call.parent).jobs, "tuningJobs", FILTERS, _render)


def _cancel(call: Call) -> Answer:
    lifecycle.cancel(call.memory, call.memory.job(call.parent, call.ids["tuningJobs"]), call.now)
    return Typed()


def _render(call: Call, job: Job) -> bytes:
    """A job as JSON. One that is under way shows its progress in v1beta1, so that answer is never kept."""
    if job.finished or call.api.version == "v1":
        return _finished(call, job)
    return orjson.dumps(
        shape_message(call.api, call.api.type_prefix + "TuningJob", job.wire | progress(call.memory, job, call.now))
    )


METHODS: dict[str, Handler] = {
    "tuningJobs.create": _create,
    "tuningJobs.get": _get,
    "tuningJobs.list": _list,
    "tuningJobs.cancel": _cancel,
}
