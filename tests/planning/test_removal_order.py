"""What was tuned from another model goes before that one, also where both are versions of one model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.core.state import Record, VersionStatus
from reconciler.planning.graph import removal_order
from tests.planning.build import model, model_name, record, supervised, version


def tuned_on(name: str, body: dict[str, Any], made: str) -> Record:
    spec = model(name, body)
    return record(spec, replace(version(spec, 1, VersionStatus.READY), model=made), current=1)


@pytest.mark.parametrize("parent", ["TunedModel/a", model_name(7)], ids=["by address", "by name"])
@pytest.mark.parametrize("shared", [True, False], ids=["one model", "two models"])
def test_a_child_goes_before_its_parent(parent: str, shared: bool) -> None:
    body = {"preTunedModel": {"tunedModelName": parent}, **supervised()}
    del body["baseModel"]
    made = model_name(7).replace("@1", "@2") if shared else model_name(8)
    records = [tuned_on("a", supervised(), model_name(7)), tuned_on("b", body, made)]
    assert [str(a) for a in removal_order(records)] == ["TunedModel/b", "TunedModel/a"]
