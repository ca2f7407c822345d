"""One paid create, sent exactly once.

The order is the protocol, and the protocol is the safety (no step leans on the lock):

1. write the intent, PREPARED: a second process that decides the same create collides on the journal entry;
2. read the state's head again: whoever moved it may have bought this version already, so stop;
3. write SENDING with the moment from which absence may be concluded: the point of no return;
4. POST once;
5. classify by evidence and write COMMITTED, REFUSED, or nothing at all when in doubt.

What happens when the process dies between any two of them: docs/what-if-it-dies-here.md.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from reconciler.applying.clock import Clock
from reconciler.core.client_ids import CLIENT_NAMED, client_id, client_id_of, parse_client_id, with_client_id
from reconciler.core.desired import TunedModel
from reconciler.core.labels import address_label, own_labels
from reconciler.core.moments import stamp
from reconciler.core.observed import Run
from reconciler.core.state import DatasetPin, Intent, IntentStatus
from reconciler.errors import AlreadyExists, NotSent, ServerFault, StateConflict, StateError, TuneformError
from reconciler.providers.protocol import CreateRequest, Operation, Outcome, Rebaser, Submission, TuningProvider
from reconciler.state.journal import Journal

# A process that was suspended between SENDING and POST must not wake up and send.
MAX_SECONDS_TO_SEND = 10.0
# How an intent notes that Google answered 500 INTERNAL, or that an id was taken with nothing under it; see recovery.
INTERNAL = "INTERNAL"
TAKEN = "ALREADY_EXISTS"


@dataclass(frozen=True, slots=True)
class Order:
    """One version to be bought: the resolved block to send, and what will be remembered of it.

    `earlier_runs` is the attempt that last became a run of this version: where the id is of our choice, every attempt
    after it asks for the same one, so that two of them cannot become two runs. `rebase_from` is the run or model that
    it is rebased from instead of being tuned anew.
    """

    model: TunedModel
    project_label: str
    version: int
    attempts: int
    fingerprint: str
    body: dict[str, Any]
    remembered: dict[str, Any]
    datasets: tuple[DatasetPin, ...] = ()
    estimated_usd: float | None = None
    earlier_runs: int = 0
    rebase_from: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """How it ended. `run` is set when COMMITTED, `error` otherwise; `operation` is what may tell more."""

    outcome: Outcome
    intent: Intent
    run: Run | None = None
    error: Exception | None = None
    operation: Operation | None = None


def new_attempt() -> str:
    """128 random bits as 26 characters that fit into a label."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


