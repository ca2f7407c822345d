"""The rules for resource labels (goo.gl/xmQnxf, and the `labels` fields of the discovery document)."""

from collections.abc import Mapping

from reconciler.emulator.google_errors import invalid_argument

MAX_LABELS = 64
MAX_LENGTH = 64


def check_labels(labels: Mapping[str, str], field: str) -> None:
    """Raises ApiError (400) for too many labels, or for one that is too long or has a character that is not allowed.

    `field` is the labels' path in snake_case.
    """
    if len(labels) > MAX_LABELS:
        raise invalid_argument(f"There may be at most {MAX_LABELS} labels, not {len(labels)}.", field)
    for key, value in labels.items():
        if not key or not _allowed(key):
            raise invalid_argument(f'Label key "{key[:80]}" is not valid: {RULE}', field)
        if not _allowed(value):
            raise invalid_argument(f'Value "{value[:80]}" of label "{key}" is not valid: {RULE}', field)


RULE = (
    f"at most {MAX_LENGTH} characters, each a lowercase letter, a digit, an underscore or a dash "
    "(international characters are allowed)."
)


def _allowed(text: str) -> bool:
    return len(text) <= MAX_LENGTH and all(c in "_-" or (c.isalnum() and c == c.lower()) for c in text)
