"""Takes the lock, says so, and keeps it until it is killed.

python -m tests.state.hold_lock PROJECT OPERATION
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from reconciler.state.local import LocalBackend
from reconciler.state.lock import Lock
from tests.state.builders import NOW

if __name__ == "__main__":
    with Lock(LocalBackend(Path("state"), Path(sys.argv[1])), now=lambda: NOW).held(sys.argv[2]):
        os.write(1, b"held\n")
        signal.pause()
