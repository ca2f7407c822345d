"""How far a run has come at a point in time."""

from typing import Any

from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.outcome import epochs, total_steps
from reconciler.emulator.aiplatform.records import Job

# v1beta1 alone says what a running job is doing; by the share of the running time that has passed.
TRAINING_FROM, TRAINING_TO = 0.3, 0.9
STAGES = (
    (0.2, "TUNING_JOB_STATE_PROCESSING_DATASET"),
    (TRAINING_FROM, "TUNING_JOB_STATE_WAITING_FOR_CAPACITY"),
    (TRAINING_TO, "TUNING_JOB_STATE_TUNING"),
)


def progress(memory: Memory, job: Job, now: float) -> dict[str, Any]:
    """The fields of v1beta1 that say how far a job is."""
    if job.state in ("JOB_STATE_QUEUED", "JOB_STATE_PENDING"):
        return {"tuningJobState": "TUNING_JOB_STATE_WAITING_FOR_QUOTA"}
    share = _share(job, now)
    trained = trained_share(job, now)
    return {
        "tuningJobState": next((stage for end, stage in STAGES if share < end), "TUNING_JOB_STATE_POST_PROCESSING"),
        "tuningJobMetadata": {
            "completedEpochCount": str(int(epochs(job) * trained)),
            "completedStepCount": str(int(total_steps(memory, job) * trained)),
        },
    }


def trained_share(job: Job, now: float) -> float:
    """The share of its steps that a job has made, from 0 to 1."""
    return min(1.0, max(0.0, (_share(job, now) - TRAINING_FROM) / (TRAINING_TO - TRAINING_FROM)))


def step_time(job: Job, share: float) -> float:
    """The virtual time at which a share of the steps was made."""
    whole = job.whole_at - job.running_at
    return job.running_at + whole * (TRAINING_FROM + (TRAINING_TO - TRAINING_FROM) * share)


def _share(job: Job, now: float) -> float:
    """The share of the running time that has passed, or had when the job stopped."""
    if job.whole_at <= job.running_at:
        return 1.0 if job.finished else 0.0
    until = min(now, job.stopped_at) if job.stopped_at else now
    return min(1.0, max(0.0, (until - job.running_at) / (job.whole_at - job.running_at)))
