"""Many processes at the same moment: one comes through, the others are told, nobody sees half of anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.state.builders import store_in
from tests.state.conftest import Processes
from tests.state.write_on import numbered

RACES = {
    "create": "make the same file",
    "swap": "replace the same content",
    "write": "write the next state",
    "prepare": "decide the same create",
    "send": "send the same create",
    "lock": "take the lock",
}


@pytest.mark.parametrize("race", RACES, ids=[words.replace(" ", "-") for words in RACES.values()])
def test_of_eight_processes_exactly_one_may(processes: Processes, quick_disk: Path, race: str) -> None:
    assert processes.answer("races", quick_disk, race, 10) == [1] * 10


@pytest.mark.long
@pytest.mark.parametrize("race", RACES, ids=[words.replace(" ", "-") for words in RACES.values()])
def test_of_eight_processes_exactly_one_may_a_thousand_times(processes: Processes, quick_disk: Path, race: str) -> None:
    assert processes.answer("races", quick_disk, race, 1000) == [1] * 1000


def test_a_plan_that_reads_while_an_apply_writes_sees_whole_states_that_only_rise(
    processes: Processes, quick_disk: Path
) -> None:
    reader, last = store_in(quick_disk), 0
    with processes.running("write_on", quick_disk):
        while last < 100:
            state = reader.read()
            assert list(state.resources.values()) == [numbered(state.serial)] * min(state.serial, 1)
            assert state.serial >= last
            last = state.serial
