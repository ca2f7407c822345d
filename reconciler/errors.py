"""Every error a user can meet, as one tree.

    TuneformError                     where, what, what next; exit 1
    ├── UsageError                    a flag or argument is wrong; exit 64
    ├── SpecError                     one or many diagnostics, each with file:line:column
    ├── DatasetError                  a dataset file cannot be read or is not valid
    ├── CatalogError                  a user's own catalog file cannot be read or is not valid
    ├── PlanFileError                 a saved plan cannot be read, is not a plan, or was altered
    ├── StateError                    the recorded state cannot be read or written
    │   ├── StateDamaged              empty, truncated or altered; names the newest good copy
    │   ├── StateTooNew               written by a newer tuneform; names the version to install
    │   └── StateConflict             somebody else wrote meanwhile; nothing was overwritten
    ├── Locked                        another apply holds the lock; exit 5
    ├── InDoubt                       a paid create may or may not have happened; exit 5
    ├── IncompleteView                something could not be read, so nothing is decided; exit 5
    ├── Held                          a limit, a gate or an approval stands in the way; exit 3
    └── CloudError
        ├── CredentialsError          no usable Google credentials
        ├── NotSent                   no byte of the request left this machine
        ├── ReplyLost                 the request left, no complete answer came back
        ├── BadAnswer                 an answer that is not Google's JSON (HTML, truncated, too large)
        └── ApiError                  Google's own error object
            ├── InvalidRequest        400 INVALID_ARGUMENT, OUT_OF_RANGE
            ├── FailedPrecondition    400 FAILED_PRECONDITION, 412
            ├── Unauthenticated       401
            ├── PermissionDenied      403
            ├── NotFound              404
            ├── AlreadyExists         409 ALREADY_EXISTS
            ├── Aborted               409 ABORTED
            ├── ResourceExhausted     429
            └── ServerFault           499, 5xx

An error says three things: `where` (file:line:column, or a resource), `what`, and `next_step`. None of them may
carry a secret or the content of a file that is not a spec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.core.diagnostics import Diagnostic


class TuneformError(Exception):
    """The root. `what` is a sentence; `where` and `next_step` may be empty."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.next_step = next_step

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}\n{self.next_step}" if self.next_step else head


class UsageError(TuneformError):
    """A flag, argument or environment variable is wrong."""

    exit_code = 64


class SpecError(TuneformError):
    """The specs cannot be used; carries every diagnostic of the run, errors and warnings."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        errors = [d for d in self.diagnostics if d.severity == "error"]
        noun = "error" if len(errors) == 1 else "errors"
        super().__init__(f"{len(errors)} {noun} in the specs", next_step="Correct them and run the command again.")


class DatasetError(TuneformError):
    """A dataset file cannot be opened, leaves the project's folder, or is not valid."""


class CatalogError(TuneformError):
    """A catalog file cannot be read or is not valid."""


class PlanFileError(TuneformError):
    """A saved plan cannot be read, is not a plan, or was altered."""


class StateError(TuneformError):
    """The recorded state cannot be read or written."""


class StateDamaged(StateError):
    """The state is empty, truncated or altered."""


class StateTooNew(StateError):
    """The state was written by a newer tuneform."""


class StateConflict(StateError):
    """A compare-and-swap lost: somebody else wrote since we read."""


class Locked(TuneformError):
    """Another run holds the state's lock."""

    exit_code = 5


class InDoubt(TuneformError):
    """A paid create was sent and its outcome is not known yet."""

    exit_code = 5


class IncompleteView(TuneformError):
    """Some location or API could not be read; nothing may be decided from the rest."""

    exit_code = 5


class Held(TuneformError):
    """A limit, a gate, a policy or a missing approval stands in the way."""

    exit_code = 3


class CloudError(TuneformError):
    """Talking to Google did not work."""


class CredentialsError(CloudError):
    """No usable Google credentials."""


class NotSent(CloudError):
    """The connection could not be made; no byte of the request left."""


class ReplyLost(CloudError):
    """The request left this machine and no complete answer came back."""


class BadAnswer(CloudError):
    """The answer is not Google's JSON."""

    def __init__(self, what: str, *, status: int, where: str = "", next_step: str = "") -> None:
        super().__init__(what, where=where, next_step=next_step)
        self.status = status


class ApiError(CloudError):
    """Google's error object: HTTP status, canonical code such as `INVALID_ARGUMENT`, message, field violations."""

    def __init__(
        self,
        what: str,
        *,
        status: int,
        code: str,
        where: str = "",
        next_step: str = "",
        violations: Sequence[tuple[str, str]] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(what, where=where, next_step=next_step)
        self.status = status
        self.code = code
        self.violations = tuple(violations)
        self.retry_after = retry_after


class InvalidRequest(ApiError):
    """400: the request itself is wrong."""


class FailedPrecondition(ApiError):
    """400 or 412: right in itself, not possible in the present state."""


class Unauthenticated(ApiError):
    """401: the credentials are missing or expired."""


class PermissionDenied(ApiError):
    """403: the identity may not do this."""


class NotFound(ApiError):
    """404: there is no such resource (or it may not be seen)."""


class AlreadyExists(ApiError):
    """409: a resource of that id exists."""


class Aborted(ApiError):
    """409: a concurrent change won."""


class ResourceExhausted(ApiError):
    """429: a quota is used up."""


class ServerFault(ApiError):
    """499 or 5xx: Google's side failed."""
