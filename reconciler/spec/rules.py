"""What no single field's type can say: rules between fields, and remarks on unusual values."""

from __future__ import annotations

from typing import Any

from reconciler.core.labels import OWN
from reconciler.spec.documents import Spec
from reconciler.spec.kinds.gates import METRICS
from reconciler.spec.kinds.gemini import DISPLAY_NAME_LIMIT
from reconciler.spec.kinds.palm import AUTO
from reconciler.spec.paths import BadPath, inside
from reconciler.spec.places import VALUE
from reconciler.spec.suggest import did_you_mean
from reconciler.spec.yaml_reader import FieldPath

# "No more than 64 user labels" on a Google Cloud resource; tuneform writes some of its own.
MOST_LABELS = 64 - len(OWN)
SUGGESTED_BETA = (0.01, 0.5)


def check_rules(spec: Spec, root: str) -> None:
    """Report everything about one spec that is wrong or remarkable though each field is fine by itself."""
    if len(spec.metadata.get("labels", {})) > MOST_LABELS:
        spec.report.error("out_of_range", f"more than {MOST_LABELS} labels", ("metadata", "labels"))
    if spec.address.kind == "TunedModel":
        _check_tuned_model(spec, root)
    elif spec.address.kind == "Dataset":
        _check_path(spec, root, ("spec", "file"), spec.body["file"])
        if "bucket" not in spec.body and spec.body["format"] != "textPairs":
            spec.report.error("missing_field", "bucket is missing: the file has to be uploaded somewhere", ("spec",))
    else:
        _check_endpoint(spec)


def _check_tuned_model(spec: Spec, root: str) -> None:
    if "vertex" in spec.body:
        _check_vertex(spec, spec.body["vertex"])
    elif "gemini" in spec.body:
        _check_gemini(spec, spec.body["gemini"])
    else:
        _check_palm(spec, spec.body["palm"]["runtimeConfig"]["parameterValues"])
    gates = spec.body.get("gates", {})
    for index, gate in enumerate(gates.get("metrics", ())):
        _check_metric(spec, gate, ("spec", "gates", "metrics", str(index)))
    if "prompts" in gates:
        _check_path(spec, root, ("spec", "gates", "prompts", "file"), gates["prompts"]["file"])


def _check_vertex(spec: Spec, block: dict[str, Any]) -> None:
    method = _method(block)
    tuning = block[method]
    path: FieldPath = ("spec", "vertex", method)
    beta = tuning.get("hyperParameters", {}).get("beta")
    low, high = SUGGESTED_BETA
    if beta is not None and not low <= beta <= high:
        effect = "; with 0 the model learns nothing" if beta == 0 else ""
        where = (*path, "hyperParameters", "beta")
        spec.report.warn("unusual_value", f"Google suggests a beta of {low} to {high}{effect}", where)
    validation = tuning.get("validationDatasetUri")
    if validation is not None and validation == tuning["trainingDatasetUri"]:
        where = (*path, "validationDatasetUri")
        spec.report.warn("same_dataset", "validation on the training data says nothing about new data", where)


def _method(block: dict[str, Any]) -> str:
    return "supervisedTuningSpec" if "supervisedTuningSpec" in block else "preferenceOptimizationSpec"


def _check_gemini(spec: Spec, block: dict[str, Any]) -> None:
    if "displayName" not in block and len(spec.address.name) > DISPLAY_NAME_LIMIT:
        spec.report.error(
            "missing_field",
            f"gemini needs displayName, as metadata.name is longer than {DISPLAY_NAME_LIMIT} characters",
            ("spec", "gemini"),
        )


def _check_palm(spec: Spec, parameters: dict[str, Any]) -> None:
    path = ("spec", "palm", "runtimeConfig", "parameterValues")
    automatic = parameters.get("train_steps") == AUTO
    if automatic and "epochs" not in parameters:
        spec.report.error("missing_field", "train_steps: auto needs epochs", (*path, "train_steps"))
    elif not automatic and "epochs" in parameters:
        hint = "Say train_steps: auto, or take epochs out."
        spec.report.error("conflicting_fields", "epochs is for train_steps: auto", (*path, "epochs"), hint=hint)


def _check_metric(spec: Spec, gate: dict[str, Any], path: FieldPath) -> None:
    name = gate["name"]
    if not gate.keys() & {"max", "min", "maxRegression"}:
        spec.report.error("missing_field", f"the gate on {name} needs max, min or maxRegression", path)
    if "max" in gate and "min" in gate and gate["min"] > gate["max"]:
        spec.report.error("out_of_range", f"no value of {name} is both over min and under max", path)
    known = _metrics_of(spec)
    if not known or name in known:
        return
    of_method = METRICS[_tuning_of(spec)]
    if name in of_method:
        message, hint = f"{name} is measured on validation data, and there is none", "Give validationDatasetUri."
    else:
        message, hint = f"{name} is no metric of this kind of run", did_you_mean(name, of_method)
    spec.report.error("unknown_metric", message, (*path, "name"), hint=hint, which=VALUE)


def _tuning_of(spec: Spec) -> str:
    block = spec.body.get("vertex")
    if block is None:
        return "gemini" if "gemini" in spec.body else "palm"
    return "supervised" if "supervisedTuningSpec" in block else "preference"


def _metrics_of(spec: Spec) -> tuple[str, ...]:
    """The metrics that the run will report; none when that is not known."""
    metrics = METRICS.get(_tuning_of(spec), ())
    block = spec.body.get("vertex")
    if block is None or "validationDatasetUri" in block[_method(block)]:
        return metrics
    return tuple(name for name in metrics if not name.startswith("/eval_"))


def _check_path(spec: Spec, root: str, path: FieldPath, written: str) -> None:
    try:
        inside(root, written)
    except BadPath as error:
        spec.report.error(error.code, f"{path[-1]} {error}", path, which=VALUE)


def _check_endpoint(spec: Spec) -> None:
    traffic, path = spec.body["traffic"], ("spec", "traffic")
    total = sum(share["percent"] for share in traffic)
    if total != 100:
        hint = f"Give {100 - total} more to them." if total < 100 else f"Take {total - 100} off them."
        message = f"the percentages of traffic add up to {total}, not to 100"
        spec.report.error("out_of_range", message, path, hint=hint)
    seen: set[tuple[Any, ...]] = set()
    for index, share in enumerate(traffic):
        key = (share["model"], share.get("version"), share.get("checkpoint"))
        if key in seen:
            message = f"{share['model']} has two shares of the traffic"
            spec.report.error("conflicting_fields", message, (*path, str(index)), hint="Add them up.")
        seen.add(key)
    _check_strategy(spec, spec.body.get("strategy", {"type": "blueGreen"}))


def _check_strategy(spec: Spec, strategy: dict[str, Any]) -> None:
    steps, path = strategy.get("steps"), ("spec", "strategy")
    if strategy["type"] == "blueGreen":
        if steps is not None:
            spec.report.error("conflicting_fields", "steps are for type canary", (*path, "steps"))
    elif steps is None:
        spec.report.error("missing_field", "strategy of type canary needs steps, such as [10, 50, 100]", path)
    elif steps != sorted(set(steps)) or steps[-1] != 100:
        spec.report.error("out_of_range", "steps must rise and end in 100", (*path, "steps"), which=VALUE)
