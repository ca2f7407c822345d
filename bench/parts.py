"""The parts that grow with a project, inside one process, each beside the plainest code for the same data."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import httpx
from deepdiff import DeepDiff

from reconciler.core.address import Address
from reconciler.core.desired import Desired
from reconciler.core.observed import Observed
from reconciler.core.state import State
from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from reconciler.planning.absorb import absorb
from reconciler.planning.drift import audit
from reconciler.planning.plan import make_plan
from reconciler.state.local import LocalBackend
from reconciler.state.store import StateStore
from tests.emulator.vertex import job_body
from tests.planning import build
from tests.state import builders

COLUMNS = ("models", "part", "seconds", "peer", "seconds", "ratio")


def report(count: int, runs: int) -> None:
    """Print a line for each part, for that many models."""
    print("\n" + _line(*COLUMNS))
    for part, ours, peer, theirs in _parts(count, runs):
        print(_line(str(count), part, f"{ours:.3f}", peer, f"{theirs:.3f}", f"{ours / theirs:.2f} x"), flush=True)


def _parts(count: int, runs: int) -> Iterator[tuple[str, float, str, float]]:
    yield from _state(count, runs)
    yield _planning(count, runs)
    yield _audit(count, runs)
    yield from _emulator(runs)


def _line(*cells: str) -> str:
    widths = (8, 22, 9, 34, 9, 9)
    return "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def _state(count: int, runs: int) -> tuple[tuple[str, float, str, float], ...]:
    """Reading and writing the state file, beside json and sha256 from the standard library over the same bytes."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)

        def opened() -> StateStore:
            return StateStore(LocalBackend(Path("state"), folder), now=lambda: builders.NOW, new_lineage=lambda: "0f0e")

        many = builders.state_of(*(builders.record(Address("TunedModel", f"m{n}")) for n in range(count)))
        store = opened()
        store.write(many, store.read())
        changes = iter(range(10**6))

        def write() -> None:
            base = store.read()
            again = builders.retag(builders.record(Address("TunedModel", "m7")), str(next(changes)))
            store.write(base.with_record(again), base)

        read = _median(lambda: opened().read(), runs)
        both = _median(write, runs)
        file = folder / "state" / "state.json"
        plain_read = _median(lambda: (sha256(file.read_bytes()), json.loads(file.read_bytes())), runs)
        whole = json.loads(file.read_bytes())
        plain_write = _median(lambda: Path(scratch, "plain").write_text(json.dumps(whole)), runs)
    return (
        ("state read", read, "json.loads and sha256", plain_read),
        ("state read and written", both, "json.loads, sha256, json.dumps", plain_read + plain_write),
    )


def _planning(count: int, runs: int) -> tuple[str, float, str, float]:
    """absorb and make_plan where nothing is to be done, beside DeepDiff over the declared and the live bodies."""
    want, known, seen = _quiet_world(count)

    def plan() -> None:
        made = make_plan(want, absorb(known, seen, build.NOW), seen, build.CATALOG, build.NOW)
        if not made.is_empty:
            raise SystemExit("the plan should have been empty")

    declared = [dict(model.body) for model in want.models.values()]
    live = [dict(run.body) for run in seen.runs.values()]
    return "an empty plan", _median(plan, runs), "DeepDiff of the bodies", _median(lambda: _diff(declared, live), runs)


def _audit(count: int, runs: int) -> tuple[str, float, str, float]:
    """An audit in which nothing has drifted, beside DeepDiff over the declared and the live bodies."""
    want, known, seen = _quiet_world(count)

    def look() -> None:
        if audit(want, known, seen, build.CATALOG, build.NOW).items:
            raise SystemExit("nothing should have drifted")

    declared = [dict(model.body) for model in want.models.values()]
    live = [dict(run.body) for run in seen.runs.values()]
    return "an audit", _median(look, runs), "DeepDiff of the bodies", _median(lambda: _diff(declared, live), runs)


def _diff(declared: list[dict[str, object]], live: list[dict[str, object]]) -> None:
    for ours, theirs in zip(declared, live, strict=True):
        DeepDiff(ours, theirs)


def _quiet_world(count: int) -> tuple[Desired, State, Observed]:
    """That many models, all tuned and serving."""
    specs = [build.model(f"m{number}", labels={"team": "support"}) for number in range(count)]
    versions = {spec.address: build.version(spec, datasets=(build.pin(),)) for spec in specs}
    known = build.state(*(build.record(spec, versions[spec.address], current=1) for spec in specs))
    seen = build.observed(
        *(build.run_of(spec, versions[spec.address]) for spec in specs),
        *(build.live(spec, versions[spec.address]) for spec in specs),
        build.stored(),
    )
    return build.desired(*specs), known, seen


def _emulator(runs: int) -> tuple[tuple[str, float, str, float], ...]:
    """A page of a list with many jobs beside one with few."""
    with RunningEmulator(Options()) as emulator, httpx.Client(base_url=emulator.url) as http:

        def page() -> None:
            path = "/v1/projects/acme-ml/locations/us-central1/tuningJobs"
            http.get(path, params={"pageSize": 100}).raise_for_status()

        emulator.admin.seed("acme-ml", "us-central1", [job_body()], count=100)
        few = _median(page, runs)
        emulator.admin.seed("acme-ml", "us-central1", [job_body()], count=9_900)
        return (("a page of 10,000 jobs", _median(page, runs), "a page of 100 jobs", few),)


def _median(action: Callable[[], object], runs: int) -> float:
    """Seconds; one warm-up run is not counted."""
    action()
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        action()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)