class Creator:
    """Sends orders. `head` reads the state's lineage and serial afresh; `window` says when doubt may be settled."""

    def __init__(
        self,
        journal: Journal,
        *,
        head: Callable[[], tuple[str, int]],
        window: Callable[[datetime], datetime],
        clock: Clock,
        attempt: Callable[[], str] = new_attempt,
    ) -> None:
        self._journal = journal
        self._head = head
        self._window = window
        self._clock = clock
        self._attempt = attempt

    def create(self, provider: TuningProvider, order: Order, *, base: tuple[str, int]) -> Receipt:
        """Buy one version. Raises StateConflict, with nothing sent, when another process is or was at it."""
        attempt = self._attempt_of(order)
        labels = own_labels(order.project_label, order.model.address, order.fingerprint, attempt)
        request = _request(provider, order, {**order.model.labels, **labels}, attempt)
        prepared = self._journal.prepare(self._intent(order, attempt, request))
        if self._head() != base:
            self._journal.close(prepared, IntentStatus.ABANDONED, "the state changed before anything was sent")
            raise StateConflict(
                "the state was changed by another run; nothing was sent",
                where=str(order.model.address),
                next_step="Run the command again: it plans from the state as it is now.",
            )
        sent_at, started = self._clock.now(), self._clock.monotonic()
        sending = self._journal.sending(prepared, stamp(self._window(sent_at)), stamp(sent_at))
        if self._clock.monotonic() - started > MAX_SECONDS_TO_SEND:
            late = NotSent("the process was held up too long before sending", where=str(order.model.address))
            return self.settle(sending, Submission(Outcome.NOT_SENT, error=late))
        return self.settle(sending, provider.submit(request))

    def _attempt_of(self, order: Order) -> str:
        random = self._attempt()
        if order.model.backend not in CLIENT_NAMED:
            return random
        number = max([order.earlier_runs, *self._used_up(order)]) + 1
        chosen = client_id(order.project_label, order.model.address, order.fingerprint, order.version, number)
        return with_client_id(chosen, random)

    def _used_up(self, order: Order) -> Iterator[int]:
        """The attempts of this version whose ids are taken although no run has them: deleted runs may keep theirs."""
        for intent in self._journal.entries():
            named = parse_client_id(client_id_of(intent.attempt))
            is_this = (intent.address, intent.version) == (order.model.address, order.version)
            if is_this and named and intent.status is IntentStatus.ABSENT and intent.reason.startswith(TAKEN):
                yield named.attempt

    def _intent(self, order: Order, attempt: str, request: CreateRequest) -> Intent:
        model = order.model
        return Intent(
            id=f"{address_label(model.address)}.v{order.version}.a{order.attempts}",
            address=model.address,
            backend=model.backend,
            project=model.project,
            location=model.location,
            version=order.version,
            attempts=order.attempts,
            attempt=attempt,
            fingerprint=order.fingerprint,
            body_digest=request.digest,
            body=order.remembered,
            datasets=order.datasets,
            estimated_usd=order.estimated_usd,
            prepared_at=stamp(self._clock.now()),
        )

    def settle(self, intent: Intent, submission: Submission) -> Receipt:
        """Record what an intent that was sent came to, as far as it is known."""
        if submission.outcome is Outcome.COMMITTED and submission.run is not None:
            committed = self._journal.commit(intent, submission.run.name, "reply")
            return Receipt(Outcome.COMMITTED, committed, run=submission.run)
        if submission.outcome in (Outcome.REFUSED, Outcome.NOT_SENT):
            closed = self._journal.close(intent, IntentStatus.REFUSED, _brief(submission.error))
            return Receipt(submission.outcome, closed, error=submission.error)
        doubtful = self._in_doubt(intent, submission)
        return Receipt(Outcome.IN_DOUBT, doubtful, error=submission.error, operation=submission.operation)

    def _in_doubt(self, intent: Intent, submission: Submission) -> Intent:
        """The intent with its reason. What helps to settle it later is noted in the journal too: the operation that it
        began as, a 500 INTERNAL, which has a remedy of its own, and an id that is taken by nothing.
        """
        error, operation = submission.error, submission.operation.name if submission.operation else ""
        code = _telling(error)
        reason = f"{code}: {_brief(error)}" if code else _brief(error)
        if not (code or operation):
            return replace(intent, reason=reason)
        try:
            return self._journal.note(intent, reason, operation)
        except StateError:
            # The doubt itself is durable already and must be told; only what would help will not be.
            return replace(intent, reason=reason)


def _request(provider: TuningProvider, order: Order, labels: Mapping[str, str], attempt: str) -> CreateRequest:
    if not order.rebase_from:
        return provider.create_request(order.model, body=order.body, labels=labels, attempt=attempt)
    if not isinstance(provider, Rebaser):
        raise TuneformError(f"{order.model.backend} cannot rebase a tuned model", where=str(order.model.address))
    return provider.rebase_request(
        order.model, body=order.body, labels=labels, attempt=attempt, source=order.rebase_from
    )


def _telling(error: Exception | None) -> str:
    """The code of an error that later passes have to know of."""
    if isinstance(error, AlreadyExists):
        return TAKEN
    return INTERNAL if isinstance(error, ServerFault) and error.code == INTERNAL else ""


def _brief(error: Exception | None) -> str:
    return str(error).split("\n", 1)[0][:300] if error else ""
