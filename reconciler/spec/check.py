"""Checking one document against its kind: groups first, then types, and everything is reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from reconciler.spec.explain import explain
from reconciler.spec.kinds.base import Block
from reconciler.spec.reporter import Reporter
from reconciler.spec.shape import check_groups, shape_of
from reconciler.spec.yaml_reader import FieldPath


def complete(_path: FieldPath) -> bool:
    """No part of the document may lack anything."""
    return False


def check(model: type[Block], value: Any, report: Reporter) -> dict[str, Any] | None:
    """The canonical form of a value that has its stored names: declared fields only, types settled.

    None, with findings, when anything is wrong.
    """
    before = report.errors
    check_groups(shape_of(model), value, (), report, complete)
    try:
        checked = model.model_validate(value).model_dump(by_alias=True, exclude_unset=True)
    except ValidationError as error:
        _report(error, report, complete)
        return None
    return checked if report.errors == before else None


def check_incomplete(model: type[Block], value: Any, report: Reporter, may_lack: Callable[[FieldPath], bool]) -> None:
    """Report what is wrong with a value of which the parts that `may_lack` names are filled in later."""
    check_groups(shape_of(model), value, (), report, may_lack)
    try:
        model.model_validate(value)
    except ValidationError as error:
        _report(error, report, may_lack)


def _report(error: ValidationError, report: Reporter, may_lack: Callable[[FieldPath], bool]) -> None:
    for found in error.errors(include_url=False):
        explained = explain(found)
        lacking = (*explained.path, explained.lacks)
        expected = explained.code == "missing_field" and (may_lack(explained.path) or report.is_blamed(lacking))
        if not expected:
            report.error(explained.code, explained.message, explained.path, hint=explained.hint, which=explained.which)
