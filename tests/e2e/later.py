"""`tuneform` in a process whose clock is ahead, for what happens only after a minute or a month.

    python -m tests.e2e.later SECONDS apply --auto-approve

The code under test is not changed, only its clock. The emulator's own time stays what it is.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from reconciler.applying.clock import SystemClock

if __name__ == "__main__":
    ahead = timedelta(seconds=float(sys.argv[1]))

    def later(_: SystemClock) -> datetime:
        return datetime.now(UTC) + ahead

    setattr(SystemClock, "now", later)  # noqa: B010 - a plain assignment to a method is no valid type
    sys.argv = ["tuneform", *sys.argv[2:]]
    from reconciler.cli.main import main

    main()
