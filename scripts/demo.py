"""The main job, from spec to answer, against the embedded emulator: what `make demo` runs.

Works in `.demo/`, made anew each time, so that the example project stays as it is in git.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRATCH = ROOT / ".demo"
RUN_SECONDS = 6
TICKET = "My parcel was due on Monday and the tracking page has not moved since. Where is it?"


def main() -> int:
    started = time.monotonic()
    prepare()
    with emulator() as url:
        demo = Demo(url)
        demo.run()
    print(
        f"\nDone in {time.monotonic() - started:.0f} s. Everything above ran in {SCRATCH.name}/; look around in there."
    )
    return 0


def prepare() -> None:
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir()
    shutil.copy(ROOT / "tuneform.yaml", SCRATCH)
    shutil.copytree(ROOT / "specs", SCRATCH / "specs")


@contextmanager
def emulator() -> Iterator[str]:
    """A running emulator's address; it ends with the demo."""
    command = [sys.executable, "-m", "reconciler", "emulator", "--port", "0", "--run-seconds", str(RUN_SECONDS)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if "http://" in line:
                    yield "http://" + line.split("http://", 1)[1].split()[0].rstrip(".")
                    break
            else:
                raise SystemExit("the emulator did not start")
        finally:
            process.terminate()


class Demo:
    """The story, a command at a time."""

    def __init__(self, url: str) -> None:
        self.environ = {**os.environ, "TUNEFORM_EMULATOR": url, "GOOGLE_CLOUD_PROJECT": "acme-ml"}
        self.url = url

    def run(self) -> None:
        self.say("The specs are checked offline: fields, references, every row of every dataset.")
        self.tuneform("validate")
        self.say("What would happen? A plan reads, and writes nothing.")
        self.tuneform("plan")
        self.say("Apply uploads the datasets, starts both tuning jobs, each exactly once, and waits.")
        self.tuneform("apply", "--auto-approve", "--wait")
        self.say("Nothing is left to do.")
        self.tuneform("plan", "--detailed-exitcode")
        self.retune_that_fails_its_gate()
        self.retune_that_passes()
        self.rollback()
        self.ask()

    def retune_that_fails_its_gate(self) -> None:
        self.say("Somebody trains longer, and asks for a loss that this data cannot give.")
        self.edit("epochCount: 3", "epochCount: 4")
        self.edit("max: 0.9", "max: 0.1")
        self.say("The plan names the line that decides, says what it means, and what the new version costs.")
        self.tuneform("plan", "--detailed-exitcode", expect=2)
        self.say("v2 is tuned and judged. It does not pass, so v1 goes on serving; exit 3 says that something is held.")
        self.tuneform("apply", "--auto-approve", "--wait", expect=3)
        self.tuneform("status")

    def retune_that_passes(self) -> None:
        self.say(
            "The bound was a mistake. With the old one v2 is judged again, passes and takes over; nothing is tuned."
        )
        self.edit("max: 0.1", "max: 0.9")
        self.tuneform("apply", "--auto-approve", "--wait")

    def rollback(self) -> None:
        self.say("The longer training is reverted: v1 is still there, so that is a rollback, at no cost.")
        self.edit("epochCount: 4", "epochCount: 3")
        self.tuneform("plan", "--detailed-exitcode", expect=2)
        self.tuneform("apply", "--auto-approve", "--wait")
        self.tuneform("status")

    def edit(self, old: str, new: str) -> None:
        """Change one line of the model's spec, and show it."""
        spec = SCRATCH / "specs/triage.yaml"
        text = spec.read_text()
        if text.count(old) != 1:
            raise SystemExit(f"{old!r} should stand once in {spec.name}")
        spec.write_text(text.replace(old, new))
        print(f"  {spec.relative_to(SCRATCH)}: {old}  ->  {new}", flush=True)

    def ask(self) -> None:
        self.say("An application asks for the endpoint it should call, and calls it.")
        shown = self.tuneform("output", "TunedModel/support-triage", "--format", "json", captured=True)
        endpoint = json.loads(shown)["endpoint"]
        body = {"contents": [{"role": "user", "parts": [{"text": TICKET}]}]}
        request = urllib.request.Request(
            f"{self.url}/v1/{endpoint}:generateContent",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            parts = json.load(answer)["candidates"][0]["content"]["parts"]
        print(f"$ POST {endpoint}:generateContent\n  > {TICKET}\n  < {parts[0]['text']}", flush=True)

    def tuneform(self, *arguments: str, expect: int = 0, captured: bool = False) -> str:
        """Run one command as a person would; with `captured` its output is returned as well as shown."""
        print(f"\n$ tuneform {' '.join(arguments)}", flush=True)
        command = [sys.executable, "-m", "reconciler", *arguments]
        stdout = subprocess.PIPE if captured else None
        done = subprocess.run(command, cwd=SCRATCH, env=self.environ, stdout=stdout, text=True, check=False)
        if captured:
            print(done.stdout, end="", flush=True)
        if done.returncode != expect:
            raise SystemExit(f"tuneform {arguments[0]} ended with {done.returncode}, expected {expect}")
        return done.stdout or ""

    def say(self, text: str) -> None:
        print(f"\n# {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
