"""`tuneform emulator`: says where it listens, ends on Ctrl-C, and how to install it where it is missing."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

COMMAND = [sys.executable, "-m", "reconciler", "emulator"]


def test_it_prints_what_to_export_once_it_answers_and_ends_quietly(tmp_path: Path) -> None:
    command = [*COMMAND, "--port", "0", "--run-seconds", "2", "--data", str(tmp_path / "kept")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = ""
        for line in process.stdout:
            found = re.search(r"export TUNEFORM_EMULATOR=(http://127\.0\.0\.1:\d+)$", line.rstrip())
            if found:
                url = found[1]
                break
        with urllib.request.urlopen(f"{url}/v1/projects/p/locations/us-central1/tuningJobs") as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        _, trouble = process.communicate(timeout=120)
    assert process.returncode == 0
    assert trouble == ""
    assert (tmp_path / "kept").is_dir()


def test_a_port_that_is_taken_is_told() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [*COMMAND, "--port", str(taken.getsockname()[1])]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_its_libraries_it_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['uvicorn'] = sys.modules['starlette'] = None;"
        "from reconciler.cli.main import run; sys.exit(run(['emulator']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 1
    assert "pip install 'tuneform[emulator]'" in done.stderr
