"""Random histories through the real applier: whatever is edited, fails or dies, what serves goes on serving."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from functools import partial
from typing import Any

import httpx
import pytest

from reconciler.cloud.exchange import Session
from reconciler.state.store import StateStore
from tests.e2e.test_endpoints import declare, live
from tests.e2e.workshop import PROJECT, Workshop

STEPS = 14
ACTIVE = ("JOB_STATE_QUEUED", "JOB_STATE_PENDING", "JOB_STATE_RUNNING", "JOB_STATE_CANCELLING")
PASSES = "  gates: {metrics: [{name: /train_total_loss, max: 1000}]}\n"
FAILS = "  gates: {metrics: [{name: /train_total_loss, max: 0.000001}]}\n"


def die_at(writes: int, answered: bool) -> None:
    """Let this process die at that write, remote or of the state: before it is sent, or once it was answered."""
    left = [writes]

    def dying(owner: Any, method: str, counts: Any) -> None:
        whole = getattr(owner, method)

        def one(*arguments: Any, **named: Any) -> Any:
            is_last = False
            if counts(*arguments):
                left[0] -= 1
                is_last = left[0] < 0
            if is_last and not answered:
                os.kill(os.getpid(), signal.SIGKILL)
            done = whole(*arguments, **named)
            if is_last:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        setattr(owner, method, one)

    dying(Session, "send", lambda _, request, *__: request.method != "GET")
    dying(StateStore, "write", lambda *_: True)


class Life:
    """One project over time, and what it is found to be after every pass."""

    def __init__(self, workshop: Workshop, chance: random.Random) -> None:
        self.workshop, self.chance = workshop, chance
        self.epochs, self.gates, self.outcome = 2, PASSES, ""
        self.served = self.damaged = False
        workshop.project()
        project = (workshop.folder / "tuneform.yaml").read_text()
        workshop.write("tuneform.yaml", project.replace("maxConcurrentJobs: 20", "maxConcurrentJobs: 1"))
        workshop.dataset()
        self.write()
        declare(workshop, extra="  strategy: {type: canary, steps: [50, 100]}\n")

    def write(self) -> None:
        label = f", emulator-outcome: {self.outcome}" if self.outcome else ""
        self.workshop.model(epochs=self.epochs, labels=label, extra=self.gates)

    def happen(self) -> None:
        what = self.chance.choice(["edit", "edit", "gates", "outcome", "data", "lose", "empty", "traffic", "nothing"])
        if what == "edit":
            self.epochs = self.chance.randint(2, 5)
        elif what == "gates":
            self.gates = self.chance.choice([PASSES, FAILS])
        elif what == "outcome":
            self.outcome = self.chance.choice(["", "fail-data", "fail-internal"])
        elif what == "data":
            self.workshop.dataset(rows=self.chance.randint(20, 25))
        else:
            self.by_hand(what)
        self.write()

    def by_hand(self, what: str) -> None:
        for endpoint in live(self.workshop):
            deployed = endpoint.get("deployedModels", [])
            url = f"{self.workshop.url}/v1/{endpoint['name']}"
            if what == "traffic" and len(deployed) > 1:
                split = {d["id"]: p for d, p in zip(deployed, (70, 30), strict=False)}
                httpx.patch(url, params={"updateMask": "trafficSplit"}, json={"trafficSplit": split})
            elif what in ("lose", "empty"):
                self.damaged = True
                for one in deployed:
                    httpx.post(f"{url}:undeployModel", json={"deployedModelId": one["id"]}).raise_for_status()
                self.workshop.advance(5)
                if what == "lose":
                    httpx.delete(url).raise_for_status()
        self.workshop.advance(5)

    def apply(self) -> None:
        dies = self.chance.random() < 0.7
        prepare = partial(die_at, self.chance.randint(0, 3), self.chance.random() < 0.5) if dies else None
        done = self.workshop.apply(expect=None, prepare=prepare)
        assert done.returncode in (0, 3, 5, -signal.SIGKILL), f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        if done.returncode in (0, 3):
            self.damaged = False
        self.look()
        self.workshop.advance(60)

    def look(self) -> None:
        jobs = self.workshop.jobs()
        assert sum(job["state"] in ACTIVE for job in jobs) <= 1, "more runs than allowed"
        attempts = Counter(job["labels"]["tuneform-attempt"] for job in jobs)
        assert max(attempts.values(), default=1) == 1, "one attempt bought twice"
        told = self.workshop.run("output", "TunedModel/triage", "--format", "json", expect=None)
        assert told.returncode == 0 or not self.served, "what served is not known any more"
        if told.returncode == 0:
            self.served = True
            assert self.answers("TunedModel/triage") == 200
        for endpoint in [] if self.damaged else live(self.workshop):
            if endpoint.get("deployedModels"):
                assert sum(endpoint["trafficSplit"].values()) == 100

    def answers(self, address: str) -> int:
        told = self.workshop.run("output", address).stdout
        name = next(word for word in told.split() if word.startswith(("projects/", f"projects/{PROJECT}")))
        body = {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]}
        return httpx.post(f"{self.workshop.url}/v1/{name}:generateContent", json=body).status_code

    def mend(self) -> None:
        self.epochs, self.gates, self.outcome = 9, PASSES, ""
        self.write()
        self.workshop.apply("--wait", "--timeout", "60s")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6))
def test_what_served_goes_on_serving_and_in_the_end_nothing_is_left_to_do(workshop: Workshop, seed: int) -> None:
    life = Life(workshop, random.Random(seed))
    for _ in range(STEPS):
        life.happen()
        life.apply()
    life.mend()
    assert workshop.actions() == {}
    assert life.answers("TunedModel/triage") == 200
    assert life.answers("Endpoint/support") == 200
