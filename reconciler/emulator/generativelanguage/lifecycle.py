"""How a tuned model moves from CREATING to ACTIVE or FAILED.

Tuned models have no labels, so a text `emulator-outcome: FATE` in the description decides another fate:

    fail-internal  FAILED; the operation has code 13
    fail-data      FAILED after a third of the time; the operation has code 3
    cancel-race    a cancel comes too late: ACTIVE all the same
    slow           takes ten times as long
"""

import re

from reconciler.emulator.clock import timestamp
from reconciler.emulator.generativelanguage.memory import Memory
from reconciler.emulator.generativelanguage.records import TunedModel
from reconciler.emulator.google_errors import RPC_CODE

FATE = re.compile(r"emulator-outcome: *([a-z-]+)")
SLOWDOWN = 10
DATA_ERROR_SHARE = 0.3


def fate_of(description: str) -> str:
    """The fate that a description asks for; empty for a good one."""
    match = FATE.search(description)
    return match[1] if match else ""


def duration(memory: Memory, fate: str) -> float:
    """How long a whole run takes."""
    return memory.options.run_seconds * (SLOWDOWN if fate == "slow" else 1)


def due_time(fate: str, begins_at: float, whole_at: float) -> float:
    """When a run ends that nobody cancels."""
    return begins_at + (whole_at - begins_at) * DATA_ERROR_SHARE if fate == "fail-data" else whole_at


def cancel(memory: Memory, model: TunedModel, at: float) -> None:
    """Ask training to stop, as a best effort: nothing happens where it is over or about to be."""
    if model.finished or model.cancelling or model.fate == "cancel-race":
        return
    model.cancelling = True
    model.due = at + memory.options.operation_time()
    memory.changed(model)


def settle(memory: Memory, now: float) -> None:
    """Let every run end that is due."""
    ended = [model for model_id in memory.under_way if (model := memory.model(model_id)).due <= now]
    for model in sorted(ended, key=lambda model: (model.due, model.sequence)):
        _end(memory, model)


def _end(memory: Memory, model: TunedModel) -> None:
    state = "FAILED"
    if model.cancelling:
        state = memory.options.cancelled_tuned_model
        model.error = {"code": RPC_CODE["CANCELLED"], "message": "The operation was cancelled."}
    elif model.fate == "fail-data":
        model.error = {"code": RPC_CODE["INVALID_ARGUMENT"], "message": "The training data is not valid."}
    elif model.fate == "fail-internal":
        model.error = {"code": RPC_CODE["INTERNAL"], "message": "An internal error has occurred."}
    else:
        state = "ACTIVE"
    model.stopped_at = model.due
    ended = timestamp(model.due)
    model.wire |= {"state": state, "updateTime": ended}
    model.wire["tuningTask"]["completeTime"] = ended
    memory.under_way.discard(model.id)
    memory.changed(model)
