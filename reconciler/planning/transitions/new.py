"""Nothing there fits the spec: take over what belongs to it, or buy a version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.core.address import Address, is_address
from reconciler.core.desired import TunedModel
from reconciler.core.labels import SPEC, names_spec
from reconciler.core.observed import Run, StoredObject
from reconciler.core.plan import Action, Change, FieldChange
from reconciler.core.state import Record, Version, VersionStatus
from reconciler.planning.blocks import PARENT_CHECKPOINT, PARENT_PATHS, first_at, training_source, value_at
from reconciler.planning.compare import changes_from_run
from reconciler.planning.liveness import left_a_model
from reconciler.planning.reasons import Code
from reconciler.planning.rebase import as_rebase
from reconciler.planning.transitions.checkpoints import no_such_checkpoint
from reconciler.planning.transitions.declared_fields import fields_of_model
from reconciler.planning.transitions.findings import Finding, change
from reconciler.planning.transitions.lookalikes import lookalikes
from reconciler.planning.world import World
from reconciler.spec.fingerprint import training_fingerprint

_NOT_LOOKED_FOR = StoredObject("", "", "", 0)


def buy(
    world: World,
    model: TunedModel,
    code: Code,
    message: str,
    *,
    fields: tuple[FieldChange, ...] = (),
    again: Version | None = None,
) -> Iterator[Finding]:
    """A new version, or another attempt at `again`; but first whatever must be there, and what is there already."""
    if obstacle := missing(world, model):
        yield obstacle
        return
    record = world.record(model.address)
    number = again.number if again else next_number(record)
    if taken := adopt_before_buying(world, model, record, number):
        yield taken
        return
    if record is None or not record.versions:
        yield from lookalikes(world, model)
    action = Action.RETUNE if _replaces_something(record, number) else Action.CREATE
    made = change(model, action, code, f"v{number}: {message}", version=number, fields=fields)
    if action is Action.CREATE:
        made = replace(made, fields=fields_of_model(model, world.desired.contents, fields))
    yield as_rebase(world, model, record, made)


def next_number(record: Record | None) -> int:
    """The number of the version that would be bought now."""
    return max((v.number for v in record.versions), default=0) + 1 if record else 1


def missing(world: World, model: TunedModel) -> Change | None:
    """Why nothing can be tuned yet: a parent without a version that serves, or data that is not there."""
    for address in model.depends_on:
        if address in world.desired.models and not _serves(world.record(address)):
            message = f"waits for {address} to have a version that serves"
            return change(model, Action.WAIT, Code.DEPENDENCY, message)
    if bar := _unknown_checkpoint(world, model):
        return bar
    uri = training_source(model)
    if not isinstance(uri, str) or world.observed.objects.get(uri, _NOT_LOOKED_FOR) is not None:
        return None
    message = f"{uri} does not exist; nothing is paid for before it does"
    return None if world.sight.hides_object(uri) else change(model, Action.HOLD, Code.DATASET_MISSING, message)


def _unknown_checkpoint(world: World, model: TunedModel) -> Change | None:
    """A hold when the parent's version is known not to have the checkpoint that is to be gone on from."""
    parent, wanted = first_at(model.body, PARENT_PATHS), value_at(model.body, PARENT_CHECKPOINT)
    record = world.record(Address.parse(parent)) if wanted and is_address(parent) else None
    version = record.serving if record is not None else None
    # Without the run's own words nobody knows which checkpoints there are.
    if version is None or not version.resolved or any(c.id == wanted for c in version.checkpoints):
        return None
    message = no_such_checkpoint(Address.parse(parent), version, str(wanted))
    return change(
        model, Action.HOLD, Code.UNKNOWN_CHECKPOINT, message, at=f"{model.backend}.{'.'.join(PARENT_CHECKPOINT)}"
    )


def _serves(record: Record | None) -> bool:
    return record is not None and record.serving is not None and bool(record.serving.model)


def adopt_before_buying(world: World, model: TunedModel, record: Record | None, number: int) -> Change | None:
    """A run that our labels claim and no record knows: it is proposed, never taken silently, never bought again."""
    strays = [r for r in world.strays_of(model.address) if r.state.is_active or left_a_model(world, r)]
    wanted = training_fingerprint(model, world.desired.contents)
    same = [r for r in strays if names_spec(r.labels.get(SPEC, ""), wanted)]
    if len(same) > 1:
        names = ", ".join(r.name for r in same)
        return change(model, Action.HOLD, Code.AMBIGUOUS, f"{len(same)} runs carry this spec's labels: {names}")
    if same:
        return _adopt_same(world, model, same[0], number)
    if strays and (record is None or not record.versions):
        run = strays[-1]
        message = f"v{number}: {run.name} carries this address's labels and the state does not know it"
        return change(model, Action.ADOPT, Code.STATE_REBUILT, message, version=number, targets=(run.name,))
    return None


def _adopt_same(world: World, model: TunedModel, run: Run, number: int) -> Change:
    """Labels can be forged, so what the run was given is compared before it is proposed."""
    differing = changes_from_run(world, model, run)
    if differing:
        paths = ", ".join(f.path for f in differing)
        message = f"{run.name} carries this spec's labels but differs in {paths}"
        return change(
            model, Action.HOLD, Code.LABEL_MISMATCH, message, version=number, targets=(run.name,), fields=differing
        )
    message = f"v{number}: {run.name} was made from this very spec and is in no record"
    return change(model, Action.ADOPT, Code.LABELLED_RUN_FOUND, message, version=number, targets=(run.name,))


def _replaces_something(record: Record | None, number: int) -> bool:
    """Whether an earlier version came to something that the new one is to take over from."""
    if record is None:
        return False
    return any(v.model and v.status is not VersionStatus.DELETED for v in record.versions if v.number != number)
