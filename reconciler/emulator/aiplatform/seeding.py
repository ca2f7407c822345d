"""Making many finished tuning jobs at once, with their models and endpoints, as if they had run long ago."""

from typing import Any

from reconciler.emulator.aiplatform import lifecycle
from reconciler.emulator.aiplatform.jobs import new_job
from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.names import Parent
from reconciler.emulator.aiplatform.tuning_rules import check_fields
from reconciler.emulator.discovery import load_api
from reconciler.emulator.validation import parse_message


def seed_jobs(memory: Memory, parent: Parent, bodies: list[dict[str, Any]], count: int) -> list[str]:
    """Add `count` jobs that ended by now, made from TuningJob bodies taken in turn. Answers the jobs' names.

    Datasets are not looked at. Raises ApiError for a body that create would refuse.
    """
    api = load_api("aiplatform", "v1beta1")
    parsed = [parse_message(api, api.type_prefix + "TuningJob", body, "tuning_job") for body in bodies]
    checked = [check_fields(memory, parent, body) for body in parsed]
    names = []
    for number in range(count):
        wire, base_model = checked[number % len(checked)]
        # A millisecond apart, so that the order of creation is visible.
        created = memory.now() - memory.options.run_seconds - (count - number) / 1000
        job = new_job(memory, parent, wire, base_model.id, created)
        job.running_at = created + memory.options.run_seconds * lifecycle.PENDING_SHARE
        job.whole_at = created + memory.options.run_seconds
        memory.site(parent).jobs.add(job)
        lifecycle.begin_experiment(memory, job)
        lifecycle.conclude(memory, job, job.whole_at)
        names.append(job.wire["name"])
    return names
