"""How long an empty plan of many models takes: `python -m tests.planning.speed [count]`."""

from __future__ import annotations

import sys
import time

from reconciler.core.desired import Desired
from reconciler.core.observed import Observed
from reconciler.core.plan import Plan
from reconciler.core.state import State
from reconciler.planning.absorb import absorb
from reconciler.planning.plan import make_plan
from tests.planning.build import (
    CATALOG,
    NOW,
    desired,
    live,
    model,
    observed,
    pin,
    record,
    run_of,
    state,
    stored,
    version,
)


def quiet_world(count: int) -> tuple[Desired, State, Observed]:
    """That many models, all tuned and serving."""
    specs = [model(f"m{number}", labels={"team": "support"}) for number in range(count)]
    versions = {spec.address: version(spec, datasets=(pin(),)) for spec in specs}
    known = state(*(record(spec, versions[spec.address], current=1) for spec in specs))
    seen = observed(
        *(run_of(spec, versions[spec.address]) for spec in specs),
        *(live(spec, versions[spec.address]) for spec in specs),
        stored(),
    )
    return desired(*specs), known, seen


def timed(want: Desired, known: State, seen: Observed) -> tuple[float, Plan]:
    """Seconds for absorb and make_plan together."""
    start = time.perf_counter()
    made = make_plan(want, absorb(known, seen, NOW), seen, CATALOG, NOW)
    return time.perf_counter() - start, made


if __name__ == "__main__":
    world = quiet_world(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    for _ in range(5):
        seconds, made = timed(*world)
        sys.stdout.write(f"{seconds:.3f} s, {len(made.changes)} changes\n")
