"""`python -m reconciler.emulator --port N --run-seconds S --data DIR`."""

import argparse
import sys
from pathlib import Path

from reconciler.emulator.options import Options
from reconciler.emulator.persistence import StartError
from reconciler.emulator.server import serve


def main() -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m reconciler.emulator", description="Google's tuning APIs, locally.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--run-seconds", type=float, default=20.0, help="how long a tuning job takes")
    parser.add_argument("--data", type=Path, help="folder in which everything is kept between starts")
    given = parser.parse_args()
    options = Options(run_seconds=given.run_seconds, data_dir=given.data)
    try:
        serve(options, port=given.port, ready=_announce)
    except StartError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    return 0


def _announce(port: int) -> None:
    sys.stdout.write(f"Listening on http://127.0.0.1:{port}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
