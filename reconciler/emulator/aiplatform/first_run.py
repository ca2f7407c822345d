"""The first tuning of a project, which at Google can fail until the project is known to the service.

Google's advice for "Internal error encountered": create a dataset, wait some minutes, and try again.
"""

from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.google_errors import ApiError

WAIT_SECONDS = 300.0


def refuse_unprepared(memory: Memory, project: str, at: float) -> None:
    """Raises ApiError (500) where the first run fails and the project has had no dataset for long enough."""
    if not memory.options.first_run_fails:
        return
    since = memory.prepared.get(project)
    if since is None or at < since + WAIT_SECONDS:
        raise ApiError("INTERNAL", "Internal error encountered.")
