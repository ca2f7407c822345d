"""What the operation that a create began as says of it."""

from __future__ import annotations

from reconciler.errors import ApiError, CloudError
from reconciler.providers.protocol import Operation, Outcome, Submission, TuningProvider
from reconciler.providers.submitting import refuses


def outcome_of(provider: TuningProvider, operation: Operation) -> Submission:
    """The run that an operation names, its refusal, or doubt. Never raises for what the server does."""
    if not operation.done:
        return Submission(Outcome.IN_DOUBT, error=CloudError(f"{operation.name} is still under way"))
    error = operation.error
    if error is not None:
        refused = isinstance(error, ApiError) and refuses(error)
        return Submission(Outcome.REFUSED if refused else Outcome.IN_DOUBT, error=error)
    try:
        return Submission(Outcome.COMMITTED, run=provider.run(str(operation.response.get("name") or "")))
    except CloudError as unseen:
        return Submission(Outcome.IN_DOUBT, error=unseen)
