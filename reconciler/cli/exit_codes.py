"""What the process tells its caller; the numbers are the contract's."""

DONE = 0
ERROR = 1
CHANGES = 2
HELD = 3
PENDING = 4
INCOMPLETE = 5
USAGE = 64
INTERRUPTED = 130
