"""The life of one tuning run, in the words all three services share."""

from __future__ import annotations

from enum import StrEnum


class RunState(StrEnum):
    """Google's JobState without its prefix; PipelineState and TunedModel.State map onto it."""

    QUEUED = "QUEUED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    UPDATING = "UPDATING"
    CANCELLING = "CANCELLING"
    SUCCEEDED = "SUCCEEDED"
    PARTIALLY_SUCCEEDED = "PARTIALLY_SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"

    @property
    def is_final(self) -> bool:
        """Whether the run will not change any more."""
        return self in _FINAL

    @property
    def is_active(self) -> bool:
        """Whether the run is on its way and holds a quota slot; an unknown state counts as active, to be safe."""
        return self not in _FINAL

    @property
    def has_started(self) -> bool:
        """Whether work may have been paid for."""
        return self not in (RunState.QUEUED, RunState.PENDING)


_FINAL = frozenset(
    {RunState.SUCCEEDED, RunState.PARTIALLY_SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.EXPIRED}
)


class FailureCause(StrEnum):
    """Why a run failed, as far as a retry is concerned."""

    DATA = "data"
    PERMISSION = "permission"
    QUOTA = "quota"
    TRANSIENT = "transient"
    OTHER = "other"


# google.rpc.Code numbers, as TuningJob.error.code carries them.
_CAUSES = {
    3: FailureCause.DATA,
    5: FailureCause.DATA,
    7: FailureCause.PERMISSION,
    8: FailureCause.QUOTA,
    9: FailureCause.DATA,
    11: FailureCause.DATA,
    16: FailureCause.PERMISSION,
    2: FailureCause.TRANSIENT,
    4: FailureCause.TRANSIENT,
    10: FailureCause.TRANSIENT,
    13: FailureCause.TRANSIENT,
    14: FailureCause.TRANSIENT,
}


def cause_of(code: int) -> FailureCause:
    """The cause behind a google.rpc.Code; what is not known is OTHER, which is never retried by itself."""
    return _CAUSES.get(code, FailureCause.OTHER)
