"""Made-up training curves: smooth, a little noisy, and always the same for one job."""

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.outcome import epochs, total_steps
from reconciler.emulator.aiplatform.progress import step_time
from reconciler.emulator.aiplatform.records import Job

MAX_POINTS = 500


@dataclass(frozen=True, slots=True)
class Curve:
    """One time series by its display name: from `start` towards `end`, `per_epoch` or per step."""

    name: str
    start: float
    end: float
    per_epoch: bool = False
    noise: float = 0.02


SUPERVISED = (
    Curve("/train_total_loss", 2.4, 0.45),
    Curve("/train_fraction_of_correct_next_step_preds", 0.42, 0.9, noise=0.01),
    Curve("/train_num_predictions", 4096, 4096, noise=0.1),
)
SUPERVISED_EVAL = (
    Curve("/eval_total_loss", 2.2, 0.6, per_epoch=True),
    Curve("/eval_fraction_of_correct_next_step_preds", 0.45, 0.85, per_epoch=True, noise=0.01),
    Curve("/eval_num_predictions", 2048, 2048, per_epoch=True, noise=0.0),
)
PREFERENCE = (Curve("/preference_optimization_train_loss", 0.69, 0.22),)
PREFERENCE_EVAL = (Curve("/eval_total_loss", 0.69, 0.31, per_epoch=True),)


def curves_of(job: Job) -> tuple[Curve, ...]:
    """Which series a job writes: those on validation data only if it has such data."""
    preference = job.spec_name == "preferenceOptimizationSpec"
    train, evaluate = (PREFERENCE, PREFERENCE_EVAL) if preference else (SUPERVISED, SUPERVISED_EVAL)
    return train + evaluate if job.spec.get("validationDatasetUri") else train


def points(memory: Memory, job: Job, curve: Curve, share: float) -> Iterator[tuple[int, float, float]]:
    """(step, virtual time, value) of what is written when `share` of the steps are made."""
    total = total_steps(memory, job)
    stride = max(1, total // epochs(job)) if curve.per_epoch else max(1, total // MAX_POINTS)
    for step in range(stride, int(total * share) + 1, stride):
        yield step, step_time(job, step / total), _value(job, curve, step, step / total)


def _value(job: Job, curve: Curve, step: int, share: float) -> float:
    noise = (zlib.crc32(f"{job.id}{curve.name}{step}".encode()) % 2001 - 1000) / 1000
    value = curve.end + (curve.start - curve.end) * math.exp(-4 * share)
    return round(value * (1 + curve.noise * noise), 6)
