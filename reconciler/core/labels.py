"""The labels tuneform writes on every paid resource, and what Google accepts as a label.

Source for the syntax: TuningJob.labels in the aiplatform v1 discovery document (at most 64 characters, lowercase
letters, digits, `_`, `-`). Values here stay within 63.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from reconciler.core.address import Address
from reconciler.core.canonical import short

PROJECT = "tuneform-project"
ADDRESS = "tuneform-address"
SPEC = "tuneform-spec"
ATTEMPT = "tuneform-attempt"
OWN = frozenset({PROJECT, ADDRESS, SPEC, ATTEMPT})
# Kept for what a later version may write.
OWN_PREFIX = "tuneform-"
SERVER_PREFIX = "google-"
SERVER_KEYS = frozenset({"tune-type"})

KEY_PATTERN = re.compile(r"[a-z][a-z0-9_-]{0,62}")
VALUE_PATTERN = re.compile(r"[a-z0-9_-]{0,63}")


def address_label(address: Address) -> str:
    """An address as a label value: `tunedmodel_support-triage`; too long ones end in a digest."""
    text = f"{address.kind.lower()}_{address.name}"
    if len(text) <= 63:
        return text
    return f"{text[:50]}_{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def own_labels(project: str, address: Address, fingerprint: str, attempt: str) -> dict[str, str]:
    """The four labels of one paid create."""
    return {
        PROJECT: project,
        ADDRESS: address_label(address),
        SPEC: short(fingerprint, 40),
        ATTEMPT: attempt,
    }


def names_spec(label: str, fingerprint: str) -> bool:
    """Whether a spec label is of that fingerprint; ids that stand for labels hold its first ten digits only."""
    return len(label) >= 10 and short(fingerprint, 40).startswith(label)


def is_servers(key: str) -> bool:
    """Whether only Google writes a label of that key."""
    return key in SERVER_KEYS or key.startswith(SERVER_PREFIX)


def is_reserved(key: str) -> bool:
    """Whether tuneform or Google writes the label of that key, and no person."""
    return key in OWN or is_servers(key)


def user_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """What is left of a resource's labels when ours and the server's own are taken away."""
    return {k: v for k, v in labels.items() if not is_reserved(k)}
