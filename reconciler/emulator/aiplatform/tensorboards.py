"""Reading a run's metrics as tensorboard time series: board, experiment, run, series, points.

Derived from the tuning jobs; nothing is stored.
"""

from typing import Any

import orjson

from reconciler.emulator.aiplatform.call import Answer, Call, Handler, Raw, Typed
from reconciler.emulator.aiplatform.curves import Curve, curves_of, points
from reconciler.emulator.aiplatform.experiments import RUN, board_id, board_name, find_experiment, run_name
from reconciler.emulator.aiplatform.filters import Fields, compile_filter
from reconciler.emulator.aiplatform.names import with_project_number
from reconciler.emulator.aiplatform.paging import slice_page
from reconciler.emulator.aiplatform.progress import trained_share
from reconciler.emulator.aiplatform.records import Job
from reconciler.emulator.aiplatform.rendering import write
from reconciler.emulator.clock import timestamp
from reconciler.emulator.google_errors import invalid_argument, not_found


def _check_board(call: Call) -> None:
    if call.ids["tensorboards"] != board_id(call.parent):
        raise not_found("Tensorboard", call.parent.name("tensorboards", call.ids["tensorboards"]))


def _board(call: Call) -> dict[str, Any]:
    runs = len(call.memory.site(call.parent).experiments)
    return {"name": board_name(call.parent), "displayName": "Default", "isDefault": True, "runCount": runs}


def _get_board(call: Call) -> Answer:
    _check_board(call)
    return Typed(_board(call))


def _list_boards(call: Call) -> Answer:
    return slice_page(call, "tensorboards", [write(call.api, "Tensorboard", _board(call))])


def _experiment_wire(call: Call, experiment: str, job: Job) -> dict[str, Any]:
    name = f"{board_name(call.parent)}/experiments/{experiment}"
    started = job.wire["startTime"]
    return {"name": name, "displayName": experiment, "createTime": started, "updateTime": started}


def _get_experiment(call: Call) -> Answer:
    _check_board(call)
    experiment = call.ids["experiments"]
    return Typed(_experiment_wire(call, experiment, find_experiment(call, experiment)))


def _list_experiments(call: Call) -> Answer:
    _check_board(call)
    site = call.memory.site(call.parent)
    jobs = ((experiment, site.jobs.get(job_id)) for experiment, job_id in reversed(site.experiments.items()))
    wires = [_experiment_wire(call, experiment, job) for experiment, job in jobs if job is not None]
    items = [write(call.api, "TensorboardExperiment", wire) for wire in wires]
    return slice_page(call, "tensorboardExperiments", items)


def _run_wire(call: Call, job: Job) -> dict[str, Any]:
    started = job.wire["startTime"]
    name = run_name(call, call.ids["experiments"])
    return {"name": name, "displayName": RUN, "createTime": started, "updateTime": started}


def _run_of(call: Call) -> Job:
    """The job of the run in the URL."""
    _check_board(call)
    job = find_experiment(call, call.ids["experiments"])
    if call.ids.get("runs", RUN) != RUN:
        raise not_found("TensorboardRun", call.ids["runs"])
    return job


def _get_run(call: Call) -> Answer:
    return Typed(_run_wire(call, _run_of(call)))


def _list_runs(call: Call) -> Answer:
    item = write(call.api, "TensorboardRun", _run_wire(call, _run_of(call)))
    return slice_page(call, "tensorboardRuns", [item])


def _series_id(curve: Curve, job: Job) -> str:
    return f"{job.id[:10]}{[c.name for c in curves_of(job)].index(curve.name):02}"


def _series_wire(call: Call, job: Job, curve: Curve) -> dict[str, Any]:
    last = max((step for step, _, _ in points(call.memory, job, curve, trained_share(job, call.now))), default=0)
    return {
        "name": f"{run_name(call, call.ids['experiments'])}/timeSeries/{_series_id(curve, job)}",
        "displayName": curve.name,
        "valueType": "SCALAR",
        "pluginName": "scalars",
        "createTime": job.wire["startTime"],
        "updateTime": job.wire["updateTime"],
        "metadata": {"maxStep": str(last)},
    }


def _find_curve(job: Job, series_id: str) -> Curve:
    for curve in curves_of(job):
        if _series_id(curve, job) == series_id:
            return curve
    raise not_found("TensorboardTimeSeries", series_id)


def _get_series(call: Call) -> Answer:
    job = _run_of(call)
    return Typed(_series_wire(call, job, _find_curve(job, call.ids["timeSeries"])))


def _list_series(call: Call) -> Answer:
    job = _run_of(call)
    matches = compile_filter(call.query.get("filter", ""), SERIES_FIELDS)
    wires = [_series_wire(call, job, curve) for curve in curves_of(job)]
    kept = [wire for wire in wires if matches is None or matches(wire)]
    items = [write(call.api, "TensorboardTimeSeries", wire) for wire in kept]
    return slice_page(call, "tensorboardTimeSeries", items, handled=("filter",))


SERIES_FIELDS = Fields(frozenset({"display_name"}), lambda wire, _: wire["displayName"])


def _data(call: Call, job: Job, curve: Curve, limit: int) -> dict[str, Any]:
    values = [
        {"step": str(step), "wallTime": timestamp(at), "scalar": {"value": value}}
        for step, at, value in points(call.memory, job, curve, trained_share(job, call.now))
    ]
    if 0 < limit < len(values):
        values = [values[len(values) * n // limit] for n in range(limit)]
    return {"tensorboardTimeSeriesId": _series_id(curve, job), "valueType": "SCALAR", "values": values}


def _read(call: Call) -> Answer:
    """All points, or a sample of `maxDataPoints`; 1000 if that is not given, all if it is negative."""
    job = _run_of(call)
    limit = int(call.query.get("maxDataPoints") or 1000)
    return Typed({"timeSeriesData": _data(call, job, _find_curve(job, call.ids["timeSeries"]), limit)})


def _batch_read(call: Call) -> Answer:
    _check_board(call)
    read = []
    for name in call.query.get("timeSeries", []):
        parts = with_project_number(name).removeprefix(board_name(call.parent) + "/").split("/")
        if len(parts) != 6 or parts[0::2] != ["experiments", "runs", "timeSeries"]:
            raise invalid_argument(f'Invalid time series name: "{name[:200]}".', "time_series")
        job = find_experiment(call, parts[1])
        read.append(_data(call, job, _find_curve(job, parts[5]), limit=0))
    return Raw(orjson.dumps({"timeSeriesData": read} if read else {}))


BOARDS = "tensorboards."
RUNS = "tensorboards.experiments.runs."
METHODS: dict[str, Handler] = {
    BOARDS + "get": _get_board,
    BOARDS + "list": _list_boards,
    BOARDS + "batchRead": _batch_read,
    BOARDS + "experiments.get": _get_experiment,
    BOARDS + "experiments.list": _list_experiments,
    RUNS + "get": _get_run,
    RUNS + "list": _list_runs,
    RUNS + "timeSeries.get": _get_series,
    RUNS + "timeSeries.list": _list_series,
    RUNS + "timeSeries.read": _read,
}
