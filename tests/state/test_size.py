"""A large project: reading and writing its state must not be what people wait for."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from reconciler.core.address import Address
from tests.state.builders import record, retag, state_of, store_in

MODELS = 10_000


def seconds(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


@pytest.mark.long
def test_ten_thousand_models_are_read_in_half_a_second_and_written_in_less_than_one(project: Path) -> None:
    store = store_in(project)
    base = store.read()
    many = state_of(*(record(Address("TunedModel", f"m{number}")) for number in range(MODELS)))
    base = store.write(many, base)
    reads, writes = [], []
    for number in range(5):
        reads.append(seconds(store_in(project).read))
        base = store.read()
        changed = base.with_record(retag(record(Address("TunedModel", "m7")), f"{number}"))
        writes.append(seconds(lambda: store.write(changed, base)))  # noqa: B023
    assert median(reads) < 0.5
    assert median(writes) < 0.7
