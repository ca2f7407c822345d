"""What became of creates that were sent and not settled.

A PREPARED intent was never sent and is abandoned. For a SENDING one every page of the location's runs is listed and
the attempt label, or the id of our choice, is matched on this side: found is adopted, absent is believed only after
the window has passed and two complete lists agree. Anything less stays in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.applying.clock import Clock
from reconciler.applying.creating import TAKEN
from reconciler.applying.first_run import REMEDY, advice_in_doubt, may_be_first_run
from reconciler.applying.following import outcome_of
from reconciler.core.client_ids import is_attempt
from reconciler.core.desired import Backend
from reconciler.core.events import Event, EventSink
from reconciler.core.labels import ATTEMPT
from reconciler.core.moments import parse_moment
from reconciler.core.observed import Run
from reconciler.core.state import Intent, IntentStatus, State
from reconciler.errors import CloudError, InDoubt, NotFound
from reconciler.providers.protocol import Outcome, Submission, TuningProvider
from reconciler.state.journal import Journal


@dataclass(frozen=True, slots=True)
class Patience:
    """How doubt is waited out. `list_gap` parts the two lists; `at_most` is what a pass may spend waiting, seconds."""

    list_gap: float = 30.0
    at_most: float = 10.0


class Recovery:
    """Settles open intents. `judge` is the time by which windows are judged: the server's, where it is known."""

    def __init__(
        self,
        journal: Journal,
        providers: Mapping[Backend, TuningProvider],
        *,
        clock: Clock,
        judge: Callable[[], datetime],
        patience: Patience,
        emit: EventSink,
    ) -> None:
        self._journal = journal
        self._providers = providers
        self._clock = clock
        self._judge = judge
        self._patience = patience
        self._emit = emit

    def settle_all(self, state: State) -> tuple[State, tuple[InDoubt, ...]]:
        """The state with every open intent settled as far as can be, and the doubts that remain."""
        settled: list[Intent] = []
        doubts: list[InDoubt] = []
        for intent in state.intents:
            if not intent.is_open:
                settled.append(intent)
                continue
            try:
                settled.append(self.settle(intent))
            except InDoubt as doubt:
                settled.append(intent)
                doubts.append(doubt)
        return replace(state, intents=tuple(settled)), tuple(doubts)

    def settle(self, intent: Intent) -> Intent:
        """One intent's end. Raises InDoubt, saying when it can be decided, while nothing is certain."""
        if intent.status is IntentStatus.PREPARED:
            return self._journal.close(intent, IntentStatus.ABANDONED, "found prepared and never sent")
        found = self._matching(intent)
        told = None if found else self._told_by_operation(intent)
        if told is not None and told.run is None:
            return self._journal.close(intent, IntentStatus.REFUSED, str(told.error).split("\n", 1)[0][:300])
        if told is not None and told.run is not None:
            found = [told.run]
        if not found and self._wait_for_window(intent):
            found = self._matching(intent)
            if not found:
                self._clock.sleep(self._patience.list_gap)
                found = self._matching(intent)
            if not found:
                self._tell_remedy(intent)
                return self._journal.close(intent, IntentStatus.ABSENT, _absence(intent))
        if not found:
            raise self._doubt(intent, "no run of this attempt is listed yet")
        return self._adopt(intent, found)

    def _tell_remedy(self, intent: Intent) -> None:
        if may_be_first_run(intent):
            self._emit(Event("warning", REMEDY, address=str(intent.address)))

    def _adopt(self, intent: Intent, found: Sequence[Run]) -> Intent:
        oldest, *others = sorted(found, key=lambda run: (run.created_at, run.name))
        for other in others:
            self._emit(
                Event(
                    "warning",
                    f"{other.name} carries the same attempt as {oldest.name}: the request was replayed on its way. "
                    "It is left alone; cancel it by hand if it still runs.",
                    address=str(intent.address),
                )
            )
        committed = self._journal.commit(intent, oldest.name, "recovered")
        self._emit(
            Event(
                "recovered",
                f"found {oldest.name}, created by an earlier attempt whose answer was lost",
                address=str(intent.address),
                fields={"run": oldest.name, "version": intent.version},
            )
        )
        return committed

    def _matching(self, intent: Intent) -> list[Run]:
        provider = self._providers[intent.backend]
        try:
            runs = provider.runs_in(intent.project, intent.location)
        except CloudError as error:
            raise self._doubt(intent, f"the runs cannot be listed: {error.what}") from error
        return [run for run in runs if is_attempt(run.labels.get(ATTEMPT, ""), intent.attempt)]

    def _told_by_operation(self, intent: Intent) -> Submission | None:
        """What the operation says that a create began as; None where there is none or it tells nothing.

        Raises InDoubt while it may still name a run: no window says anything about that.
        """
        if not intent.operation:
            return None
        provider = self._providers[intent.backend]
        try:
            operation = provider.operation(intent.operation)
        except NotFound:
            return None
        except CloudError as error:
            raise self._doubt(intent, f"{intent.operation} cannot be asked after: {error.what}") from error
        told = outcome_of(provider, operation)
        if told.outcome is not Outcome.IN_DOUBT:
            return told
        if operation.error is None:
            raise self._doubt(intent, str(told.error).split("\n", 1)[0])
        return None

    def _wait_for_window(self, intent: Intent) -> bool:
        """Whether absence may be judged, after waiting for it if the wait is short."""
        decidable = parse_moment(intent.decide_at)
        if decidable is None:
            raise self._doubt(intent, "its journal entry does not say from when absence may be believed")
        left = (decidable - self._judge()).total_seconds()
        if 0 < left <= self._patience.at_most:
            self._clock.sleep(left)
            return True
        return left <= 0

    def _doubt(self, intent: Intent, why: str) -> InDoubt:
        return InDoubt(
            f"a create was sent at {intent.sent_at} and its outcome is not known: {why}",
            where=str(intent.address),
            next_step=f"Run apply again after {intent.decide_at}; until then nothing is bought for this address."
            f"{advice_in_doubt(intent)}",
        )


def _absence(intent: Intent) -> str:
    """Why there is no run, and whether its id is used up all the same."""
    why = "two complete lists after the window"
    return f"{TAKEN}: {why}" if intent.reason.startswith(TAKEN) else why
