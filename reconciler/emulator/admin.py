"""Steering the emulator from a test: `/_emulator/clock`, `/_emulator/reset`, `/_emulator/seed`.

GET  clock                                                 -> {"now": "2026-…Z", "offset": 0.0}
POST clock {"advance": 30}                                 let 30 seconds pass at once
POST reset                                                 forget everything but the time
POST seed  {"project", "location", "jobs": […], "count"}   finished jobs with models and endpoints, from TuningJob
                                                           bodies taken in turn; `count` may be left out
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.emulator.aiplatform.names import parent
from reconciler.emulator.aiplatform.seeding import seed_jobs
from reconciler.emulator.clock import timestamp
from reconciler.emulator.google_errors import ApiError, invalid_argument
from reconciler.emulator.json_body import parse_object
from reconciler.emulator.world import World

PREFIX = "/_emulator/"
MAX_SEEDED = 200_000


class AdminRoutes:
    """Handlers take the request's JSON object and answer one; each may raise ApiError."""

    def __init__(self, world: World, forget: Sequence[Callable[[], None]]) -> None:
        """`forget`: what a reset calls beside the world's own."""
        self._world = world
        self._forget = forget

    def routes(self) -> list[Route]:
        """The routes under `/_emulator/` that concern the world."""
        return [
            Route(f"{PREFIX}clock", answering(self.clock), methods=["GET"]),
            Route(f"{PREFIX}clock", answering(self.advance), methods=["POST"]),
            Route(f"{PREFIX}reset", answering(self.reset), methods=["POST"]),
            Route(f"{PREFIX}seed", answering(self.seed), methods=["POST"]),
        ]

    def clock(self, _: dict[str, Any]) -> dict[str, Any]:
        """The virtual time."""
        return {"now": timestamp(self._world.clock.now()), "offset": self._world.clock.offset}

    def advance(self, body: dict[str, Any]) -> dict[str, Any]:
        """Let time pass, and what is due by then happen."""
        seconds = body.get("advance")
        if not isinstance(seconds, int | float) or isinstance(seconds, bool):
            raise invalid_argument(f"advance must be a number of seconds, not {seconds!r}.")
        try:
            self._world.clock.advance(seconds)
        except ValueError as error:
            raise invalid_argument(str(error)) from error
        self._world.settle()
        return self.clock({})

    def reset(self, _: dict[str, Any]) -> dict[str, Any]:
        """Forget everything but the time."""
        for forget in (self._world.reset, *self._forget):
            forget()
        return {}

    def seed(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make finished jobs."""
        project, location, jobs = body.get("project"), body.get("location"), body.get("jobs")
        if not isinstance(project, str) or not isinstance(location, str):
            raise invalid_argument("project and location are required.")
        if not isinstance(jobs, list) or not jobs or not all(isinstance(job, dict) for job in jobs):
            raise invalid_argument("jobs must be a list of TuningJob bodies.")
        count = body.get("count", len(jobs))
        if not isinstance(count, int) or not 0 <= count <= MAX_SEEDED:
            raise invalid_argument(f"count must be a number from 0 to {MAX_SEEDED}, not {count!r}.")
        self._world.settle()
        names = seed_jobs(self._world.aiplatform.memory, parent(project, location), jobs, count)
        return {"count": len(names), "names": names}


def answering(
    handle: Callable[[dict[str, Any]], dict[str, Any]],
) -> Callable[[Request], Awaitable[Response]]:
    """A route's function for a handler of JSON objects."""

    async def answer(request: Request) -> Response:
        try:
            return Response(orjson.dumps(handle(parse_object(await request.body()))), media_type="application/json")
        except ApiError as error:
            return Response(orjson.dumps(error.body()), error.http_status, media_type="application/json")

    return answer
