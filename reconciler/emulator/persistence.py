"""Keeping the world in a folder between starts.

Each part is a file of its own, named with its revision; `world.json` names the files that belong together and is
replaced in one step, so that a start after any kind of end finds one consistent world.
"""

import fcntl
import os
import time
from pathlib import Path
from typing import Any, TextIO

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.emulator.world import World

FORMAT = 2
INDEX = "world.json"
# A large world is saved less often: saving takes at most about a tenth of the time.
PAUSE = 10


class StartError(Exception):
    """The emulator cannot start; the text says why and what to do."""


class Keeper:
    """Saves a world into a folder. Holds the folder until `close`; see `open_folder`."""

    def __init__(self, world: World, folder: Path, lock: TextIO) -> None:
        self._world = world
        self._folder = folder
        self._lock = lock
        self._saved: dict[str, int] = {}
        self._saved_offset: float | None = None
        self._next_save = 0.0

    def save_if_changed(self, *, at_once: bool = False) -> None:
        """Write the parts that changed since the last time, unless that was a moment ago. Raises OSError."""
        revisions = {name: part.revision for name, part in self._world.parts().items()}
        began = time.monotonic()
        unchanged = revisions == self._saved and self._world.clock.offset == self._saved_offset
        if unchanged or (began < self._next_save and not at_once):
            return
        files = {name: f"{name}-{revision}.json" for name, revision in revisions.items()}
        for name, part in self._world.parts().items():
            if self._saved.get(name) != revisions[name]:
                self._write(files[name], part.snapshot())
        clock = {"offset": self._world.clock.offset}
        self._write(INDEX, {"format": FORMAT, "clock": clock, "parts": files})
        self._remove_all_but({*files.values(), INDEX})
        self._saved, self._saved_offset = revisions, self._world.clock.offset
        self._next_save = time.monotonic() + PAUSE * (time.monotonic() - began)

    def close(self) -> None:
        """Save what is left, and let go of the folder."""
        self.save_if_changed(at_once=True)
        self._lock.close()

    def _write(self, name: str, values: dict[str, Any]) -> None:
        temporary = self._folder / f"{name}.tmp"
        temporary.write_bytes(orjson.dumps(values, option=orjson.OPT_NON_STR_KEYS))
        temporary.replace(self._folder / name)

    def _remove_all_but(self, names: set[str]) -> None:
        for path in self._folder.glob("*.json"):
            if path.name not in names:
                path.unlink()


def open_folder(world: World, folder: Path) -> Keeper:
    """Take hold of a folder, creating it, and bring back what it has.

    Raises StartError if another emulator has it, or if it cannot be used or read.
    """
    lock = _take_hold(folder)
    try:
        _load(world, folder)
    except StartError:
        lock.close()
        raise
    return Keeper(world, folder, lock)


def _load(world: World, folder: Path) -> None:
    index = folder / INDEX
    if not index.exists():
        return
    try:
        saved = orjson.loads(index.read_bytes())
        if saved["format"] != FORMAT:
            raise StartError(f"{index} has format {saved['format']}; this emulator reads {FORMAT}. Use its own.")
        world.clock.restore(saved["clock"]["offset"])
        for name, part in world.parts().items():
            part.restore(orjson.loads((folder / saved["parts"][name]).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        text = f"{index} cannot be read ({type(error).__name__}: {error}). Remove {folder} to start afresh."
        raise StartError(text) from error


def _take_hold(folder: Path) -> TextIO:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise StartError(f"{folder} cannot be used to keep data: {error.strerror}.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StartError(f"Another emulator keeps its data in {folder}. Stop it, or name another folder.") from error
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


class KeepingMiddleware:
    """Saves the world before an answer goes out, so that what was answered is there after a restart."""

    def __init__(self, app: ASGIApp, keeper: Keeper) -> None:
        self._app = app
        self._keeper = keeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def saving(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._keeper.save_if_changed()
            await send(message)

        await self._app(scope, receive, saving if scope["type"] == "http" else send)
