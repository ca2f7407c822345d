"""tuningJobs.rebaseTunedModel: tune again what was tuned before, on another base model.

The answer is an operation. The new job begins when that is done, and nothing names it before: its metadata tells no
more than when it was made. What the request's `tuningJob` does not say is taken from the job that made the model;
labels are the new job's own. Which base model Google chooses where none is named is not documented: here it is the
newest one.

By the discovery document a rebase makes a new endpoint unless `deployToSameEndpoint` is set; then the new model takes
the place of the original on its endpoint when the job has succeeded.
"""

from typing import Any

from reconciler.emulator.aiplatform.base_models import BASE_MODELS
from reconciler.emulator.aiplatform.call import Answer, Call, Handler
from reconciler.emulator.aiplatform.jobs import add_job
from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.names import parse_name
from reconciler.emulator.aiplatform.operations import Effect, start
from reconciler.emulator.aiplatform.records import Job, Operation
from reconciler.emulator.aiplatform.tuning_rules import SPECS, check_create, exactly_one
from reconciler.emulator.google_errors import failed_precondition, invalid_argument, not_found

REFERENCES = ("tunedModel", "tuningJob", "pipelineJob")
# What a new job takes over from the one that made the model; a pre-tuned model gives way to the new base model.
TAKEN_OVER = (*SPECS, "tunedModelDisplayName", "description", "encryptionSpec", "serviceAccount")
PATH = "tuning_job.base_model"


def _rebase(call: Call) -> Answer:
    """Everything that can be refused is refused here, so that the operation fails for want of quota alone."""
    source = _source(call)
    body = _merged(source, call.body.get("tuningJob", {}))
    if body["baseModel"] == source.base_model:
        raise invalid_argument(f"The tuned model is based on {source.base_model} already.", PATH)
    accepted = check_create(call.memory, call.parent, body)
    endpoint = ""
    if call.body.get("deployToSameEndpoint"):
        endpoint = source.wire["tunedModel"].get("endpoint", "")
        landing = call.parent.at(accepted.base_model.landing(call.parent.location))
        if not endpoint or parse_name(endpoint, "endpoints", "endpoint").parent != landing:
            raise failed_precondition("The new model cannot be deployed to the endpoint of the original model.")
    target = {"body": body, "endpoint": endpoint}
    return start(call, "", "rebase", target, "TuningJob", "RebaseTunedModelOperationMetadata")


def _source(call: Call) -> Job:
    """The job that made the model that is to be rebased. Raises ApiError (400, 404)."""
    reference = call.body.get("tunedModelRef", {})
    kind = exactly_one(reference, REFERENCES, "tuned_model_ref", "tuned_model_ref")
    if kind == "pipelineJob":
        raise not_found("PipelineJob", reference[kind])
    if kind == "tuningJob":
        name = parse_name(reference[kind], "tuningJobs", "tuned_model_ref.tuning_job")
        job = call.memory.job(name.parent, name.id)
    else:
        name = parse_name(reference[kind], "models", "tuned_model_ref.tuned_model")
        made_by = call.memory.maker(call.memory.model_version(name.parent, name.id, name.version))
        if made_by is None:
            raise failed_precondition(f'The Model "{reference[kind]}" was not made by a tuning job.')
        job = made_by
    if name.parent.project != call.parent.project:
        raise invalid_argument("The tuned model must be in the same project.", f"tuned_model_ref.{kind}")
    if job.state != "JOB_STATE_SUCCEEDED":
        raise failed_precondition(f'The TuningJob "{job.wire["name"]}" is in state {job.state} and made no model.')
    return job


def _merged(source: Job, given: dict[str, Any]) -> dict[str, Any]:
    """The new job: what is given, and for the rest what the source was given."""
    kept = {name: source.wire[name] for name in TAKEN_OVER if name in source.wire and name not in given}
    body = kept | given
    name = source.spec_name
    if name in given:
        before, now = source.spec, given[name]
        parameters = before["hyperParameters"] | now.get("hyperParameters", {})
        body[name] = before | now | {"hyperParameters": parameters}
    elif any(other in given for other in SPECS):
        body.pop(name)
    body.setdefault("baseModel", next(iter(BASE_MODELS)))
    return body


def _begin(memory: Memory, operation: Operation, at: float) -> dict[str, Any]:
    accepted = check_create(memory, operation.parent, operation.target["body"])
    job = add_job(memory, operation.parent, accepted, at)
    job.replaces_on = operation.target["endpoint"]
    return dict(job.wire)


METHODS: dict[str, Handler] = {"tuningJobs.rebaseTunedModel": _rebase}
EFFECTS: dict[str, Effect] = {"rebase": _begin}
