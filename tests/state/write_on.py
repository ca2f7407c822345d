"""Writes one state after the other until it is killed.

python -m tests.state.write_on PROJECT
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from reconciler.core.address import Address
from reconciler.core.state import Record
from tests.state.builders import record, retag, store_in


def numbered(serial: int) -> Record:
    """What the state of that serial holds."""
    return retag(record(Address("TunedModel", "m")), f"written with serial {serial}")


if __name__ == "__main__":
    store = store_in(Path(sys.argv[1]))
    base = store.read()
    for serial in itertools.count(base.serial + 1):
        base = store.write(base.with_record(numbered(serial)), base)
