"""A person's decision that a version may serve whatever its gates say."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from reconciler.applying.versions import version_of
from reconciler.core.moments import stamp
from reconciler.core.runs import RunState
from reconciler.core.state import Record, VersionStatus
from reconciler.errors import StateError, UsageError

LONGEST_REASON = 1000
_MAY_SERVE = (RunState.SUCCEEDED, RunState.PARTIALLY_SUCCEEDED)


def overridden(record: Record, number: int, reason: str, *, by: str, at: datetime) -> Record:
    """The record with the decision in the version's evidence.

    Raises UsageError without a reason, and StateError for a version that could not serve anyway.
    """
    version = version_of(record, number)
    text = reason.strip()
    if not text or len(text) > LONGEST_REASON:
        raise UsageError(
            f"an override needs a reason of 1 to {LONGEST_REASON} characters",
            where="--reason",
            next_step="Say why the version may serve; it is kept in the state.",
        )
    if version.status is VersionStatus.DELETED or version.run_state not in _MAY_SERVE:
        standing = "was deleted" if version.status is VersionStatus.DELETED else str(version.run_state).lower()
        raise StateError(
            f"v{number} could not serve in any case: {standing}",
            where=str(record.address),
            next_step="`tuneform status` shows how it stands; apply records a run that has finished.",
        )
    decision: dict[str, Any] = {"reason": text, "by": by, "at": stamp(at)}
    return record.with_version(replace(version, evidence={**version.evidence, "override": decision}))
