"""Whether a finished version may serve, by the evidence that its record keeps.

`Version.evidence` holds, as far as gates are concerned:

    gates      {"digest": evaluation_fingerprint of the spec, "passed": bool, "at": RFC 3339, "results": […]}
    override   {"reason": …, "by": …, "at": RFC 3339}: a person's decision, which wins

`results` are judgements of single gates: {"gate", "passed", "detail", "value", "bound"}.
Evidence counts only for what it was taken for: when the gates or the validation data change, they are judged again.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from reconciler.core.address import Address
from reconciler.core.desired import DatasetContent, TunedModel
from reconciler.core.state import Version
from reconciler.spec.fingerprint import evaluation_fingerprint


class Verdict(StrEnum):
    """What the evidence says."""

    PASSED = "passed"
    FAILED = "failed"
    PENDING = "pending"


def verdict(version: Version, model: TunedModel, contents: Mapping[Address, DatasetContent]) -> Verdict:
    """Passed when there are no gates, or they were passed, or a person has overridden them."""
    if not model.gates or is_overridden(version):
        return Verdict.PASSED
    evidence = version.evidence.get("gates")
    if not isinstance(evidence, Mapping) or evidence.get("digest") != evaluation_fingerprint(model, contents):
        return Verdict.PENDING
    return Verdict.PASSED if evidence.get("passed") is True else Verdict.FAILED


def gates_passed(version: Version, model: TunedModel, contents: Mapping[Address, DatasetContent]) -> bool:
    """Whether nothing in the gates keeps a version from serving."""
    return verdict(version, model, contents) is Verdict.PASSED


def failure_in_words(address: Address, version: Version) -> str:
    """Which gates a version did not pass, and what a person can do."""
    evidence = version.evidence.get("gates")
    results = evidence.get("results") if isinstance(evidence, Mapping) else None
    failed = [
        str(result.get("detail"))
        for result in (results if isinstance(results, list | tuple) else ())
        if isinstance(result, Mapping) and result.get("passed") is not True
    ]
    return (
        f"v{version.number} did not pass its gates{': ' if failed else ''}{'; '.join(failed)}; what serves is left as "
        f"it is. To let it serve all the same: "
        f'`tuneform gates override {address} --version {version.number} --reason "…"`'
    )


def is_overridden(version: Version) -> bool:
    """Whether a person decided, with a reason, that a version may serve."""
    override = version.evidence.get("override")
    return isinstance(override, Mapping) and bool(override.get("reason"))
