"""A Dataset: content that is not in its bucket yet is uploaded, which is free; nothing is ever overwritten."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.amounts import counted
from reconciler.core.desired import Dataset
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.plan import Action, Change
from reconciler.planning.reasons import Code, because
from reconciler.planning.transitions.declared_fields import fields_of_dataset
from reconciler.planning.transitions.findings import Finding
from reconciler.planning.world import World


def upload(world: World, dataset: Dataset) -> Iterator[Finding]:
    """What is to be done for a declared dataset. Text pairs travel inside the request and are not uploaded."""
    if dataset.format == "textPairs":
        return
    content = world.desired.contents.get(dataset.address)
    source = dataset.sources.at("file")
    if content is None:
        reason = because(Code.DATASET_MISSING, f"{dataset.file} could not be read")
        yield Change(dataset.address, Action.HOLD, (reason,), source=source)
        return
    uri = dataset.uri(content.sha256)
    if world.sight.hides_object(uri):
        message = f"{uri} could not be looked up, so nothing is decided"
        yield Diagnostic("warning", Code.UNREADABLE.value, message, str(dataset.address), source)
        return
    stored = world.observed.objects.get(uri)
    if stored is None:
        record = world.record(dataset.address)
        if uri in world.observed.objects or record is None or uri not in record.objects:
            reason = because(Code.NOT_UPLOADED, f"{counted(content.rows, 'row')}, {content.size} bytes to {uri}")
            fields = fields_of_dataset(dataset)
            yield Change(dataset.address, Action.CREATE, (reason,), fields, targets=(uri,), source=source)
    elif stored.crc32c and stored.size != content.size:
        message = f"{uri} has {stored.size} bytes and {dataset.file} has {content.size}; nothing is overwritten"
        yield Change(dataset.address, Action.HOLD, (because(Code.OBJECT_DIFFERS, message),), source=source)
