"""The URLs of the Gemini API. Operations of tuned models are read and cancelled on v1 only."""

from __future__ import annotations

import re

from reconciler.cloud import hosts
from reconciler.errors import CloudError

MODELS = "tunedModels"
_MODEL = re.compile(r"tunedModels/[a-z0-9-]{1,63}")
_OPERATION = re.compile(rf"({_MODEL.pattern})/operations/[A-Za-z0-9_-]{{1,128}}")
_PERMISSION = re.compile(rf"{_MODEL.pattern}/permissions/[A-Za-z0-9_-]{{1,128}}")


def collection(name: str) -> str:
    """The URL of `tunedModels` or `models`."""
    return f"{hosts.generativelanguage()}/v1beta/{name}"


def model(name: str, method: str = "") -> str:
    """The URL of a tuned model, or of one of its methods. Raises CloudError for what is no tuned model's name."""
    suffix = f":{method}" if method else ""
    return f"{hosts.generativelanguage()}/v1beta/{_checked(_MODEL, name, 'a tuned model')}{suffix}"


def operations(name: str) -> str:
    """The URL of a tuned model's operations."""
    return f"{hosts.generativelanguage()}/v1/{_checked(_MODEL, name, 'a tuned model')}/operations"


def operation(name: str, method: str = "") -> str:
    """The URL of an operation of a tuned model. Raises CloudError for what is no such operation's name."""
    suffix = f":{method}" if method else ""
    return f"{hosts.generativelanguage()}/v1/{_checked(_OPERATION, name, 'an operation of a tuned model')}{suffix}"


def model_of(operation_name: str) -> str:
    """The tuned model that an operation makes; empty when it is no such operation's name."""
    match = _OPERATION.fullmatch(operation_name)
    return match[1] if match else ""


def permissions(name: str) -> str:
    """The URL of a tuned model's permissions."""
    return f"{model(name)}/permissions"


def permission(name: str) -> str:
    """The URL of one permission. Raises CloudError for what is no permission's name."""
    return f"{hosts.generativelanguage()}/v1beta/{_checked(_PERMISSION, name, 'a permission')}"


def _checked(pattern: re.Pattern[str], name: str, what: str) -> str:
    if pattern.fullmatch(name) is None:
        raise CloudError(f"{name[:200]!r} is not the name of {what} of the Gemini API")
    return name
