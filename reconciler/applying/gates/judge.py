"""Judges one finished version by every gate of its spec, and keeps the evidence in its record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from reconciler.applying.clock import Clock
from reconciler.applying.gates.dropped import judge_dropped
from reconciler.applying.gates.metric_gates import Rival, judge_metric
from reconciler.applying.gates.prompt_gate import judge_prompts
from reconciler.applying.gates.result import GateResult
from reconciler.applying.interrupt import Interrupt
from reconciler.applying.ledger import Ledger
from reconciler.core.desired import Desired, TunedModel
from reconciler.core.events import Event, EventSink
from reconciler.core.moments import stamp
from reconciler.core.plan import Change
from reconciler.core.prompts import Prompt, PromptFile
from reconciler.core.state import Record, Version
from reconciler.datasets.prompts import read_prompts
from reconciler.errors import SpecError, TuneformError
from reconciler.providers.protocol import TuningProvider
from reconciler.spec.fingerprint import evaluation_fingerprint


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges versions during one pass. Raises when something that a gate needs cannot be read; records nothing then."""

    desired: Desired
    ledger: Ledger
    provider: TuningProvider
    clock: Clock
    interrupt: Interrupt
    emit: EventSink

    def judge(self, change: Change, model: TunedModel) -> bool:
        """Whether the version passes every gate. The evidence is in the ledger afterwards."""
        record = self.ledger.record(model.address)
        version = record.version(change.version)
        if version is None:
            raise TuneformError("there is no such version to judge", where=str(model.address))
        file = self._prompt_file(model)
        results = list(self._results(model, record, version, file))
        passed = all(result.passed for result in results)
        evidence = {
            "digest": evaluation_fingerprint(model, self.desired.contents),
            "passed": passed,
            "at": stamp(self.clock.now()),
            "results": [result.as_evidence() for result in results],
            "datasets": [asdict(pin) for pin in version.datasets],
        }
        if file is not None:
            evidence["prompts"] = {"file": file.file, "digest": f"sha256:{file.sha256}"}
        judged = replace(version, evidence={**version.evidence, "gates": evidence})
        self.ledger.put_version(model.address, judged)
        self._tell(model, version, results, passed)
        return passed

    def _prompt_file(self, model: TunedModel) -> PromptFile | None:
        """The prompts as they were planned with. Raises SpecError for a broken line, before any is sent."""
        gate = model.gates.get("prompts")
        if gate is None:
            return None
        file, findings = read_prompts(gate["file"], root=self.desired.project.root)
        if file is None:
            raise SpecError(findings)
        if gate.get("digest") not in (None, f"sha256:{file.sha256}"):
            raise TuneformError(
                "the prompts were changed while apply ran", where=file.file, next_step="Run apply again."
            )
        return file

    def _results(
        self, model: TunedModel, record: Record, version: Version, file: PromptFile | None
    ) -> Iterator[GateResult]:
        yield from self._metric_results(model, record, version)
        most = model.gates.get("maxDroppedRatio")
        if most is not None:
            yield judge_dropped(self.ledger.observed.run(version.run), float(most))
        if file is not None:
            least = float(model.gates["prompts"].get("minPass", 1.0))
            yield judge_prompts(file, least, self._asks(version), self.interrupt)

    def _metric_results(self, model: TunedModel, record: Record, version: Version) -> Iterator[GateResult]:
        gates: list[Mapping[str, Any]] = list(model.gates.get("metrics", ()))
        if not gates:
            return
        candidate = self.provider.metrics(version)
        serving = record.serving
        rival = None
        if serving is not None and serving.number != version.number and any("maxRegression" in g for g in gates):
            rival = Rival(serving.number, self.provider.metrics(serving))
        for gate in gates:
            yield from judge_metric(gate, candidate, rival)

    def _asks(self, version: Version) -> Any:
        def ask(prompt: Prompt) -> Mapping[str, Any]:
            return self.provider.generate(version, prompt.contents, prompt.settings)

        return ask

    def _tell(self, model: TunedModel, version: Version, results: list[GateResult], passed: bool) -> None:
        for result in results:
            self.emit(
                Event(
                    "judged",
                    f"v{version.number} {'passes' if result.passed else 'FAILS'}: {result.detail}",
                    address=str(model.address),
                    fields={"version": version.number, **result.as_evidence()},
                )
            )
        outcome = "passed its gates" if passed else "did not pass its gates"
        self.emit(
            Event(
                "evaluated",
                f"v{version.number} {outcome}",
                address=str(model.address),
                fields={"version": version.number, "passed": passed},
            )
        )
