"""The experiment of a run in the metadata store: where a client that wants metrics begins.

Derived from the tuning jobs; nothing is stored.
"""

from typing import Any

from reconciler.emulator.aiplatform.call import Answer, Call, Handler, Typed
from reconciler.emulator.aiplatform.filters import Fields, compile_filter
from reconciler.emulator.aiplatform.names import Parent, project_number
from reconciler.emulator.aiplatform.paging import slice_page
from reconciler.emulator.aiplatform.records import Job
from reconciler.emulator.aiplatform.rendering import write
from reconciler.emulator.google_errors import not_found

RUN = "run"
STORE = "default"


def board_id(parent: Parent) -> str:
    """Each project has one default tensorboard in a location."""
    return str(int(project_number(f"{parent.project}-{parent.location}")) + 10**17)


def board_name(parent: Parent) -> str:
    """The full name of the tensorboard."""
    return parent.name("tensorboards", board_id(parent))


def find_experiment(call: Call, experiment: str, kind: str = "TensorboardExperiment") -> Job:
    """The job that writes to an experiment. Raises ApiError (404)."""
    site = call.memory.site(call.parent)
    job = site.jobs.get(site.experiments.get(experiment, ""))
    if job is None:
        raise not_found(kind, experiment)
    return job


def run_name(call: Call, experiment: str) -> str:
    """The full name of the tensorboard run of an experiment; there is one."""
    return f"{board_name(call.parent)}/experiments/{experiment}/runs/{RUN}"


def _context(call: Call, experiment: str, job: Job) -> dict[str, Any]:
    return {
        "name": call.parent.name("metadataStores", f"{STORE}/contexts/{experiment}"),
        "displayName": experiment,
        "schemaTitle": "system.Experiment",
        "schemaVersion": "0.0.1",
        "createTime": job.wire["startTime"],
        "updateTime": job.wire["startTime"],
        "metadata": {"experiment_deleted": False, "backing_tensorboard_resource": board_name(call.parent)},
    }


def _run_context(call: Call, experiment: str, job: Job) -> dict[str, Any]:
    return {
        "name": call.parent.name("metadataStores", f"{STORE}/contexts/{experiment}-{RUN}"),
        "displayName": RUN,
        "schemaTitle": "system.ExperimentRun",
        "schemaVersion": "0.0.1",
        "createTime": job.wire["startTime"],
        "updateTime": job.wire["startTime"],
        "parentContexts": [call.parent.name("metadataStores", f"{STORE}/contexts/{experiment}")],
        "metadata": {"_tensorboard_run": run_name(call, experiment)},
    }


def _get_context(call: Call) -> Answer:
    _check_store(call)
    context = call.ids["contexts"]
    if context.endswith(f"-{RUN}"):
        experiment = context.removesuffix(f"-{RUN}")
        return Typed(_run_context(call, experiment, find_experiment(call, experiment, "Context")))
    return Typed(_context(call, context, find_experiment(call, context, "Context")))


def _list_contexts(call: Call) -> Answer:
    _check_store(call)
    matches = compile_filter(call.query.get("filter", ""), _context_fields(call))
    site = call.memory.site(call.parent)
    contexts = []
    for experiment, job_id in reversed(site.experiments.items()):
        job = site.jobs.get(job_id)
        if job is not None:
            contexts += [_run_context(call, experiment, job), _context(call, experiment, job)]
    kept = [context for context in contexts if matches is None or matches(context)]
    return slice_page(call, "contexts", [write(call.api, "Context", context) for context in kept], handled=("filter",))


def _check_store(call: Call) -> None:
    if call.ids["metadataStores"] != STORE:
        raise not_found("MetadataStore", call.parent.name("metadataStores", call.ids["metadataStores"]))


def _context_fields(call: Call) -> Fields:
    """Parents may be named with the project as the URL has it, or by its number."""
    by_number, as_asked = (f"projects/{project}/" for project in (call.parent.project, call.ids["projects"]))

    def lookup(context: dict[str, Any], field: str) -> Any:
        if field == "parent_contexts":
            parents = context.get("parentContexts", [])
            return [*parents, *(name.replace(by_number, as_asked, 1) for name in parents)]
        return context["schemaTitle" if field == "schema_title" else "displayName"]

    return Fields(frozenset({"schema_title", "display_name", "parent_contexts"}), lookup)


METHODS: dict[str, Handler] = {
    "metadataStores.contexts.get": _get_context,
    "metadataStores.contexts.list": _list_contexts,
}
