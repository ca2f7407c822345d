"""How far the training of a tuned model has come at a point in time. Losses are made up: smooth, a little noisy."""

import math
import zlib
from typing import Any

from reconciler.emulator.clock import timestamp
from reconciler.emulator.generativelanguage.records import TunedModel
from reconciler.emulator.validation import float32

FIRST_LOSS, LAST_LOSS = 8.0, 0.4


def completed_steps(model: TunedModel, now: float) -> int:
    """How many steps are made, or were when training stopped."""
    until = model.stopped_at or now
    if until >= model.whole_at:
        return model.total_steps
    share = (until - model.begins_at) / (model.whole_at - model.begins_at)
    return int(model.total_steps * max(0.0, share))


def snapshots(model: TunedModel, now: float) -> list[dict[str, Any]]:
    """One TuningSnapshot for every step that is made."""
    batch = model.wire["tuningTask"]["hyperparameters"]["batchSize"]
    took = (model.whole_at - model.begins_at) / model.total_steps
    return [
        {
            "step": step,
            "epoch": step * batch // len(model.examples),
            "meanLoss": float32(_loss(model, step)),
            "computeTime": timestamp(model.begins_at + took * step),
        }
        for step in range(1, completed_steps(model, now) + 1)
    ]


def _loss(model: TunedModel, step: int) -> float:
    noise = (zlib.crc32(f"{model.id}{step}".encode()) % 2001 - 1000) / 1000
    smooth = LAST_LOSS + (FIRST_LOSS - LAST_LOSS) * math.exp(-4 * step / model.total_steps)
    return round(smooth * (1 + 0.05 * noise), 6)
